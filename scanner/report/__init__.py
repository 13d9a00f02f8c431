"""A snapshot to documents: LEARNINGS.md and its charts. No rule and no parser; every word is in report_templates."""

from __future__ import annotations

import os
from pathlib import Path

from scanner.errors import ReportError
from scanner.records import Snapshot
from scanner.report.charts import bars_of, draw
from scanner.report.render import render
from scanner.report.view import make_document
from scanner.settings import Settings

NAME = "LEARNINGS.md"


def write_report(snapshot: Snapshot, settings: Settings, out: Path) -> Path:
    """Write LEARNINGS.md and learnings/charts/ below `out`; returns the document's path.

    Each file appears by one rename. Raises ReportError when something cannot be written.
    """
    document = make_document(snapshot)
    charts = bars_of(document)
    text = render(document, frozenset(charts), settings.number_style)
    folder, target = out / "learnings" / "charts", out / NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, bars in charts.items():
            _write(folder / f"{name}.png", draw(bars, settings.number_style))
        for stale in sorted(folder.glob("*.png")):
            if stale.stem not in charts:
                stale.unlink()
        _write(target, text.encode("utf-8"))
    except OSError as error:
        raise ReportError(f"{error.filename or target}: {error.strerror or error}; choose another --out") from error
    return target


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
