"""What a person sees while a scan or a replay runs and when it is done: a progress line, a summary, safe text."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reference_runs.records import Claim
    from reference_runs.replay import Progress as ReplayProgress
    from scanner.pipeline import Progress
    from scanner.records import Counts, Verdict


def one_line(text: str) -> str:
    """One line that no terminal can be steered by."""
    return "".join(c if c.isprintable() else " " for c in text)


class Terminated(KeyboardInterrupt):
    """Somebody asked the program to end (SIGTERM): it does so as at Ctrl-C, tidily."""


_asked: list[int] = []
"""Signals that have asked the program to end."""


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Make SIGTERM an exception, and text that a terminal's encoding does not know no error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    if before[signal.SIGINT] is signal.default_int_handler:  # a program in the background may ignore it
        signal.signal(signal.SIGINT, _end)
    signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _asked.clear()


def _end(number: int, frame: object) -> None:
    _asked.append(number)
    end_if_asked()


def end_if_asked() -> None:
    """Raise again what a library may have swallowed that was being loaded when the signal came."""
    if _asked:
        raise Terminated if _asked[-1] == signal.SIGTERM else KeyboardInterrupt


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
        end_if_asked()
        if self._bar is not None:
            seconds = max(self._bar.tasks[0].elapsed or 0.0, 0.001)
            rate = f"{progress.n_files / seconds:,.0f} files/s, {progress.n_bytes / 1e6 / seconds:,.1f} MB/s"
            self._bar.update(
                self._task,
                description=f"{progress.stage}: {progress.n_files:,} files ({rate}), {progress.n_found:,} found",
            )


def summary(found: Counts, document: Path) -> str:
    """What a scan found, and where the document is."""
    n_executed = found.n_success + found.n_failed + found.n_unknown
    if not found.n_files and not found.n_skipped:
        text = "No files here."
    elif not n_executed and not found.n_declared:
        text = f"No training found in {found.n_files:,} files ({found.n_skipped:,} skipped)."
    else:
        text = (
            f"{n_executed:,} executed runs ({found.n_success:,} success, {found.n_failed:,} failed, "
            f"{found.n_unknown:,} unknown) and {found.n_declared:,} declared in {found.n_files:,} files "
            f"({found.n_skipped:,} skipped)."
        )
    return f"{text}\n{document}"


class ReplayWatch:
    """Shows the progress of a replay and each verdict as it falls: a bar on a terminal, plain lines elsewhere."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._bar: Any = None
        self._task: Any = None
        self._said: set[str] = set()

    def __enter__(self) -> ReplayWatch:
        if not self._quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bar

            columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
            self._bar = Bar(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task("", total=None)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, progress: ReplayProgress) -> None:
        if self._quiet:
            return
        for verdict in progress.verdicts:
            if verdict.claim not in self._said:
                self._said.add(verdict.claim)
                line = verdict_line(verdict)
                if self._bar is not None:
                    self._bar.console.print(line, markup=False, highlight=False)
                else:
                    print(line, file=sys.stderr, flush=True)
        if self._bar is not None:
            left = f"about {max(1, round(progress.remaining_s / 60))} min left" if progress.remaining_s > 0 else ""
            self._bar.update(self._task, total=progress.n_jobs, completed=progress.n_done, description=left)


_MARKS = {"confirmed": "✓", "refuted": "✗", "inconclusive": "~", "not_testable": "-"}
_STATUS = {
    "confirmed": "confirmed",
    "refuted": "refuted",
    "inconclusive": "inconclusive",
    "not_testable": "not testable here",
}


def verdict_line(verdict: Verdict) -> str:
    """A verdict on one line: `✗ M7  refuted (predicted)  saving 0.47 [0.28 .. 0.58], stated saving 0.3`."""
    mark, status = _MARKS[verdict.status], _STATUS[verdict.status]
    basis = f" ({verdict.basis})" if verdict.status != "not_testable" else ""
    found = ", ".join(_figure(figure) for figure in verdict.figures[:1])
    stated = ", ".join(_figure(figure) for figure in verdict.stated)
    parts = [found, f"stated {stated}" if stated and found else "", verdict.reason, *(e for _, e in verdict.errors[:1])]
    return one_line(f"{mark} {verdict.claim:<4}{status + basis:<26} {'; '.join(part for part in parts if part)}")


def _figure(figure: Any) -> str:
    value = f"{figure.value:.4g}" if isinstance(figure.value, float) else str(figure.value)
    span = f" [{figure.low:.4g} .. {figure.high:.4g}]" if figure.low is not None and figure.high is not None else ""
    return f"{figure.name} {value}{span}"


def verdict_summary(verdicts: Sequence[Verdict]) -> str:
    """How many claims got which verdict."""
    counts = {status: sum(v.status == status for v in verdicts) for status in _STATUS}
    decided = counts["confirmed"] + counts["refuted"]
    rest = ", ".join(f"{counts[s]} {_STATUS[s]}" for s in _STATUS)
    return (
        f"{decided} of {len(verdicts)} claims decided: {rest}.\n"
        "They stand in the document of the same folder; `scan-trainings explain M7` shows one with its numbers."
    )


def claim_list(claims: Sequence[Claim]) -> str:
    """The catalogue: id, cost, and what is asked."""
    return "\n".join(f"{claim.id:<4}{claim.cost:<6}{claim.asks}" for claim in claims)
