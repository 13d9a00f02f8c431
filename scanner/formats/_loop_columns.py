"""Lines that a hand-written loop prints again and again, as columns.

A line that states nothing but its own numbers is read once a shape; the others of its shape are taken out of the
reader's pass. What the reader knows from line to line (the epoch at hand, plans told) is caught up with from the
columns where it is asked for. What the columns cannot show to be as it would be line by line is `Irregular`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from scanner.formats._base import Document, Rows
from scanner.formats._loop_items import Item, Line
from scanner.formats._places import Lines
from scanner.formats._sieve import MANY, Sieve

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MIN_ALIKE = 32
"""Lines of one shape that make columns worth their while."""


class Irregular(Exception):
    """Columns would not tell what the lines tell one by one."""


class Counter(NamedTuple):
    """A counter of the lines of a shape: its numbers and the total that it counts to."""

    numbers: NDArray[np.float64]
    total: int | None


class Column:
    """The lines of one shape."""

    def __init__(
        self, places: NDArray[np.int64], scope: str | None, epoch: Counter | None, step: Counter | None
    ) -> None:
        self.places = places
        """0-based, all of the shape."""
        self.scope = scope
        """The split that each line puts in force; None where the one in force before goes on."""
        self.epoch = epoch
        self.step = step
        self.keys: tuple[str, ...] = ()
        self.values: list[NDArray[np.float64]] = []
        self.is_open = False
        self.begin = 0
        """Index of the first place that is taken, while it is open."""
        self.parts: list[tuple[int, int]] = []
        """Indices (begin, end) of what was taken before."""

    def last_before(self, place: int) -> int:
        """Index of the last line taken before a place, -1 for none."""
        if self.is_open and (at := int(self.places.searchsorted(place)) - 1) >= self.begin:
            return at
        ends = [end for begin, end in self.parts if begin < end]
        return max((end - 1 for end in ends if self.places[end - 1] < place), default=-1)

    @cached_property
    def taken(self) -> NDArray[np.int64]:
        """Indices of all lines taken, once it is closed for good."""
        import numpy as np

        return np.concatenate([np.arange(begin, end) for begin, end in self.parts])


class LoopColumns:
    """The columns of a document."""

    def __init__(self, document: Document, sieve: Sieve) -> None:
        self._document = document
        self._shapes = document.shapes()
        self._sieve = sieve
        self._columns: dict[int, Column | None] = {}
        """By shape; None for a shape that is read line by line."""

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self._document.lines)

    @cached_property
    def _is_claimed(self) -> NDArray[np.bool_]:
        import numpy as np

        found = np.zeros(len(self._document.lines) + 1, dtype=bool)
        found[[line for line in self._document.claimed if line < len(found)]] = True
        return found[1:]

    def __bool__(self) -> bool:
        return any(self._columns.values())

    def take(self, line: int, frame: str, shape: int, begin: int, known: Line, scope: str) -> bool:
        """Whether a line is read as a part of columns.

        `known` is what a line of its shape holds behind its first `begin` characters, `scope` the split in force.
        """
        if shape not in self._columns:
            counts = any(item.kind in ("epoch", "step") for item in known.items)
            if len(self._document.lines) < MANY or (scope and not counts):
                return False
            if frame is not self._document.lines[line - 1]:
                return False
            self._columns[shape] = self._column(shape, begin, known)
        column = self._columns[shape]
        if column is None or frame is not self._document.lines[line - 1]:
            return False
        if not column.is_open:
            if column.scope is None and (scope or self._name_scopes):
                return False
            if column.scope:
                self.settle_scoped(line)
            column.is_open, column.begin = True, int(column.places.searchsorted(line - 1))
            self._sieve.taken.add(shape)
        return True

    @property
    def _name_scopes(self) -> bool:
        return any(column is not None and column.scope for column in self._columns.values())

    def settle_scoped(self, line: int) -> None:
        """From a line on read again one by one what stands under the split in force."""
        for shape, column in self._columns.items():
            if column is not None and column.scope is None:
                self._close(shape, column, line)

    def _close(self, shape: int, column: Column, line: int) -> None:
        if column.is_open:
            column.parts.append((column.begin, int(column.places.searchsorted(line - 1))))
            column.is_open = False
            self._sieve.give_back((shape,))

    def epoch_before(self, line: int) -> tuple[int, float] | None:
        """(line, epoch) of the last line taken before a line that counts epochs."""
        best: tuple[int, float] | None = None
        for column in self._columns.values():
            if column is not None and column.epoch is not None and (at := column.last_before(line - 1)) >= 0:
                place = int(column.places[at]) + 1
                if best is None or place > best[0]:
                    best = place, float(column.epoch.numbers[at])
        return best

    def scope_before(self, line: int) -> tuple[int, str] | None:
        """(line, split) of the last line taken before a line that puts a split, or none, in force."""
        best: tuple[int, str] | None = None
        for column in self._columns.values():
            if column is not None and column.scope is not None and (at := column.last_before(line - 1)) >= 0:
                place = int(column.places[at]) + 1
                if best is None or place > best[0]:
                    best = place, column.scope
        return best

    def plan_before(self, line: int, mark: str) -> tuple[int, float, float] | None:
        """(line, count, total) of the last line taken before a line that counts to a total."""
        best: tuple[int, float, float] | None = None
        for column in self._columns.values():
            counter = column and (column.epoch if mark == "plan_epochs" else column.step)
            if column and counter and counter.total is not None and (at := column.last_before(line - 1)) >= 0:
                place = int(column.places[at]) + 1
                if best is None or place > best[0]:
                    best = place, float(counter.numbers[at]), counter.total
        return best

    @property
    def count_epochs(self) -> bool:
        """Whether any of the lines state the number of an epoch."""
        return any(column is not None and column.epoch is not None for column in self._columns.values())

    def closed(self) -> list[Column]:
        """All columns, at the end of the document."""
        for shape, column in self._columns.items():
            if column is not None:
                self._close(shape, column, len(self._document.lines) + 1)
        return [
            column for column in self._columns.values() if column is not None and any(a < b for a, b in column.parts)
        ]

    def _column(self, shape: int, begin: int, known: Line) -> Column | None:
        """The column of a shape, where its lines state a measurement and their own counters alone."""
        counters = {item.kind: item for item in reversed(known.items) if item.kind in ("epoch", "step")}
        metrics = [item for item in known.items if item.kind == "metric" and (item.whole or counters)]
        companions = [item for item in known.items if item.kind == "companion"]
        # What counts stands under no heading; it begins a stretch of its own.
        scope = known.scope if counters else None
        if not metrics or (scope is None and known.names_scope) or any(item.is_best for item in metrics):
            return None
        places = ((self._shapes.numbers == shape) & ~self._is_claimed).nonzero()[0]
        written = [(begin + at, digits) for at, digits in known.literals]
        if len(places) < MIN_ALIKE or not self._lines.all_hold(places, self._shapes.texts[shape], written):
            return None
        try:
            found = Column(
                places, scope, *(self._counter(places, shape, begin, counters.get(k)) for k in ("epoch", "step"))
            )
            found.keys = tuple(item.key for item in (*metrics, *companions))
            found.values = [self._numbers(places, shape, begin, item.span) for item in (*metrics, *companions)]
        except Irregular:
            return None
        return found

    def _counter(self, places: NDArray[np.int64], shape: int, begin: int, item: Item | None) -> Counter | None:
        if item is None:
            return None
        numbers = self._numbers(places, shape, begin, item.span)
        if item.total is None:
            return Counter(numbers, None)
        totals = self._numbers(places, shape, begin, item.total_span)
        if (totals != totals[0]).any() or (numbers > totals).any():
            raise Irregular
        return Counter(numbers, int(totals[0]))

    def _numbers(self, places: NDArray[np.int64], shape: int, begin: int, span: tuple[int, int]) -> NDArray[np.float64]:
        text = self._shapes.texts[shape]
        at = begin + span[0], begin + span[1]
        if "," in text[at[0] : at[1]]:
            raise Irregular
        return self._lines.numbers(places, text, at)


class Said(NamedTuple):
    """What lines read one by one bring along that bears on columns."""

    epochs: Sequence[tuple[int, float | None]]
    """(line, epoch) wherever the epoch at hand changed; None where it was forgotten."""
    plans: Sequence[tuple[int, str, float, float]]
    """(line, mark, count, total) of every counter with a total; a mark "" where all plans were forgotten."""
    counts: Sequence[tuple[int, float, float]]
    """(line, epoch, step) of the records with both."""


def joined(columns: Sequence[Column], said: Said) -> tuple[bool, list[Rows]]:
    """Whether steps begin anew with each epoch, and the columns with epoch and step of each line. Raises Irregular."""
    import numpy as np

    epochs = _epochs_at_hand(columns, said)
    _check_plans(columns, epochs, said)
    restarts = _steps_restart(columns, epochs, said)
    found: list[Rows] = []
    for column, epoch in zip(columns, epochs, strict=True):
        known = ~np.isnan(epoch)
        for part in (~known, known):
            if part.any():
                at = column.taken[part]
                is_inner = column.step is not None and column.step.total is not None and part is known
                steps = None if column.step is None or restarts or is_inner else column.step.numbers[at]
                values = [numbers[at] for numbers in column.values]
                at_hand = epoch[part] if part is known else None
                found.append(Rows(column.keys, column.places[at] + 1, values, at_hand, steps))
    return restarts, found


def _epochs_at_hand(columns: Sequence[Column], said: Said) -> list[NDArray[np.float64]]:
    """The epoch that each line taken states or finds; NaN for none."""
    import numpy as np

    own = [column for column in columns if column.epoch is not None]
    changes = [np.array([(line - 1, np.nan if n is None else n) for line, n in said.epochs]).reshape(-1, 2)]
    changes += [np.column_stack((c.places[c.taken], c.epoch.numbers[c.taken])) for c in own if c.epoch is not None]
    merged = np.concatenate(changes)
    merged = merged[np.argsort(merged[:, 0], kind="stable")]
    found = []
    for column in columns:
        if column.epoch is not None:
            found.append(column.epoch.numbers[column.taken])
            continue
        at = np.searchsorted(merged[:, 0], column.places[column.taken]) - 1
        found.append(
            np.where(at >= 0, merged[np.maximum(at, 0), 1], np.nan) if len(merged) else np.full(len(at), np.nan)
        )
    return found


def _check_plans(columns: Sequence[Column], epochs: Sequence[NDArray[np.float64]], said: Said) -> None:
    """Raises Irregular where a line taken would state a plan: one of another total, or a counter that fell back."""
    import numpy as np

    for mark in ("plan_epochs", "plan_steps"):
        events = [
            np.array([(line, n, total if m else -1, 0) for line, m, n, total in said.plans if m in (mark, "")]).reshape(
                -1, 4
            )
        ]
        for column, epoch in zip(columns, epochs, strict=True):
            counter = column.epoch if mark == "plan_epochs" else column.step
            if counter is None or counter.total is None:
                continue
            at = column.taken if mark == "plan_epochs" else column.taken[np.isnan(epoch)]
            rows = np.ones((len(at), 4))
            rows[:, 0], rows[:, 1], rows[:, 2] = column.places[at] + 1, counter.numbers[at], counter.total
            events.append(rows)
        merged = np.concatenate(events)
        merged = merged[np.argsort(merged[:, 0], kind="stable")]
        taken = merged[:, 3] == 1
        if (
            taken[:1].any()
            or (taken[1:] & ((merged[1:, 2] != merged[:-1, 2]) | (merged[1:, 1] < merged[:-1, 1]))).any()
        ):
            raise Irregular


def _steps_restart(columns: Sequence[Column], epochs: Sequence[NDArray[np.float64]], said: Said) -> bool:
    """Whether steps begin anew with each epoch, among the lines of both kinds."""
    import numpy as np

    counts = [np.array(said.counts, dtype=np.float64).reshape(-1, 3)]
    for column, epoch in zip(columns, epochs, strict=True):
        if column.step is not None:
            counts.append(np.column_stack((column.places[column.taken] + 1, epoch, column.step.numbers[column.taken])))
    merged = np.concatenate(counts)
    merged = merged[~np.isnan(merged[:, 1])]
    merged = merged[np.argsort(merged[:, 0], kind="stable")]
    return bool(((merged[1:, 1] > merged[:-1, 1]) & (merged[1:, 2] <= merged[:-1, 2])).any())
