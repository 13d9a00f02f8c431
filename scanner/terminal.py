"""What a person sees while a scan runs and when it is done: a progress line, a summary, safe text."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scanner.pipeline import Progress
    from scanner.records import Snapshot


def one_line(text: str) -> str:
    """One line that no terminal can be steered by."""
    return "".join(c if c.isprintable() else " " for c in text)


class Watch:
    """Shows progress on a terminal, and nothing elsewhere."""

    def __init__(self, quiet: bool) -> None:
        self._bar: Any = None
        self._task: Any = None
        self._shown = not quiet and sys.stderr.isatty()

    def __enter__(self) -> Watch:
        if self._shown:
            from rich.console import Console
            from rich.progress import Progress as Bar
            from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

            text = TextColumn("{task.description}")
            self._bar = Bar(SpinnerColumn(), text, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task("", total=None)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, progress: Progress) -> None:
        if self._bar is not None:
            seconds = max(self._bar.tasks[0].elapsed or 0.0, 0.001)
            rate = f"{progress.n_files / seconds:,.0f} files/s, {progress.n_bytes / 1e6 / seconds:,.1f} MB/s"
            self._bar.update(
                self._task,
                description=f"{progress.stage}: {progress.n_files:,} files ({rate}), {progress.n_found:,} found",
            )


def summary(snapshot: Snapshot, document: Path) -> str:
    """What a scan found, and where the document is."""
    executed = [o for o in snapshot.outcomes if o.kind == "executed"]
    by_status = {s: sum(o.status == s for o in executed) for s in ("success", "failed", "unknown")}
    declared = len(snapshot.outcomes) - len(executed)
    skipped = sum(skip.n_files for skip in snapshot.skips)
    if not snapshot.files and not skipped:
        text = "No files here."
    elif not snapshot.runs:
        text = f"No training found in {len(snapshot.files):,} files ({skipped:,} skipped)."
    else:
        text = (
            f"{len(executed):,} executed runs ({by_status['success']:,} success, {by_status['failed']:,} failed, "
            f"{by_status['unknown']:,} unknown) and {declared:,} declared in {len(snapshot.files):,} files "
            f"({skipped:,} skipped)."
        )
    return f"{text}\n{document}"
