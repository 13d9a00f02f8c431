"""Failure classes: how often each decided, how often it was merely seen, and which settings stood behind it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from scanner.learn._cases import Case, executed, grouped, ids
from scanner.learn._figures import spread
from scanner.records import Figure, Learning


def failures(cases: Sequence[Case]) -> list[Learning]:
    """One learning a class that decided an outcome; most frequent first."""
    deciding: dict[str, list[Case]] = defaultdict(list)
    for case in executed(cases):
        if case.outcome.status == "failed" and case.outcome.failures:
            deciding[case.outcome.failures[0]].append(case)
    return [
        Learning("failure", name, _figures(found), ids(found))
        for name, found in sorted(deciding.items(), key=lambda p: (-len(p[1]), p[0]))
    ]


def issues(cases: Sequence[Case]) -> list[Learning]:
    """Classes seen in runs that they did not decide: handled, after the end, or of quality."""
    seen: dict[str, list[Case]] = defaultdict(list)
    for case in executed(cases):
        for name in dict.fromkeys(issue.id for issue in case.outcome.issues):
            if not case.ended_by(name):
                seen[name].append(case)
    return [
        Learning("issue", name, _figures(found), ids(found))
        for name, found in sorted(seen.items(), key=lambda p: (-len(p[1]), p[0]))
    ]


def _figures(found: Sequence[Case]) -> tuple[Figure, ...]:
    models = grouped(found, lambda case: case.model)
    return (
        Figure("executed", len(found)),
        *(Figure("model", name, n=len(group)) for name, group in models[:3]),
        Figure("models", len(models)),
        spread("batch_size", (case.number("batch_size") for case in found)),
        spread("learning_rate", (case.number("learning_rate") for case in found)),
    )


def overfitting(cases: Sequence[Case]) -> list[Learning]:
    """Where the validation loss had its minimum in each run that overfits; as epoch and step where stated."""
    found = []
    for case in executed(cases):
        for issue in case.outcome.issues:
            if issue.id != "overfitting":
                continue
            for series in case.run.series:
                at = next((i for i in range(len(series)) if series.locator(i) == issue.because), None)
                if at is not None and series.metric.startswith("eval"):
                    figures = (
                        spread("epoch", [series.epochs[at]]),
                        spread("step", [series.steps[at]]),
                        Figure("lowest", series.values[at]),
                        Figure("last", series.values[-1]),
                    )
                    found.append(Learning("overfitting", case.model or "", figures, (case.run.run_id,)))
                    break
    return found
