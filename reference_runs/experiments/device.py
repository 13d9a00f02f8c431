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
    """The CPU with all its cores, and for the comparison the GPU in fp32 and in bf16; each runs alone."""
    if claim.settings["statistic"] == "hours_per_epoch":
        return {"cpu": _job(claim, device="cpu", threads=at_hand.n_cores, precision="fp32")}
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
    """Times by the clock: hours of an epoch, or CPU over GPU at the same batch."""
    figures = _hours(claim, results) if claim.settings["statistic"] == "hours_per_epoch" else _ratios(results)
    return Finding(
        basis="measured",
        figures=figures,
        scope={
            "model": str(claim.settings["model"]),
            "parameters": results["cpu"]["n_parameters"],
            "batch_size": claim.settings["batch_size"],
            "sequence_length": claim.settings["sequence_length"],
            "threads": at_hand.n_cores,
            "steps": "forward and backward",
            "layers": "all"
            if not claim.settings["layers"]
            else "line through {} and {} layers".format(*claim.settings["layers"]),
            **{key: claim.settings[key] for key in ("samples", "tokens_per_sample") if key in claim.settings},
        },
    )


def _hours(claim: Claim, results: Mapping[str, Result]) -> tuple[Figure, ...]:
    tokens = results["cpu"]["tokens"]
    steps = claim.settings["samples"] * claim.settings["tokens_per_sample"] / tokens
    hours = median_of([step_s * steps / 3600 for step_s in results["cpu"]["step_s"]])
    return (
        Figure("hours", hours.value, hours.low, hours.high, len(results["cpu"]["step_s"])),
        Figure("tokens_per_s", tokens / median(results["cpu"]["step_s"])),
    )


def _ratios(results: Mapping[str, Result]) -> tuple[Figure, ...]:
    cpu = results["cpu"]["step_s"]
    figures = []
    for name, gpu in (("speedup", results["gpu"]["step_s"]), ("speedup_bf16", results["gpu_bf16"]["step_s"])):
        slow, fast = median_of(cpu), median_of(gpu)
        figures.append(Figure(name, slow.value / fast.value, slow.low / fast.high, slow.high / fast.low, len(gpu)))
    return tuple(figures)
