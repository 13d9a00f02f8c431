"""A month's learnings to learnings/monthly/YYYY-MM.md for people and YYYY-MM.json for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2

from scanner.durable import write_file
from scanner.errors import ReportError
from scanner.records import Learning, Snapshot
from scanner.report.render import environment, tidy
from scanner.report.view import Document, make_document

TEMPLATE = "monthly.md.j2"
VERSION = 1
"""Of the JSON's shape."""


def write_month(
    learnings: Sequence[Learning], now: Snapshot, before: Snapshot | None, scans: tuple[int, int | None], out: Path,
    style: str,
) -> Path:  # fmt: skip
    """Write both files below `out`; returns the Markdown's path. `scans` are the numbers of the two snapshots."""
    name = learnings[0].subject
    folder = out / "learnings" / "monthly"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_file(folder / f"{name}.json", as_json(learnings, scans).encode("utf-8"))
        write_file(folder / f"{name}.md", render_month(learnings, now, before, scans, style).encode("utf-8"))
    except OSError as error:
        raise ReportError(f"{error.filename or folder}: {error.strerror or error}; choose another --out") from error
    return folder / f"{name}.md"


def as_json(learnings: Sequence[Learning], scans: tuple[int, int | None]) -> str:
    """Every figure with its interval, and the runs behind it."""
    found: dict[str, Any] = {
        "version": VERSION,
        "month": learnings[0].subject,
        "scan": scans[0],
        "compared_with_scan": scans[1],
        "learnings": [
            {
                "id": learning.id,
                "subject": learning.subject,
                "figures": [figure._asdict() for figure in learning.figures],
                "run_ids": list(learning.run_ids),
            }
            for learning in learnings
        ],
    }
    text = json.dumps(found, ensure_ascii=False, indent=1)
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text) + "\n"


def render_month(
    learnings: Sequence[Learning], now: Snapshot, before: Snapshot | None, scans: tuple[int, int | None], style: str
) -> str:
    """The Markdown."""
    document = _document(learnings, now, before)
    try:
        text = environment(style).get_template(TEMPLATE).render(d=document, now=scans[0], before=scans[1])
    except jinja2.TemplateError as error:
        raise ReportError(f"report_templates: {error}") from error
    return tidy(text)


def _document(learnings: Sequence[Learning], now: Snapshot, before: Snapshot | None) -> Document:
    """The month's rows; runs that are gone are shown as the earlier snapshot has them."""
    known = {run.run_id for run in now.runs}
    gone = [
        (run, outcome)
        for run, outcome in (zip(before.runs, before.outcomes, strict=True) if before is not None else ())
        if run.run_id not in known
    ]
    return make_document(
        Snapshot(
            now.roots,
            (),
            (),
            (*now.runs, *(run for run, _ in gone)),
            (*now.outcomes, *(outcome for _, outcome in gone)),
            tuple(learnings),
        )
    )
