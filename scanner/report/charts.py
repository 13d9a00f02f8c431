"""The charts that are bars of counts, as data; drawing.py draws them, plots.py has the others.

A chart is drawn where there is something to compare; every number in it stands in the document, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from scanner.report.catalogue import catalogue, word
from scanner.report.escape import visible
from scanner.report.view import Document, Row

STATUSES = ("success", "failed", "unknown")
MAX_BARS = 12
LEAST_BARS = 2
"""A comparison needs two."""


class Bars(NamedTuple):
    """A chart of horizontal bars, each in parts."""

    title: str
    unit: str
    labels: tuple[str, ...]
    parts: Mapping[str, tuple[int, ...]]
    """Name of a part -> its length in each bar."""


def bars_of(document: Document) -> dict[str, Bars]:
    """File name (without extension) -> what to draw; charts without data are left out."""
    text = catalogue()["chart"]
    rates = document.of("learning_rate_decade")
    found = {
        "outcomes": _by_outcome(text["outcomes"], document.of("runs"), [text["all_runs"]]),
        "models": _of_rows(text["models"], document.of("by_model")),
        "learning_rates": _of_rows(
            text["learning_rates"], rates, [f"1e{r.subject} – 1e{int(r.subject) + 1}" for r in rates]
        ),
        "batch_sizes": _of_rows(text["batch_sizes"], document.of("by_batch_size")),
        "failures": _failures(text["failures"], document.of("failure")),
    }
    return {name: bars for name, bars in found.items() if bars is not None}


def _of_rows(title: str, rows: Sequence[Row], labels: Sequence[str] | None = None) -> Bars | None:
    named = zip(rows, labels or [visible(row.subject, 32) for row in rows], strict=True)
    kept = [(row, label) for row, label in named if row["executed"].value]
    if len(kept) < LEAST_BARS:
        return None
    # What is left out is the rarest, wherever it stands on the scale; the order stays.
    most_used = sorted(range(len(kept)), key=lambda at: -int(kept[at][0]["executed"].value or 0))[:MAX_BARS]
    shown = [kept[at] for at in sorted(most_used)]
    return _by_outcome(title, [row for row, _ in shown], [label for _, label in shown], len(kept))


def _by_outcome(title: str, rows: Sequence[Row], labels: Sequence[str], n_all: int = 0) -> Bars | None:
    if not any(row["executed"].value for row in rows):
        return None
    parts = {name: tuple(int(row[name].value or 0) for row in rows) for name in STATUSES}
    return Bars(title, _unit(len(rows), n_all), tuple(labels), parts)


def _failures(title: str, rows: Sequence[Row]) -> Bars | None:
    if len(rows) < LEAST_BARS:
        return None
    kept = rows[:MAX_BARS]
    labels = tuple(word("failure", row.subject) or row.subject for row in kept)
    counts = tuple(int(row["executed"].value or 0) for row in kept)
    return Bars(title, _unit(len(kept), len(rows)), labels, {"failed": counts})


def _unit(n_shown: int, n_all: int) -> str:
    """What the axis counts; and how many bars of how many are drawn, where some are left out."""
    text = catalogue()["chart"]
    return f"{text['unit']} ({text['shown']}: {n_shown} / {n_all})" if n_all > n_shown else str(text["unit"])
