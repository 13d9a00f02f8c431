"""Cutting one console text into the executions it holds: a log that was appended to, a sweep, several fits.

Works on events alone (what formats and line rules stated, in the order of the lines), so that every format profits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

EventKind = Literal["launch", "relaunch", "start", "end", "fatal", "setting", "epoch", "step"]


class Event(NamedTuple):
    """Something at a line that bears on where one execution ends and the next begins."""

    line: int
    kind: EventKind
    key: str = ""
    """Settings: the field; counters: what they count for ("train_loss")."""
    number: float = 0.0
    """Counters: the value."""


HEADER_LINES = 20
"""A launch so close below a start is what was started: a job script announces the training, then prints its command."""


@dataclass(slots=True)
class _Execution:
    """What has been seen of the execution at hand."""

    started: bool = False
    started_at: float = float("inf")
    """Line of its first start."""
    relaunched: bool = False
    """Whether the log's first lines stand at its beginning."""
    progressed: bool = False
    fatal: bool = False
    ended: bool = False
    settings: set[str] = field(default_factory=set)
    first: dict[tuple[str, str], float] = field(default_factory=dict)
    last: dict[tuple[str, str], float] = field(default_factory=dict)
    has_epochs: bool = False

    @property
    def is_over(self) -> bool:
        """Whether a new start here would be another execution."""
        return self.progressed or self.fatal or self.ended

    @property
    def is_open(self) -> bool:
        """Whether anything was seen at all."""
        return self.is_over or self.started or self.relaunched or bool(self.settings)


def cut(events: Iterable[Event]) -> list[int]:
    """The first line of each execution after the first, ascending; empty when the text holds one.

    A launch always cuts once anything was seen. A start, the log's first lines standing again, or a setting stated
    again cut when the execution at hand has failed or ended. After mere progress they cut only if what follows shows
    another execution: a counter that does not go on (loops announce every epoch, worker processes print their first
    lines), an error, a second start. A counter that falls back to where it began cuts. A cut is placed before the
    settings that stand between the last sign of the old execution and the first of the new one.
    """
    cuts: list[int] = []
    now = _Execution()
    pending: int | None = None
    restarts: list[int] = []
    for event in sorted(events, key=lambda e: e.line):
        line = event.line if pending is None else pending
        if restarts and _confirms(now, event):
            cuts += restarts
            now, pending, restarts = _Execution(started=True), None, []
        if event.kind == "launch":
            if now.is_over or now.settings or event.line - now.started_at > HEADER_LINES:
                cuts.append(min(line, event.line))
                now, restarts = _Execution(), []
            pending = None
        elif event.kind in ("start", "relaunch"):
            if now.fatal or now.ended:
                cuts.append(line)
                now, pending, restarts = _Execution(), None, []
            elif (now.progressed or (event.kind == "relaunch" and now.is_open)) and not (
                event.kind == "start" and restarts
            ):
                restarts.append(line)
            if event.kind == "start":
                now.started = True
                now.started_at = min(now.started_at, event.line)
            now.relaunched = now.relaunched or event.kind == "relaunch"
        elif event.kind == "setting":
            if now.is_over and pending is None:
                pending = event.line
            if now.fatal and event.key in now.settings:
                cuts.append(line)
                now, pending = _Execution(), None
            elif now.ended and event.key in now.settings and not restarts:
                restarts.append(line)  # a closing summary, unless a sign of another execution follows
            now.settings.add(event.key)
        elif event.kind in ("epoch", "step"):
            if _falls_back(now, event):
                cuts.append(line)
                now = _Execution()
            pending, restarts = None, []
            _count(now, event)
        elif event.kind == "fatal":
            if now.fatal and not now.progressed and pending is not None:
                cuts.append(pending)
                now = _Execution()
            now.fatal = True
            pending = None
        elif event.kind == "end":
            now.ended = True
            pending, restarts = None, []
    return sorted(set(cuts))


def _confirms(now: _Execution, event: Event) -> bool:
    """Whether a sign after a possible restart shows that it was one."""
    if event.kind == "fatal":
        return True
    if event.kind == "end":
        return now.ended
    if event.kind == "start":
        return now.started and not now.progressed
    if event.kind == "setting":
        return not now.progressed and event.key in now.settings
    return event.kind in ("epoch", "step") and now.progressed and not _goes_on(now, event)


def _count(now: _Execution, event: Event) -> None:
    key = (event.kind, event.key)
    now.first.setdefault(key, event.number)
    if key in now.last and event.number > now.last[key]:
        now.fatal = False  # the training goes on: the error was handled
    now.last[key] = event.number
    now.progressed = True
    now.has_epochs = now.has_epochs or event.kind == "epoch"


def _goes_on(now: _Execution, event: Event) -> bool:
    """Whether a counter has risen over what the execution at hand had reached."""
    if event.kind == "step" and now.has_epochs:
        return ("epoch", event.key) in now.last  # the epoch on the same line, or on the next one, decides
    last = now.last.get((event.kind, event.key))
    return last is not None and event.number > last


def _falls_back(now: _Execution, event: Event) -> bool:
    """A counter that had risen is back where it began: steps only where no epochs are counted (they may restart)."""
    if event.kind == "step" and now.has_epochs:
        return False
    key = (event.kind, event.key)
    if key not in now.last:
        return False
    first, last = now.first[key], now.last[key]
    return event.number < last and event.number <= first and last > first
