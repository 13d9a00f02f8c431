"""Runs by the month in which their evidence says they ran; and the loss curves that show most."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scanner.learn._cases import Case, executed, ids
from scanner.learn._experiments import happened
from scanner.learn._figures import outcome_figures
from scanner.learn.best import completeness
from scanner.records import Figure, Learning, Series

LEAST_POINTS = 5
"""A loss curve with fewer points shows no course."""

N_CURVES = 3
"""Curves of each outcome: more cannot be told apart in a drawing."""

_NUMERICAL = ("nan_loss", "divergence", "not_converging")


def by_month(cases: Sequence[Case]) -> list[Learning]:
    """Executed runs by month, oldest first; those whose evidence tells no time are in none."""
    found: dict[str, list[Case]] = {}
    for case in executed(cases):
        moment = happened(case)
        if moment is not None:
            found.setdefault(moment.month, []).append(case)
    return [Learning("by_month", month, outcome_figures(group), ids(group)) for month, group in sorted(found.items())]


def curves(cases: Sequence[Case]) -> list[Learning]:
    """Training losses of the successes that state most, and of the failures whose loss failed or that got furthest."""
    drawn = [(case, curve) for case in executed(cases) if (curve := training_loss(case.run.series)) is not None]
    success = [pair for pair in drawn if pair[0].outcome.status == "success"]
    failed = [pair for pair in drawn if pair[0].outcome.status == "failed"]
    success.sort(key=lambda pair: (*(-n for n in completeness(pair[0])), pair[0].run.run_id))
    failed.sort(
        key=lambda pair: (
            not any(pair[0].ended_by(name) for name in _NUMERICAL),
            -len(pair[1]),
            pair[0].run.run_id,
        )
    )
    # One success a model: three of one model would hide how others went.
    by_model: dict[str | None, tuple[Case, Series]] = {}
    for pair in success:
        by_model.setdefault(pair[0].model, pair)
    return [_curve(case, curve) for case, curve in (*list(by_model.values())[:N_CURVES], *failed[:N_CURVES])]


def training_loss(series: Sequence[Series]) -> Series | None:
    """The longest training loss with points enough; the first of equals."""
    found = [s for s in series if s.metric == "train_loss" and sum(map(math.isfinite, s.values)) >= LEAST_POINTS]
    return max(found, key=len, default=None)


def _curve(case: Case, curve: Series) -> Learning:
    values = [v for v in curve.values if math.isfinite(v)]
    figures = (
        Figure("outcome", case.outcome.status),
        Figure("written", curve.written),
        Figure("path", curve.path),
        Figure("points", len(curve)),
        Figure("first", values[0]),
        Figure("lowest", min(values)),
        Figure("last", values[-1]),
        Figure("not_finite", len(curve) - len(values)),
    )
    return Learning("curve", case.model or "", figures, (case.run.run_id,))
