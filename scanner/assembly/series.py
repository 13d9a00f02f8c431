"""Curves: pure mathematics on the points of a run. No rule of outcome here, only what a curve shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scanner.knowledge import metric_goal, metric_rank
from scanner.records import Series

Array = NDArray[np.float64]

TAIL = 2
"""Points that must be NaN at the end before a curve counts as ended in NaN (all, if it has fewer)."""


class Point(NamedTuple):
    """A point of a curve by its place in the curve."""

    series: Series
    at: int

    @property
    def value(self) -> float:
        """The measured value."""
        return float(self.series.values[self.at])


def values(series: Series) -> Array:
    """The curve's values as an array of shape (n,)."""
    return np.frombuffer(series.values, dtype=np.float64) if len(series) else np.zeros(0)


def _counter(series: Sequence[Series], name: str) -> Array:
    """All values of a counter on any curve: those given with the points and those of the counter's own curve."""
    parts = [np.asarray(s.steps if name == "step" else s.epochs, dtype=np.float64) for s in series]
    parts += [values(s) for s in series if s.metric == f"counter:{name}"]
    joined = np.concatenate(parts) if parts else np.zeros(0)
    return joined[np.isfinite(joined)]


def last_counter(series: Sequence[Series], name: str) -> Point | None:
    """The largest value of a counter ("step", "epoch") and a point that shows it."""
    found = _counter(series, name)
    if not len(found):
        return None
    top = float(found.max())
    for curve in series:
        own = curve.values if curve.metric == f"counter:{name}" else curve.steps if name == "step" else curve.epochs
        column = np.asarray(own, dtype=np.float64)
        hits = np.nonzero(column == top)[0]
        if len(hits):
            return Point(curve, int(hits[-1]))
    return None


def first_counter(series: Sequence[Series], name: str) -> float | None:
    """The smallest value of a counter."""
    found = _counter(series, name)
    return float(found.min()) if len(found) else None


def is_fractional(series: Sequence[Series], name: str) -> bool:
    """Whether a counter takes values between whole numbers (epochs of a trainer that logs within them)."""
    found = _counter(series, name)
    return bool(len(found)) and bool(np.any(found != np.floor(found)))


def pick(series: Sequence[Series], metric: str) -> Series | None:
    """The curve of a metric with the most points; of equals the first."""
    found = [s for s in series if s.metric == metric and len(s)]
    return max(found, key=len, default=None)


def furthest(series: Sequence[Series], metric: str) -> Series | None:
    """Of the curves of a metric the one whose last point lies furthest: by epoch, else by step, where both state one;
    within one file by the line; then the one with more digits where they round to the other, or with more points."""
    found = [s for s in series if s.metric == metric and len(s)]
    best: Series | None = None
    for curve in found:
        if best is None or _lies_further(curve, best):
            best = curve
    return best


def _lies_further(curve: Series, other: Series) -> bool:
    for own, theirs in ((curve.epochs[-1], other.epochs[-1]), (curve.steps[-1], other.steps[-1])):
        if math.isfinite(own) and math.isfinite(theirs) and own != theirs:
            return own > theirs
    if (curve.path, curve.segment) == (other.path, other.segment) and curve.lines[-1] != other.lines[-1]:
        return curve.lines[-1] > other.lines[-1]
    digits, their_digits = len(repr(curve.values[-1])), len(repr(other.values[-1]))
    if digits != their_digits and math.isclose(curve.values[-1], other.values[-1], rel_tol=5e-3):
        return digits > their_digits  # a console rounds what a tracker recorded
    return len(curve) > len(other)


def last_finite(series: Series) -> Point | None:
    """The last point, or None when it is NaN or infinite: a curve that ends in NaN has no final value."""
    index = len(series) - 1
    return Point(series, index) if index >= 0 and math.isfinite(series.values[index]) else None


def best(series: Sequence[Series]) -> tuple[str, Point] | None:
    """The headline validation metric's name and its best finite point; None when nothing was evaluated."""
    named = [s for s in series if not s.metric.startswith("counter:") and _is_headline(s.metric)]
    if not named:
        return None
    top = min(metric_rank(s.metric) for s in named)
    chosen = max((s for s in named if metric_rank(s.metric) == top), key=len)
    column = values(chosen)
    finite = np.isfinite(column)
    if not finite.any():
        return None
    worst = -np.inf if metric_goal(chosen.metric) == "max" else np.inf
    masked = np.where(finite, column, worst)
    index = int(masked.argmax() if worst < 0 else masked.argmin())
    return chosen.metric, Point(chosen, index)


def _is_headline(metric: str) -> bool:
    if metric in ("learning_rate", "grad_norm", "train_loss", "eval_loss", "test_loss"):
        return False
    return metric_rank(metric) < 5000


def ends_in_nan(series: Series) -> int | None:
    """Index of the first point of the NaN (or infinite) tail; None when the curve does not end in one.

    One last NaN is enough only if it is the whole curve or follows a finite value with nothing after it.
    """
    finite = np.isfinite(values(series))
    if not len(finite) or finite[-1]:
        return None
    good = np.nonzero(finite)[0]
    return int(good[-1]) + 1 if len(good) else 0


class Trend(NamedTuple):
    """How a loss went: medians of its beginning and end, its minimum, and the noise between neighbours."""

    start: float
    end: float
    low: float
    """All points but one in a hundred lie above it: the minimum of many noisy points says nothing."""
    minimum: float
    maximum: float
    noise: float
    n: int


def trend(series: Series) -> Trend | None:
    """The trend of a curve's finite points; None with fewer than 4 of them."""
    column = values(series)
    column = column[np.isfinite(column)]
    if len(column) < 4:
        return None
    window = max(1, min(len(column) // 5, 50))
    noise = float(np.median(np.abs(np.diff(column))))
    return Trend(
        float(np.median(column[:window])),
        float(np.median(column[-window:])),
        float(np.quantile(column, 0.01)),
        float(column.min()),
        float(column.max()),
        noise,
        len(column),
    )


def has_diverged(shape: Trend) -> bool:
    """The loss ends far above where it began: more than twice the start and well beyond its noise, or exploded."""
    if shape.start <= 0 or shape.minimum < 0:
        return False
    exploded = shape.end > 1e4 and shape.end > 100 * max(shape.start, 1e-9)
    return exploded or shape.end > 2 * shape.start + 5 * shape.noise


def never_learned(shape: Trend) -> bool:
    """No decrease beyond noise over the whole run: the end stays within one per cent of the start, nothing in between
    lies clearly below, and all points stay within a narrow band (a loss that scatters widely hides small progress)."""
    if shape.start <= 0 or shape.minimum < 0 or shape.n < 8:
        return False
    gained = shape.start - shape.low
    is_narrow = shape.maximum - shape.minimum < 0.25 * shape.start
    return (
        is_narrow
        and (shape.start - shape.end) / shape.start < 0.01
        and gained < max(0.02 * shape.start, 3 * shape.noise)
    )


def overfitting_onset(train: Series, evaluation: Series) -> int | None:
    """Index of a validation curve's minimum, if the curve rises clearly after it while training falls; else None.

    Judged on means of neighbouring points, so that one lucky epoch and two unlucky ones at the end are no trend; what
    happens in the last quarter is too short to be one.
    """
    column = values(evaluation)
    shape = trend(train)
    if len(column) < 5 or not np.isfinite(column).all() or shape is None or shape.end >= shape.start:
        return None
    width = max(2, len(column) // 10)
    smooth = np.convolve(column, np.ones(width) / width, mode="valid")
    lowest = int(smooth.argmin())
    if lowest > 0.75 * (len(smooth) - 1) or float(smooth[-1]) < 1.1 * float(smooth[lowest]) or smooth[lowest] < 0:
        return None
    return lowest + int(column[lowest : lowest + width].argmin())
