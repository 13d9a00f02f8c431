"""The same model with one thing and with another: shares of success beside each other, and whether they differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

from scanner.learn._cases import Case, executed, grouped, ids
from scanner.learn._figures import MIN_DECIDED, share, wilson
from scanner.records import Figure, Learning

FIELDS = ("optimizer", "scheduler", "precision", "device")
MOST = 3
"""Values of a field that are compared with each other, the most decided first."""


def comparisons(cases: Sequence[Case]) -> list[Learning]:
    """One learning a field, model and pair of values that ran on it; with too little evidence, how much is missing."""
    found = []
    for field in FIELDS:
        for model, group in grouped(executed(cases), lambda case: case.model):
            decided = [c for c in group if c.outcome.status != "unknown" and c.get(field) is not None]
            by_value = sorted(grouped(decided, lambda c, f=field: str(c.get(f))), key=lambda p: (-len(p[1]), p[0]))  # type: ignore[misc]
            for (a, first), (b, second) in combinations(by_value[:MOST], 2):
                found.append(_compared(field, model, (a, first), (b, second)))
    return found


def _compared(field: str, model: str, one: tuple[str, list[Case]], other: tuple[str, list[Case]]) -> Learning:
    (a, first), (b, second) = one, other
    k, m, n, o = _successes(first), _successes(second), len(first), len(second)
    missing = max(0, MIN_DECIDED - n) + max(0, MIN_DECIDED - o)
    difference = Figure("difference", None, n=n + o)
    if not missing:
        low, high = newcombe(k, n, m, o)
        difference = Figure("difference", k / n - m / o, low, high, n + o)
    figures = (
        Figure("model", model),
        Figure("a", a),
        share("a_share", k, n, MIN_DECIDED),
        Figure("b", b),
        share("b_share", m, o, MIN_DECIDED),
        difference,
        Figure("missing", missing),
    )
    return Learning(f"fair_{field}", model, figures, ids([*first, *second]))


def _successes(cases: Sequence[Case]) -> int:
    return sum(case.outcome.status == "success" for case in cases)


def newcombe(k: int, n: int, m: int, o: int) -> tuple[float, float]:
    """The 95 % interval of k/n - m/o from two Wilson intervals (Newcombe 1998, method 10)."""
    p, q = k / n, m / o
    (low_p, high_p), (low_q, high_q) = wilson(k, n), wilson(m, o)
    return (
        p - q - math.hypot(p - low_p, high_q - q),
        p - q + math.hypot(high_p - p, q - low_q),
    )
