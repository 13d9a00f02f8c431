"""Counts, shares with intervals, spreads: how figures are made of runs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence

from scanner.learn._cases import Case, of_status
from scanner.records import Figure

MIN_DECIDED = 5
"""Fewer decided runs than this say nothing about a group: its share is left null, its n is still given."""

CONFIDENCE = 0.95
NORMAL_QUANTILE = 1.959963984540054
"""Of the standard normal distribution at (1 + CONFIDENCE) / 2; a test computes it."""


def wilson(k: int, n: int) -> tuple[float, float]:
    """Wilson's score interval of a share k/n at CONFIDENCE (Wilson 1927); n must be positive."""
    z = NORMAL_QUANTILE
    p, zz = k / n, z * z
    middle = (p + zz / (2 * n)) / (1 + zz / n)
    half = z * math.sqrt(p * (1 - p) / n + zz / (4 * n * n)) / (1 + zz / n)
    # At the ends the formula gives 0 and 1 but for rounding.
    return (0.0 if k == 0 else max(0.0, middle - half), 1.0 if k == n else min(1.0, middle + half))


def share(name: str, k: int, n: int, least: int = 1) -> Figure:
    """k of n as a share with its interval; null below `least`."""
    if n < max(least, 1):
        return Figure(name, None, n=n)
    low, high = wilson(k, n)
    return Figure(name, k / n, low, high, n)


def outcome_figures(cases: Sequence[Case], least: int = MIN_DECIDED) -> tuple[Figure, ...]:
    """Executed, declared, success, failed, unknown; and the share of success in decided runs."""
    success, failed = (len(of_status(cases, status)) for status in ("success", "failed"))
    n = sum(case.is_executed for case in cases)
    return (
        Figure("executed", n),
        Figure("declared", len(cases) - n),
        Figure("success", success),
        Figure("failed", failed),
        Figure("unknown", n - success - failed),
        share("success_share", success, success + failed, least),
    )


def spread(name: str, numbers: Iterable[float | None]) -> Figure:
    """The median with the smallest and the largest; null without any.

    Of an even count it is the lower of the two in the middle: a value that some run had, not one between them.
    """
    known = [x for x in numbers if x is not None and math.isfinite(x)]
    if not known:
        return Figure(name, None, n=0)
    return Figure(name, float(statistics.median_low(known)), min(known), max(known), len(known))
