"""Curves for the page: the few that tell most, each in a bounded number of points.

A curve is thinned so that its shape stays: of each stretch the lowest and the highest point are kept, and where it is
not finite a gap. Points are written as four characters, two for x and two for y, each pair a number below 4096 between
the curve's ends; that is finer than a screen. The exact first, last, lowest and highest values stand beside.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from scanner.records import Locator, Run, Series
from scanner.report.escape import visible

MOST_POINTS, LEAST_POINTS = 200, 24
MAX_CURVES = 5
FIRST = ("train_loss", "eval_loss")
"""Shown for every run; the headline metric and the learning rate follow."""

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
PAIRS = tuple(first + second for first in DIGITS for second in DIGITS)
GAP = "!!"
LOG_RANGE = 1000.0
"""A curve whose highest value is so many times its lowest is drawn on a logarithmic scale."""


def main_curves(run: Run) -> list[Series]:
    """Losses, headline metric, learning rate: of each the curve with the most points, the first of equals."""
    longest: dict[str, Series] = {}
    for series in run.series:
        if len(series) > 1 and not series.metric.startswith("counter:"):
            known = longest.get(series.metric)
            if known is None or len(series) > len(known):
                longest[series.metric] = series
    best = run.values.get("best_metric_name")
    wanted = [*FIRST, *([str(best.value)] if best is not None else []), "eval_accuracy", "learning_rate"]
    found = [longest[name] for name in dict.fromkeys(wanted) if name in longest]
    return found[:MAX_CURVES] or list(longest.values())[:1]


def n_others(run: Run, shown: Sequence[Series]) -> int:
    """How many curves the page leaves out."""
    return sum(len(s) > 1 and not s.metric.startswith("counter:") for s in run.series) - len(shown)


def curve(series: Series, n_points: int, place: Callable[[Locator], int]) -> dict[str, Any]:
    """The curve's record; `place` numbers a place."""
    import numpy as np  # a large import, which a page without curves does without

    unit, xs = _axis(series)
    values = np.array(series.values)
    finite = values[np.isfinite(values)]
    made: dict[str, Any] = {
        "metric": visible(series.metric),
        "written": visible(series.written),
        "n": len(series),
        "unit": unit,
        "ends": [place(series.locator(0)), place(series.locator(len(series) - 1))],
    }
    if len(finite) < len(series):
        made["gaps"] = len(series) - len(finite)
    if not len(finite):
        return made
    low, high = float(finite.min()), float(finite.max())
    is_log = low > 0 and high / low >= LOG_RANGE
    kept = list(_thinned(series.values, n_points))
    x_low, x_high = min(xs[at] for at in kept), max(xs[at] for at in kept)
    scale = math.log if is_log else float
    is_drawn = [math.isfinite(series.values[at]) for at in kept]
    drawn = [scale(series.values[at]) for at, is_number in zip(kept, is_drawn, strict=True) if is_number]
    levels = iter(_levels(drawn, scale(low), scale(high)))
    heights = [next(levels) if is_number else None for is_number in is_drawn]
    made |= {
        "x": [x_low, x_high],
        "y": [low, high],
        "values": [_finite(series.values[0]), _finite(series.values[-1])],
        "points": "".join(
            PAIRS[x] + (GAP if y is None else PAIRS[y])
            for x, y in zip(_levels([xs[at] for at in kept], x_low, x_high), heights, strict=True)
        ),
    }
    if is_log:
        made["log"] = True
    return made


def _axis(series: Series) -> tuple[str, Sequence[float]]:
    """What the points are counted by: steps, epochs, or their order where a point states neither."""
    for unit, column in (("step", series.steps), ("epoch", series.epochs)):
        if math.isfinite(sum(column)) and column[0] != column[-1]:
            return unit, column
    return "", range(1, len(series) + 1)


def _thinned(values: Sequence[float], n_points: int) -> Iterator[int]:
    """Indices to draw, in order: all, or the two ends and of each stretch between them the extremes and one gap."""
    n = len(values)
    if n <= n_points:
        yield from range(n)
        return
    n_stretches = (n_points - 2) // 2
    yield 0
    for stretch in range(n_stretches):
        start, end = 1 + (n - 2) * stretch // n_stretches, 1 + (n - 2) * (stretch + 1) // n_stretches
        part = values[start:end]
        if math.isfinite(sum(part)):
            kept = {start + part.index(min(part)), start + part.index(max(part))}
        else:
            finite = [at for at in range(start, end) if math.isfinite(values[at])]
            kept = {next(at for at in range(start, end) if not math.isfinite(values[at]))} if len(finite) < len(part) \
                else set()  # fmt: skip
            if finite:
                kept |= {min(finite, key=values.__getitem__), max(finite, key=values.__getitem__)}
        yield from sorted(kept)
    yield n - 1


def _levels(values: Sequence[float], low: float, high: float) -> list[int]:
    """Of each value its place between the ends, in as many levels as there are pairs."""
    import numpy as np

    with np.errstate(all="ignore"):  # a range that overflows has no share
        share = (np.array(values) - low) / (high - low) if high > low else np.full(len(values), 0.5)
        levels = np.rint(share * (len(PAIRS) - 1))
    return np.where(np.isfinite(levels), levels, 0).astype(int).tolist()  # type: ignore[no-any-return]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
