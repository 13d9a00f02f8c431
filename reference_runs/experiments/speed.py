"""Speed of training steps in two modes, paired round by round.

Settings of a claim: `mode` (compared with fp32), `statistic` ("slowdown" or "speedup"), and of its job `model`,
`batch_size`, `sequence_length`, `rounds`, `warm_up`. Claims with the same settings share one job with all modes.
"""

from __future__ import annotations

from collections.abc import Mapping

from reference_runs.records import Claim, Finding, Hardware, Job, NotTestable, Result
from reference_runs.timing import paired_ratio
from scanner.records import Figure

_OF_THE_JOB = ("model", "batch_size", "sequence_length", "rounds", "warm_up")


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """One job with every mode that this hardware has; it runs alone."""
    modes = ["fp32", "checkpointing"]
    if at_hand.gpu or at_hand.bf16_unit:
        modes.append("bf16")
    if at_hand.gpu:
        modes.append("tf32")
    if claim.settings["mode"] not in modes:
        raise NotTestable("no_bf16_unit")
    settings = {key: claim.settings[key] for key in _OF_THE_JOB} | {"modes": modes}
    return {"timing": Job("timing", settings, limit_s=400.0, expected_s=30.0, alone=True)}


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """Judged is the time that the process (on a GPU: the GPU) was busy; other programs do not add to it."""
    busy, wall, mode = results["timing"]["busy_s"], results["timing"]["wall_s"], claim.settings["mode"]
    ratio, by_the_clock = paired_ratio(busy["fp32"], busy[mode]), paired_ratio(wall["fp32"], wall[mode])
    n_rounds = len(busy[mode])
    if claim.settings["statistic"] == "slowdown":
        first = Figure("slowdown", 1 - ratio.value, 1 - ratio.high, 1 - ratio.low, n_rounds)
    else:
        first = Figure("speedup", ratio.value, ratio.low, ratio.high, n_rounds)
    figures = [first, Figure("throughput_ratio_by_the_clock", by_the_clock.value, by_the_clock.low, by_the_clock.high)]
    if "tf32" in busy:
        over = paired_ratio(busy["tf32"], busy[mode])
        figures.append(Figure("throughput_ratio_to_tf32", over.value, over.low, over.high, n_rounds))
    return Finding(
        basis="measured",
        figures=tuple(figures),
        scope={
            "model": str(claim.settings["model"]),
            "parameters": results["timing"]["n_parameters"],
            "batch_size": claim.settings["batch_size"],
            "sequence_length": claim.settings["sequence_length"],
            "compared": f"{mode} with fp32 at the same batch size",
            "steps": "forward and backward",
            "device": at_hand.gpu or "cpu, one core",
        },
    )
