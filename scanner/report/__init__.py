"""A snapshot to documents: LEARNINGS.md, its charts, the page. No rule and no parser; words are in report_templates."""

from __future__ import annotations

from pathlib import Path

from scanner.durable import write_file
from scanner.errors import ReportError
from scanner.records import Snapshot
from scanner.report import kept
from scanner.report.charts import bars_of
from scanner.report.drawing import draw
from scanner.report.kept import Difference
from scanner.report.own_plans import Select
from scanner.report.page import render_page
from scanner.report.plots import charts_of
from scanner.report.render import render
from scanner.report.view import make_document
from scanner.settings import STYLES, Settings

NAME = "LEARNINGS.md"
PLANS = "plans"
"""The hand-written part that may carry queries."""
BESIDE = "LEARNINGS.new.md"
"""Where the document goes while somebody's edits stand in NAME."""


def write_report(snapshot: Snapshot, settings: Settings, out: Path, select: Select | None = None) -> Path:
    """Write LEARNINGS.md, learnings/charts/ and learnings/index.html below `out`; returns the document's path.

    `select` answers the queries of the user's own plan; without it they are not asked.
    What stands between the markers of an earlier document is kept. One that was edited outside them, or that this
    program did not write, stays as it is unless `settings.force`: the new one is then LEARNINGS.new.md beside it.
    Each file appears by one rename. Raises ReportError when something cannot be written.
    """
    document = make_document(snapshot, _plan_in(out), select)
    charts = charts_of(document, snapshot)
    body = render(document, frozenset(charts), settings.number_style)
    page = render_page(snapshot, document, bars_of(document), settings.number_style)
    folder, target = out / "learnings" / "charts", out / NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, chart in charts.items():
            write_file(folder / f"{name}.svg", draw(chart, settings.number_style))
        for stale in sorted((*folder.glob("*.png"), *folder.glob("*.svg"))):
            if stale.suffix != ".svg" or stale.stem not in charts:
                stale.unlink()
        target, text = _placed(body, settings, out)
        write_file(folder.parent / "index.html", page.encode("utf-8"))
        write_file(target, text.encode("utf-8"))
        if target.name == NAME:
            _drop_beside(out)
    except OSError as error:
        raise ReportError(f"{error.filename or target}: {error.strerror or error}; choose another --out") from error
    return target


def check_report(
    snapshot: Snapshot, settings: Settings, out: Path, select: Select | None = None
) -> tuple[int, list[Difference]]:
    """The number of lines of the stored LEARNINGS.md, and those that the tables do not give.

    Raises ReportError when there is no document that can be read.
    """
    target = out / NAME
    try:
        found = target.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(f"{target}: cannot be read ({error}); write it with `scan-trainings report`") from error
    written = kept.read(found)
    document = make_document(snapshot, written.kept.get(PLANS, ""), select)
    style = written.style if written.style in STYLES else settings.number_style
    body = render(document, frozenset(charts_of(document, snapshot)), style)
    try:
        body = kept.fill(body, written.kept)
    except ValueError:
        pass  # a part that has no place is a difference like any other
    wanted = kept.seal(body, style)
    return found.count("\n"), kept.differences(found, wanted)


def _plan_in(out: Path) -> str:
    """What the user wrote between the markers of the plan; empty where no document can be read."""
    try:
        return kept.read((out / NAME).read_text("utf-8")).kept.get(PLANS, "")
    except (OSError, UnicodeDecodeError):
        return ""


def _placed(body: str, settings: Settings, out: Path) -> tuple[Path, str]:
    """Where the document goes, and its text with the kept parts."""
    target = out / NAME
    if not target.exists():
        return target, kept.seal(body, settings.number_style)
    try:
        written = kept.read(target.read_text("utf-8"))
        filled = kept.fill(body, written.kept)
    except ValueError:  # no UTF-8, or a part that this version has no place for
        written, filled = kept.Written({}, "", False), body
    is_ours = written.is_untouched or settings.force
    return target if is_ours else out / BESIDE, kept.seal(filled, settings.number_style)


def _drop_beside(out: Path) -> None:
    """Remove a LEARNINGS.new.md that the newer document makes needless; one that was edited stays."""
    beside = out / BESIDE
    try:
        if kept.read(beside.read_text("utf-8")).is_untouched:
            beside.unlink()
    except (FileNotFoundError, UnicodeDecodeError):
        pass
