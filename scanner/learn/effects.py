"""What precision and quantization did: the same training with one and with the other, everything else stated equal.

Of each pair of values: how many times as many steps a second, how much lower the validation loss, how many ran out of
GPU memory. The runs state no peak memory, so that whether a batch fitted is all that they tell of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from scanner.learn._cases import Case, executed, grouped, ids
from scanner.learn._experiments import key_of
from scanner.learn._figures import CONFIDENCE, NORMAL_QUANTILE
from scanner.learn.best import SETTINGS
from scanner.records import Figure, Learning

FIELDS = ("precision", "quantization")
LEAST = 4
"""Runs on each side below which no rank interval at CONFIDENCE exists."""
_EXACT = 2_500
"""Pairs up to which the rank distribution is counted; beyond it is as good as normal."""


def effects(cases: Sequence[Case]) -> list[Learning]:
    """A learning for each pair of values that ran the same training; where none has runs enough, how many it lacks."""
    found = []
    for field in FIELDS:
        stated = [case for case in executed(cases) if case.get(field) is not None]
        groups = [group for _, group in grouped(stated, _all_but(field))]
        pairs = [pair for group in groups for pair in combinations(_by_value(group, field), 2)]
        told = [_compared(field, *pair) for pair in pairs]
        if stated and not any(learning.figures[-1].value == 0 for learning in told):
            found.append(_gap(field, stated, groups))
        found += told
    return found


def _all_but(field: str) -> Callable[[Case], str | None]:
    """What two runs must share: experiment, hardware and all settings but the field and the seed."""
    same = (*(name for name in SETTINGS if name not in (field, "seed")), "gpu_name")
    return lambda case: repr((key_of(case), [case.get(name) for name in same]))


def _by_value(group: Sequence[Case], field: str) -> list[tuple[str, list[Case]]]:
    return sorted(grouped(group, lambda case: None if case.get(field) is None else str(case.get(field))))


def _compared(field: str, one: tuple[str, list[Case]], other: tuple[str, list[Case]]) -> Learning:
    (a, first), (b, second) = one, other
    speed = shift([math.log(x) for x in _rates(first)], [math.log(x) for x in _rates(second)])
    loss = shift(_losses(first), _losses(second))
    figures = (
        Figure("a", a, n=len(first)),
        Figure("b", b, n=len(second)),
        Figure("a_oom", sum(case.ended_by("oom_gpu") for case in first), n=len(first)),
        Figure("b_oom", sum(case.ended_by("oom_gpu") for case in second), n=len(second)),
        _figure("speed", speed, len(_rates(first)) + len(_rates(second)), math.exp),
        _figure("loss", loss, len(_losses(first)) + len(_losses(second)), float),
        Figure("missing", 0 if speed or loss else _missing(first, second)),
    )
    return Learning(f"effect_{field}", first[0].model or "", figures, ids([*first, *second]))


def _missing(first: Sequence[Case], second: Sequence[Case]) -> int:
    """Runs that would have to be made, or to state what they reached, before either can be compared; at least 1."""
    return min(sum(max(0, LEAST - len(known(side))) for side in (first, second)) for known in (_rates, _losses))


def _gap(field: str, stated: Sequence[Case], groups: Sequence[Sequence[Case]]) -> Learning:
    values = {str(case.get(field)) for case in stated}
    missing = []
    for group in groups:
        sides = [side for _, side in _by_value(group, field)]
        sides.sort(key=len, reverse=True)
        missing.append(_missing(sides[0], sides[1] if len(sides) > 1 else []))
    figures = (Figure("stated", len(stated)), Figure("values", len(values)), Figure("missing", min(missing)))
    return Learning("effect_gap", field, figures, ids(stated))


def _rates(cases: Sequence[Case]) -> list[float]:
    """Steps a second."""
    pairs = [(case.number("steps_done") or 0, case.number("duration_s") or 0) for case in cases]
    return [steps / seconds for steps, seconds in pairs if steps > 0 and seconds > 0]


def _losses(cases: Sequence[Case]) -> list[float]:
    known = [case.number("final_eval_loss") for case in cases]
    return [loss for loss in known if loss is not None and math.isfinite(loss)]


def _figure(name: str, found: tuple[float, float, float] | None, n: int, scale: Callable[[float], float]) -> Figure:
    if found is None:
        return Figure(name, None, n=n)
    value, low, high = map(scale, found)
    return Figure(name, value, low, high, n)


def shift(first: Sequence[float], second: Sequence[float]) -> tuple[float, float, float] | None:
    """How much higher `second` lies than `first`: Hodges and Lehmann's median of all differences, low and high.

    The interval is of ranks: it asks nothing of the distribution. None below LEAST on a side.
    """
    m, n = len(first), len(second)
    if min(m, n) < LEAST:
        return None
    differences = np.sort(np.subtract.outer(np.asarray(second), np.asarray(first)), axis=None)
    cut = _cut(m, n)
    return float(np.median(differences)), float(differences[cut]), float(differences[m * n - 1 - cut])


def _cut(m: int, n: int) -> int:
    """How many of the sorted differences are cut off at each end: the largest U whose tail is at most half of 1 - C."""
    tail = (1 - CONFIDENCE) / 2
    if m * n > _EXACT:
        z = NORMAL_QUANTILE
        return math.floor(m * n / 2 - z * math.sqrt(m * n * (m + n + 1) / 12)) - 1
    # The counts of Mann and Whitney's U are the coefficients of the Gaussian binomial.
    counts = [1] + [0] * (m * n)
    for k in range(1, n + 1):
        for u in range(m * n, m + k - 1, -1):
            counts[u] -= counts[u - m - k]
        for u in range(k, m * n + 1):
            counts[u] += counts[u - k]
    total, below = math.comb(m + n, n), 0
    for u, count in enumerate(counts):
        below += count
        if below > tail * total:
            return u - 1
    raise ValueError(f"no tail for {m} and {n}")
