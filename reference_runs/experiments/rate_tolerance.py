"""How wide the band of learning rates is in which a training ends near its best, as a ratio of two optimizers' bands.

[settings]
near = 0.1                # nats above the best that still count
own = "adamw"             # the ratio's numerator; `other` is its denominator
other = "sgd_momentum"
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

from reference_runs.experiments import _trainings
from reference_runs.records import Claim, Finding, Hardware, Job, Result


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """The grids of both."""
    return _trainings.training_jobs(claim)


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """The ratio of the bands' widths, then both widths in powers of ten."""
    own, other = (_widths(claim, results, claim.settings[side]) for side in ("own", "other"))
    ratios = [mine / theirs if theirs else math.inf for mine, theirs in zip(own, other, strict=True)]
    figures = (
        _trainings.estimate("ratio", ratios),
        _trainings.estimate(f"decades_{claim.settings['own']}", own),
        _trainings.estimate(f"decades_{claim.settings['other']}", other),
    )
    return Finding("measured", figures, scope=_trainings.scope(claim, results))


def _widths(claim: Claim, results: Mapping[str, Result], variant: str) -> list[float]:
    by_rate = _trainings.losses(claim, results, variant)
    near = float(claim.settings["near"])
    return [
        width({rate: values[i] for rate, values in by_rate.items()}, near) for i in range(len(claim.settings["seeds"]))
    ]


def width(curve: Mapping[float, float], near: float) -> float:
    """Powers of ten of the rate over which the loss is within `near` of the lowest, lines drawn between tried rates."""
    limit = min(curve.values()) + near
    points = sorted((math.log10(rate), value) for rate, value in curve.items())
    return sum(_part(left, right, limit) for left, right in pairwise(points))


def _part(left: tuple[float, float], right: tuple[float, float], limit: float) -> float:
    (x0, y0), (x1, y1) = left, right
    low, high = min(y0, y1), max(y0, y1)
    if high <= limit:
        return x1 - x0
    return 0.0 if low > limit else (x1 - x0) * (limit - low) / (high - low) if math.isfinite(high) else 0.0
