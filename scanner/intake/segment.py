"""Cutting one console text into the executions it holds: a log that was appended to, a sweep, several fits.

Works on events alone (what formats and line rules stated, in the order of the lines), so that every format profits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

EventKind = Literal["launch", "echo", "start", "end", "fatal", "setting", "epoch", "step", "plan"]


class Event(NamedTuple):
    """Something at a line that bears on where one execution ends and the next begins."""

    line: int
    kind: EventKind
    key: str = ""
    """Settings: the field; counters: what they count for ("train_loss")."""
    number: float = 0.0
    """Counters: the value."""


@dataclass(slots=True)
class _Execution:
    """What has been seen of the execution at hand."""

    started: bool = False
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


def cut(events: Iterable[Event]) -> list[int]:
    """The first line of each execution after the first, ascending; empty when the text holds one.

    A launch always cuts once anything was seen. A start, or a setting stated again after the end, cuts when the
    execution at hand has failed or ended; a start after mere progress cuts unless the counters go on from where they
    were (loops that announce every epoch, resumes). A counter that falls back to where it began cuts. The cut is
    placed before the settings that stand between the last sign of the old execution and the first of the new one.
    """
    cuts: list[int] = []
    now = _Execution()
    pending: int | None = None
    restart: int | None = None
    for event in sorted(events, key=lambda e: e.line):
        if restart is not None and event.kind in ("epoch", "step", "fatal", "end"):
            if event.kind == "fatal" or not _goes_on(now, event):
                cuts.append(restart)
                now, pending = _Execution(started=True), None
            restart = None
        if event.kind in ("launch", "echo"):
            if now.is_over or (event.kind == "launch" and (now.started or now.settings)):
                cuts.append(event.line if pending is None else min(pending, event.line))
                now, pending, restart = _Execution(), None, None
        elif event.kind == "start":
            if now.fatal or now.ended:
                cuts.append(event.line if pending is None else pending)
                now, pending = _Execution(), None
            elif now.progressed and restart is None:
                restart = event.line if pending is None else pending
            now.started = True
        elif event.kind == "setting":
            if now.is_over and pending is None:
                pending = event.line
            if (now.fatal or now.ended) and event.key in now.settings:
                cuts.append(event.line if pending is None else pending)
                now, pending = _Execution(), None
            now.settings.add(event.key)
        elif event.kind in ("epoch", "step"):
            if _falls_back(now, event):
                cuts.append(event.line if pending is None else pending)
                now = _Execution()
            pending = None
            _count(now, event)
        elif event.kind == "fatal":
            now.fatal = True
            pending = None
        elif event.kind == "end":
            now.ended = True
            pending = None
    return sorted(set(cuts))


def _count(now: _Execution, event: Event) -> None:
    key = (event.kind, event.key)
    now.first.setdefault(key, event.number)
    now.last[key] = event.number
    now.progressed = True
    now.has_epochs = now.has_epochs or event.kind == "epoch"


def _goes_on(now: _Execution, event: Event) -> bool:
    """Whether a sign after a further start belongs to the execution at hand: its end, or a counter that has risen."""
    if event.kind == "end":
        return True
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
