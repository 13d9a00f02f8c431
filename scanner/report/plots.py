"""The charts that are no bars of counts: memory boundaries, loss curves, the way to the target. As data, not drawn.

Every number in them stands in the document, too, but for the points of the curves, which stand in the tables.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from scanner.records import Series, Snapshot
from scanner.report.catalogue import catalogue, template_text
from scanner.report.charts import Bars, bars_of
from scanner.report.escape import visible
from scanner.report.locale_tr import number
from scanner.report.view import Document, Row

MAX_SPANS = 12
MAX_POINTS = 400
"""Points of a curve that are drawn; a longer one is thinned evenly, its ends kept."""


class Span(NamedTuple):
    """One GPU with one model: what fitted, what did not."""

    label: str
    fitting: float | None
    oom: float | None


class Spans(NamedTuple):
    """Boundaries, one a row."""

    words: Mapping[str, str]
    spans: tuple[Span, ...]


class Line(NamedTuple):
    """A curve over the course of its run, 0 to 1."""

    label: str
    status: str
    x: tuple[float, ...]
    y: tuple[float, ...]


class Lines(NamedTuple):
    """Curves in one drawing."""

    words: Mapping[str, str]
    lines: tuple[Line, ...]


class Gauge(NamedTuple):
    """A goal: where it stands, on a scale that ends at 1."""

    label: str
    value: float
    low: float | None
    high: float | None
    goal: float
    text: str


class Gauges(NamedTuple):
    """Goals, one a row."""

    words: Mapping[str, str]
    gauges: tuple[Gauge, ...]


Chart = Bars | Spans | Lines | Gauges


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """The words of the charts."""
    return tomllib.loads(template_text("charts.toml"))


def charts_of(document: Document, snapshot: Snapshot) -> dict[str, Chart]:
    """File name (without extension) -> what to draw; charts without data are left out."""
    found: dict[str, Any] = dict(bars_of(document))
    found["months"] = _months(document)
    found["memory"] = _spans(document)
    found["curves"] = _lines(document, snapshot)
    found["targets"] = _gauges(document)
    return {name: chart for name, chart in found.items() if chart is not None}


def _months(document: Document) -> Bars | None:
    rows = document.of("by_month")[-24:]
    if len(rows) < 2:
        return None
    parts = {name: tuple(int(row[name].value or 0) for row in rows) for name in ("success", "failed", "unknown")}
    return Bars(
        words()["months"]["title"], catalogue()["chart"]["unit"], tuple(str(row.subject) for row in rows), parts
    )


def _spans(document: Document) -> Spans | None:
    """Per GPU and model; where no GPU is named, per model."""
    rows = [row for row in document.of("memory") if row["oom_batch"].value is not None]
    spans = [_span(row, f"{_gpu(row)} · {row['model'].value}") for row in rows]
    if not spans:
        spans = [_span(row, str(row.subject)) for row in document.of("oom_boundary")]
    return Spans(words()["memory"], tuple(spans[:MAX_SPANS])) if spans else None


def _gpu(row: Row) -> str:
    gib = row["gpu_memory_gib"].value
    size = "" if gib is None else f"{number(round(float(gib)), 'seed')} {words()['memory']['gib']}"
    return " ".join(part for part in (str(row.subject), f"({size})" if size and row.subject else size) if part)


def _span(row: Row, label: str) -> Span:
    return Span(visible(label, 44), row["fitting_batch"].high, row["oom_batch"].low)


def _lines(document: Document, snapshot: Snapshot) -> Lines | None:
    runs = {run.run_id: run for run in snapshot.runs}
    found = []
    for row in document.of("curve"):
        run_id = row.behind.refs[0].run_id
        place = row["written"].value, row["path"].value, row["points"].value
        curve = next((s for s in runs[run_id].series if (s.written, s.path, len(s)) == place), None)
        if curve is not None:
            label = " ".join(part for part in (visible(str(row.subject), 28), run_id[:6]) if part)
            found.append(Line(label, str(row["outcome"].value), *_thinned(curve)))
    return Lines(words()["curves"], tuple(found)) if found else None


def _thinned(curve: Series) -> tuple[tuple[float, ...], tuple[float, ...]]:
    n = len(curve)
    every = max(1, math.ceil(n / MAX_POINTS))
    at = [*range(0, n - 1, every), n - 1]
    return tuple(i / max(1, n - 1) for i in at), tuple(curve.values[i] for i in at)


def _gauges(document: Document) -> Gauges | None:
    runs, text = document.one("runs"), words()["targets"]
    failed = runs["failed_share"]
    if failed.value is None:
        return None
    success = int(runs["success"].value or 0)
    return Gauges(
        text,
        (
            Gauge(text["success"], min(1.0, success / 100), None, None, 1.0, str(success)),
            Gauge(text["failed"], float(failed.value), failed.low, failed.high, 0.2, ""),
        ),
    )
