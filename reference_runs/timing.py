"""Paired timing: variants of a step interleaved round by round, compared as ratios within a round.

Two runs of the same step minutes apart differ by more than most claims are about; two steps of one round do not. Every
round starts with another variant, so that none always follows the same one.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

_RESAMPLES = 4000

T = TypeVar("T")

Step = Callable[[], object]


class Timed(NamedTuple):
    """One step."""

    wall_s: float
    busy_s: float
    """Time that the process computed (all its threads), or that the GPU did; other programs do not add to it."""


class Interval(NamedTuple):
    """A statistic and its 95% interval."""

    value: float
    low: float
    high: float


def on_cpu(step: Step) -> Timed:
    """Time a step by the clock and by the process's own time."""
    wall, busy = time.perf_counter(), time.process_time()
    step()
    return Timed(time.perf_counter() - wall, time.process_time() - busy)


def on_cuda(step: Step) -> Timed:
    """Time a step by the clock and by events on the GPU's own stream."""
    import torch

    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    torch.cuda.synchronize()
    wall = time.perf_counter()
    start.record()
    step()
    end.record()
    torch.cuda.synchronize()
    return Timed(time.perf_counter() - wall, start.elapsed_time(end) / 1000)


def interleaved(
    steps: Mapping[str, Step], rounds: int, warm_up: int, timer: Callable[[Step], Timed]
) -> dict[str, list[Timed]]:
    """Run every step once a round; the first `warm_up` rounds are not kept."""
    names = list(steps)
    kept: dict[str, list[Timed]] = {name: [] for name in names}
    for at in range(warm_up + rounds):
        first = at % len(names)
        for name in names[first:] + names[:first]:
            timed = timer(steps[name])
            if at >= warm_up:
                kept[name].append(timed)
    return kept


def paired_ratio(upper: Sequence[float], lower: Sequence[float]) -> Interval:
    """Median of `upper / lower` over rounds, with the 95% interval of its bootstrap."""
    return median_of([a / b for a, b in zip(upper, lower, strict=True)])


def median_of(values: Sequence[float]) -> Interval:
    """The median of independent values with the 95% interval of its bootstrap."""
    return bootstrap(values, statistics.median)


def bootstrap(values: Sequence[T], statistic: Callable[[Sequence[T]], float]) -> Interval:
    """A statistic of independent values and its 95% percentile interval; the same each time."""
    draw = random.Random(0)
    found = sorted(statistic(draw.choices(values, k=len(values))) for _ in range(_RESAMPLES))
    return Interval(statistic(values), found[int(0.025 * _RESAMPLES)], found[int(0.975 * _RESAMPLES) - 1])
