"""The curve of one metric as trackers keep it: values with the step that the program gave (MLflow, Sacred, DVCLive).

Steps that are all the same count nothing. Where validation is logged as well, every whole number from the first on is
an epoch: nobody logs each update so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from scanner.formats._base import Stated
from scanner.formats._metric_rows import OTHER_SPLIT
from scanner.formats._tfevents_curves import counts_every


class Point(NamedTuple):
    """One logged value."""

    value: float
    step: float | None
    line: int
    pointer: str = ""


def stated(key: str, points: Sequence[Point], names: Collection[str]) -> Iterator[Stated]:
    """The points of a metric; `names` are those of all metrics of the run."""
    steps = {point.step for point in points}
    counts = len(steps) > 1 or (len(points) == 1 and steps != {0.0})
    validated = any(OTHER_SPLIT.search(other) for other in (key, *names))
    by_epoch = validated and counts_every([point.step for point in points if point.step is not None])
    for value, step, line, pointer in points:
        axis = step if counts else None
        step, epoch = (None, axis) if by_epoch else (axis, None)
        yield Stated(key, value, line, "metric", step, epoch, origin="reported", pointer=pointer)
    if not counts and len(points) > 1 and "loss" in key.lower() and not OTHER_SPLIT.search(key):
        # Logged again and again without a step: something was trained, and nothing was counted.
        first = points[0]
        yield Stated("training_start", key, first.line, "mark", origin="reported", pointer=first.pointer, raw=key)
