"""A learning in full as plain text: the query in words and as a condition, the figures, the runs with their lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from scanner.export.learning_words import in_words
from scanner.records import Figure, Learning, Locator, Outcome, Run

MOST = 200
"""Runs that are listed; the condition lists all."""


def explain_learning(
    learning: Learning, runs: Sequence[tuple[Run, Outcome, Locator]], conditions: Sequence[tuple[str, int]]
) -> str:
    """The learning with all its evidence: each run with the place that shows what is said of it."""
    lines = [name_of(learning), f"  query: {in_words(learning)}"]
    lines += [f"  as a condition ({n} runs): {where}" for where, n in conditions]
    lines += ["", "figures:", *(f"  {_figure(figure)}" for figure in learning.figures)]
    lines += ["", f"runs ({len(runs)}):"]
    for run, outcome, place in islice(runs, MOST):
        lines.append(f"  {run.run_id}  {run.kind}  {outcome.status}  {place}: {_raw(run, outcome, place)}")
    if len(runs) > MOST:
        lines.append(f"  ... and {len(runs) - MOST} more")
    return "\n".join("".join(c if c.isprintable() else " " for c in line) for line in lines)


def list_learnings(learnings: Iterable[Learning]) -> str:
    """One line a learning: the name to ask for, and how many runs stand behind it."""
    names: dict[str, int] = {}
    for learning in learnings:
        names[name_of(learning)] = names.get(name_of(learning), 0) + len(learning.run_ids)
    lines = (f"{name}  ({n} runs)" for name, n in names.items())
    return "\n".join("".join(c if c.isprintable() else " " for c in line) for line in lines)


def name_of(learning: Learning) -> str:
    """What `explain` takes: the id, and the subject where it has one."""
    return f"{learning.id}:{learning.subject}" if learning.subject else learning.id


def _figure(figure: Figure) -> str:
    value = f"{figure.value:.6g}" if isinstance(figure.value, float) else figure.value
    notes = [f"{figure.low:.6g} to {figure.high:.6g}"] if figure.low is not None and figure.high is not None else []
    notes += [f"n = {figure.n}"] if figure.n is not None else []
    return f"{figure.name} = {'not enough' if value is None else value}" + (f"  ({', '.join(notes)})" if notes else "")


def _raw(run: Run, outcome: Outcome, place: Locator) -> str:
    """The words that stand there, as a record keeps them."""
    values = (value.chosen for value in run.values.values())
    for found in (*outcome.because, *values, *run.signals):
        if found.locator == place:
            return found.raw
    for issue in outcome.issues:
        if issue.because == place:
            return issue.raw
    for series in run.series:
        if series.path == place.path:
            for at in range(len(series)):
                if series.locator(at) == place:
                    return f"{series.written} = {series.values[at]:g}"
    return run.name
