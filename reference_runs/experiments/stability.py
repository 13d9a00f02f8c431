"""Whether trainings at the stated learning rate explode, or their loss jumps.

[settings]
asks = "explosions"       # explosions | spikes
rise = 0.5                # nats above the start, or above the steps before, that count
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import mean, median

from reference_runs.experiments import _trainings
from reference_runs.records import Claim, Finding, Hardware, Job, Result
from scanner.records import Figure

WINDOW = 10
"""Steps before a step that its loss is compared with."""


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """Each variant at the stated rate."""
    return _trainings.training_jobs(_at_stated_rate(claim))


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """The share of trainings that explode, or the number of spikes of all of them; then each variant's own."""
    count = _explosions if claim.settings["asks"] == "explosions" else _spikes
    rise = claim.settings["rise"]
    start = results[_trainings.BASE]["loss"]["speeches"]
    found = {
        variant: [
            count(results[_trainings.job_name(variant, claim.quantity["learning_rate"], seed)], start, rise)
            for seed in claim.settings["seeds"]
        ]
        for variant in claim.settings["variants"]
    }
    every = [each for counts in found.values() for each in counts]
    if claim.settings["asks"] == "explosions":
        parts = [Figure(f"share_{variant}", mean(counts), n=len(counts)) for variant, counts in found.items()]
        figures = (Figure("share", mean(every), n=len(every)), *parts)
    else:
        figures = (Figure("spikes", sum(every), n=len(every)),)
    scope = {**_trainings.scope(claim, results), "precision": ", ".join(_precisions(claim))}
    return Finding("measured", figures, scope=scope)


def _at_stated_rate(claim: Claim) -> Claim:
    rate = claim.quantity["learning_rate"]
    variants = {name: {**variant, "rates": [rate]} for name, variant in claim.settings["variants"].items()}
    return replace(claim, settings={**claim.settings, "variants": variants})


def _precisions(claim: Claim) -> list[str]:
    return list(dict.fromkeys(variant.get("precision", "fp32") for variant in claim.settings["variants"].values()))


def _explosions(result: Result, start: float, rise: float) -> int:
    """1 when the loss became no number, or ended above where it began."""
    ended = _trainings.loss(result)
    return int(result["first_nan"] is not None or ended > start + rise)


def _spikes(result: Result, start: float, rise: float) -> int:
    """Steps whose loss is no number, or lies above the median of those before it."""
    values: Sequence[float | None] = result["train_losses"]
    jumps = 0
    for step in range(1, len(values)):
        before = [value for value in values[max(0, step - WINDOW) : step] if value is not None]
        value = values[step]
        jumps += value is None or (bool(before) and value > median(before) + rise)
    return jumps
