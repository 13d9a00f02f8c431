"""How fast a CPU trains, and how much faster a GPU does.

Settings of a claim: `statistic` ("hours_per_epoch" or "gpu_over_cpu"), of its jobs `model`, `batch_size`,
`sequence_length`, `rounds`, `warm_up`, `layers`; for hours `samples` and `tokens_per_sample`.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from reference_runs.records import Claim, Finding, Hardware, Job, NotTestable, Result
from reference_runs.timing import median_of
from scanner.records import Figure, Scalar

_OF_THE_JOB = ("model", "batch_size", "sequence_length", "rounds", "warm_up", "layers")


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """One core for the hours; for the comparison all cores, and the GPU in fp32 and in bf16. Each runs alone."""
    if claim.settings["statistic"] == "hours_per_epoch":
        return {"cpu": _job(claim, device="cpu", threads=1, precision="fp32")}
    if not at_hand.gpu:
        raise NotTestable("no_gpu")
    return {
        "cpu": _job(claim, device="cpu", threads=at_hand.n_cores, precision="fp32"),
        "gpu": _job(claim, device="cuda", threads=1, precision="fp32"),
        "gpu_bf16": _job(claim, device="cuda", threads=1, precision="bf16"),
    }


def _job(claim: Claim, **settings: Scalar) -> Job:
    of_the_claim = {key: claim.settings[key] for key in _OF_THE_JOB}
    return Job("throughput", of_the_claim | settings, limit_s=400.0, expected_s=25.0, alone=True)


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """Hours of an epoch, or CPU over GPU at the same batch by the clock."""
    figures = _hours(claim, results, at_hand) if claim.settings["statistic"] == "hours_per_epoch" else _ratios(results)
    return Finding(
        basis="measured",
        figures=figures,
        scope={
            "model": str(claim.settings["model"]),
            "parameters": results["cpu"]["n_parameters"],
            "batch_size": claim.settings["batch_size"],
            "sequence_length": claim.settings["sequence_length"],
            "n_cores": at_hand.n_cores,
            "steps": "forward and backward",
            "layers": "all"
            if not claim.settings["layers"]
            else "line through {} and {} layers".format(*claim.settings["layers"]),
            **{key: claim.settings[key] for key in ("samples", "tokens_per_sample") if key in claim.settings},
        },
    )


def _hours(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> tuple[Figure, ...]:
    """The least hours: the computing time of one core, shared by all cores as if nothing were lost in sharing it."""
    cpu = results["cpu"]
    steps = claim.settings["samples"] * claim.settings["tokens_per_sample"] / cpu["tokens"]
    step_s = [busy_s / at_hand.n_cores for busy_s in cpu["busy_s"]]
    hours = median_of([each * steps / 3600 for each in step_s])
    return (
        Figure("hours", hours.value, hours.low, hours.high, len(step_s)),
        Figure("tokens_per_s", cpu["tokens"] / median(step_s)),
    )


def _ratios(results: Mapping[str, Result]) -> tuple[Figure, ...]:
    cpu = results["cpu"]["step_s"]
    figures = []
    for name, gpu in (("speedup", results["gpu"]["step_s"]), ("speedup_bf16", results["gpu_bf16"]["step_s"])):
        slow, fast = median_of(cpu), median_of(gpu)
        figures.append(Figure(name, slow.value / fast.value, slow.low / fast.high, slow.high / fast.low, len(gpu)))
    return tuple(figures)
