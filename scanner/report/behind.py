"""What stands behind one learning: its runs, the place in each that shows it, and the conditions that select them."""

from __future__ import annotations

from typing import NamedTuple

from scanner.records import Learning, Locator, Outcome, Run, Snapshot
from scanner.report.places import place_of
from scanner.report.view import row_of


class Behind(NamedTuple):
    """A learning and its evidence."""

    learning: Learning
    runs: list[tuple[Run, Outcome, Locator]]
    conditions: list[tuple[str, int]]
    """Conditions over runs.parquet and how many runs each selects; none where no column tells."""


def behind(snapshot: Snapshot, name: str) -> list[Behind]:
    """The learnings of an id, or of `id:subject`; none for a name that no learning has."""
    cases = {run.run_id: (run, outcome) for run, outcome in zip(snapshot.runs, snapshot.outcomes, strict=True)}
    found = []
    for learning in snapshot.learnings:
        if name not in (learning.id, f"{learning.id}:{learning.subject}"):
            continue
        row = row_of(learning, cases)
        queries = [group.query for group in (row.behind, row.recipes) if group is not None and group.query is not None]
        found.append(
            Behind(
                learning,
                [(*cases[i], place_of(*cases[i], learning)) for i in learning.run_ids],
                [(query.where, query.n) for query in queries],
            )
        )
    return found
