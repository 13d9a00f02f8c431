"""Columns of metrics to curves: what `extract` does with single statements, for many lines at once.

The result is the one that the same numbers would give one by one: curves in the order of their first point, the points
of a curve in the order of the lines.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from scanner.formats._base import Document, Rows
from scanner.intake.segment import Event, EventKind
from scanner.knowledge import name_metric
from scanner.records import Series

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SeriesKey = tuple[str, str, int, str]
"""Metric, key as written, segment, format."""
Birth = tuple[int, int, int, int]
"""Place of a curve's first point in the order of a document: line, order of what stated it, 0 for a column, its key."""


class Block(NamedTuple):
    """Columns with the document and the format that they are of."""

    rows: Rows
    document: Document
    found_by: str
    order: int
    """How much was stated before."""


class _Piece(NamedTuple):
    """Points of one curve."""

    axes: tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]
    """Lines, steps and epochs."""
    values: NDArray[np.float64]
    pointers: Sequence[str] = ()
    """Inner addresses; empty where there are none."""

    @property
    def places(self) -> Sequence[str]:
        """An inner address for each point."""
        return self.pointers or [""] * len(self.values)


class _Axes:
    """Lines and counters of curves, in the order of the lines."""

    def __init__(self, pieces: Sequence[_Piece]) -> None:
        import numpy as np  # a large import, which few files need

        lines, steps, epochs = (np.concatenate(parts) for parts in zip(*(piece.axes for piece in pieces), strict=True))
        self.order = np.argsort(lines, kind="stable")
        self.lines = array("q", lines[self.order].tobytes())
        self.steps = array("d", steps[self.order].tobytes())
        self.epochs = array("d", epochs[self.order].tobytes())

    def in_order(self, values: Sequence[NDArray[np.float64]]) -> array[float]:
        """A column of the pieces in the same order."""
        import numpy as np

        return array("d", np.concatenate(values)[self.order].tobytes())


Place = tuple[int, int]
"""A line, and the order of what stated it."""


def share(curves: Iterable[Series]) -> None:
    """Let curves with the same steps or epochs hold them once."""
    known: dict[bytes, array[float]] = {}
    for curve in curves:
        curve.steps = known.setdefault(curve.steps.tobytes(), curve.steps)
        curve.epochs = known.setdefault(curve.epochs.tobytes(), curve.epochs)


def counted(blocks: Sequence[Block], others: Sequence[Place]) -> list[tuple[Place, Event]]:
    """The counter of each line, its epoch, else its step, in the order of the lines.

    Left out is what stands in the middle of a counter's rise: between its neighbours in number, and nothing else stands
    between them; `others` are the places of all else that bears on executions, in their order.
    """
    import numpy as np  # a large import, which few files need

    counters = [(block, kind, axis) for block in blocks if block.rows.segment is None for kind, axis in _counter(block)]
    if not counters:
        return []
    lines = np.concatenate([np.asarray(block.rows.lines, dtype=np.int64) for block, _, _ in counters])
    numbers = np.concatenate([axis for _, _, axis in counters])
    which = np.repeat(np.arange(len(counters)), [len(axis) for _, _, axis in counters])
    places = (lines << 32) + np.array([block.order for block, _, _ in counters])[which]
    order = np.argsort(places, kind="stable")
    places, numbers, which = places[order], numbers[order], which[order]
    said = {(kind, block.found_by): n for n, (block, kind, _) in enumerate(counters)}
    same = np.array([said[kind, block.found_by] for block, kind, _ in counters])[which]
    between = np.searchsorted(np.array([(line << 32) + n for line, n in others], dtype=np.int64), places)
    goes_on = (same[1:] == same[:-1]) & (between[1:] == between[:-1]) & (numbers[:-1] <= numbers[1:])
    kept = np.ones(len(places), dtype=bool)
    kept[1:-1] = ~(goes_on[:-1] & goes_on[1:])
    found: list[tuple[Place, Event]] = []
    for place, number, at in zip(*(places[kept].tolist(), numbers[kept].tolist(), which[kept].tolist()), strict=True):
        block, kind, _ = counters[at]
        line = place >> 32
        found.append(((line, block.order), Event(line, kind, block.found_by, number)))
    return found


def _counter(block: Block) -> Iterator[tuple[EventKind, NDArray[np.float64]]]:
    steps, epochs = _counters(block.rows)
    if epochs is not None:
        yield "epoch", epochs
    elif steps is not None:
        yield "step", steps


def add_rows(
    blocks: Sequence[Block],
    cuts: Sequence[int],
    base: int,
    series: dict[SeriesKey, Series],
    born: dict[SeriesKey, Birth],
) -> int:
    """Put the numbers of a document's columns into its curves; returns the next free segment."""
    import numpy as np  # a large import, which few files need

    pieces: dict[SeriesKey, list[_Piece]] = defaultdict(list)
    top = base
    for block in blocks:
        steps, epochs = _counters(block.rows)
        every = np.asarray(block.rows.lines, dtype=np.int64)
        unknown = np.full(len(every), np.nan)
        counts = (unknown if steps is None else steps, unknown if epochs is None else epochs)
        columns = list(map(_numbers, block.rows.columns))
        own = block.rows.segment
        for segment, part in _parts(every, cuts) if own is None else ((own, slice(None)),):
            top = max(top, base + segment + 1)
            lines = every[part]
            counters = lines, counts[0][part], counts[1][part]
            for at, key in enumerate(block.rows.keys):
                name = name_metric(key)
                if name is None:
                    continue
                metric = f"counter:{name.name}" if name.kind == "counter" else name.name
                curve = (metric, key, base + segment, block.found_by)
                pieces[curve].append(_Piece(counters, columns[at][part], block.rows.pointers[part]))
                birth = (int(lines[0]), block.order, 0, at)
                born[curve] = min(birth, born.get(curve, birth))
    known: dict[tuple[int, ...], _Axes] = {}
    for curve, found in pieces.items():
        made = series.get(curve)
        if made is not None:
            counters = np.array(made.lines), np.array(made.steps), np.array(made.epochs)
            found = [_Piece(counters, np.array(made.values), made.pointers or [made.pointer] * len(made)), *found]
            axes = _Axes(found)
        else:
            made = series[curve] = Series(curve[0], curve[1], blocks[0].document.path, curve[2], curve[3])
            # The keys of the same columns share their lines and counters.
            shared = tuple(id(piece.axes) for piece in found)
            axes = known.get(shared) or known.setdefault(shared, _Axes(found))
        made.lines, made.steps, made.epochs = axes.lines, axes.steps, axes.epochs
        made.values = axes.in_order([piece.values for piece in found])
        if any(piece.pointers for piece in found):
            every_place = [place for piece in found for place in piece.places]
            made.pointers = [every_place[at] for at in axes.order]
            made.pointer = made.pointers[0]
            if made.pointers.count(made.pointer) == len(made.pointers):
                made.pointers = []
    for curve in sorted(born, key=born.__getitem__):
        series[curve] = series.pop(curve)
    return top


def _numbers(column: Sequence[str | float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """A column as numbers; those written as text are read as Python reads them."""
    import numpy as np

    if isinstance(column, np.ndarray):
        return column
    return np.fromiter(map(float, column), dtype=np.float64, count=len(column))


def _counters(rows: Rows) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Steps and epochs of the lines: as stated, else as a counter among the keys tells them."""
    stated = (("step", rows.steps), ("epoch", rows.epochs))
    found = {name: _numbers(column) for name, column in stated if column is not None}
    for key, column in zip(rows.keys, rows.columns, strict=True):
        name = name_metric(key)
        if name is not None and name.kind == "counter" and name.name not in found:
            found[name.name] = _numbers(column)
    return found.get("step"), found.get("epoch")


def _parts(lines: NDArray[np.int64], cuts: Sequence[int]) -> Iterable[tuple[int, slice]]:
    """(segment, its part of the lines) of each segment that holds any."""
    bounds = [0, *lines.searchsorted(cuts).tolist(), len(lines)]
    return ((n, slice(a, b)) for n, (a, b) in enumerate(pairwise(bounds)) if a < b)
