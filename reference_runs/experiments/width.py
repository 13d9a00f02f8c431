"""How the best learning rate moves with the width of a model: the slope of its logarithm over that of the width.

[settings]
widths = [32, 64, 128]
rates = [5e-4, 1.5e-3, 5e-3, 1.5e-2, 5e-2]
seeds = [1, 2, 3]
steps = 250
batch_size = 8
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import linear_regression, mean

from reference_runs.experiments import _trainings
from reference_runs.recipe import Recipe
from reference_runs.records import Claim, Finding, Hardware, Job, Result
from scanner.records import Figure

LENGTH = 64


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """Trainings from random weights: each width at each rate with each seed."""
    settings = claim.settings
    return {
        _name(width, rate, seed): Recipe(
            "quick",
            settings["steps"],
            rate,
            seed,
            settings["batch_size"],
            sequence_length=LENGTH,
            width=width,
            weight_decay=0.01,
        ).job()
        for width in settings["widths"]
        for rate in settings["rates"]
        for seed in settings["seeds"]
    }


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """The slope, seed by seed, then the best rate of each width."""
    settings = claim.settings
    widths: Sequence[int] = settings["widths"]
    best: dict[int, list[float]] = {
        width: [
            lowest({rate: _trainings.loss(results[_name(width, rate, seed)]) for rate in settings["rates"]})
            for seed in settings["seeds"]
        ]
        for width in widths
    }
    logs = [math.log(width) for width in widths]
    slopes = [
        linear_regression(logs, [math.log(best[width][i]) for width in widths]).slope
        for i in range(len(settings["seeds"]))
    ]
    rates = [Figure(f"best_learning_rate_{width}", math.exp(mean(map(math.log, best[width])))) for width in widths]
    scope = {
        "width": ", ".join(map(str, widths)),
        "steps": settings["steps"],
        "batch_size": settings["batch_size"],
        "sequence_length": LENGTH,
        "seeds": len(settings["seeds"]),
        "learning_rate": ", ".join(f"{rate:g}" for rate in settings["rates"]),
        "precision": "fp32",
        "device": "cpu",
    }
    return Finding("measured", (_trainings.estimate("slope", slopes), *rates), scope=scope)


def lowest(curve: Mapping[float, float]) -> float:
    """The rate at the bottom of the parabola through the best tried rate and its neighbours, in logarithms."""
    rates = sorted(curve)
    at = min(range(len(rates)), key=lambda i: curve[rates[i]])
    if at in (0, len(rates) - 1) or not all(math.isfinite(curve[rates[i]]) for i in (at - 1, at + 1)):
        return rates[at]
    (x0, y0), (x1, y1), (x2, y2) = ((math.log(rates[i]), curve[rates[i]]) for i in (at - 1, at, at + 1))
    rise, fall = (y2 - y1) / (x2 - x1), (y1 - y0) / (x1 - x0)
    bend = (rise - fall) / (x2 - x0)
    return math.exp((x0 + x1) / 2 - fall / (2 * bend))


def _name(width: int, rate: float, seed: int) -> str:
    return _trainings.job_name(f"width {width}", rate, seed)
