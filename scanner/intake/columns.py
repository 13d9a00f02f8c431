"""Columns of metrics to curves: what `extract` does with single statements, for many lines at once.

The result is the one that the same numbers would give one by one: curves in the order of their first point, the points
of a curve in the order of the lines.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from scanner.formats._base import Document, Rows
from scanner.intake.segment import Event
from scanner.knowledge import name_metric
from scanner.records import Series

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

    lines: Sequence[int]
    values: Sequence[float]
    steps: Sequence[float]
    epochs: Sequence[float]


def counted(block: Block) -> Iterator[Event]:
    """The counter of each line: its epoch, else its step."""
    if block.rows.segment is not None:
        return
    steps, epochs = _counters(block.rows)
    if epochs is not None:
        yield from (Event(line, "epoch", block.found_by, n) for line, n in zip(block.rows.lines, epochs, strict=True))
    elif steps is not None:
        yield from (Event(line, "step", block.found_by, n) for line, n in zip(block.rows.lines, steps, strict=True))


def add_rows(
    blocks: Sequence[Block],
    cuts: Sequence[int],
    base: int,
    series: dict[SeriesKey, Series],
    born: dict[SeriesKey, Birth],
) -> int:
    """Put the numbers of a document's columns into its curves; returns the next free segment."""
    pieces: dict[SeriesKey, list[_Piece]] = defaultdict(list)
    top = base
    for block in blocks:
        steps, epochs = _counters(block.rows)
        columns = [list(map(float, column)) for column in block.rows.columns]
        own = block.rows.segment
        for segment, part in _parts(block.rows.lines, cuts) if own is None else ((own, slice(None)),):
            top = max(top, base + segment + 1)
            lines = block.rows.lines[part]
            unknown = [math.nan] * len(lines)
            axes = (steps[part] if steps else unknown, epochs[part] if epochs else unknown)
            for at, key in enumerate(block.rows.keys):
                name = name_metric(key)
                if name is None:
                    continue
                metric = f"counter:{name.name}" if name.kind == "counter" else name.name
                curve = (metric, key, base + segment, block.found_by)
                pieces[curve].append(_Piece(lines, columns[at][part], *axes))
                birth = (lines[0], block.order, 0, at)
                born[curve] = min(birth, born.get(curve, birth))
    for curve, found in pieces.items():
        known = series.get(curve)
        path = blocks[0].document.path
        series[curve] = _joined(known or Series(curve[0], curve[1], path, curve[2], curve[3]), found)
    for curve in sorted(born, key=born.__getitem__):
        series[curve] = series.pop(curve)
    return top


def _counters(rows: Rows) -> tuple[list[float] | None, list[float] | None]:
    """Steps and epochs of the lines: as stated, else as a counter among the keys tells them."""
    found = {name: column for name, column in (("step", rows.steps), ("epoch", rows.epochs)) if column is not None}
    for key, column in zip(rows.keys, rows.columns, strict=True):
        name = name_metric(key)
        if name is not None and name.kind == "counter" and name.name not in found:
            found[name.name] = list(map(float, column))
    return found.get("step"), found.get("epoch")


def _parts(lines: Sequence[int], cuts: Sequence[int]) -> Iterable[tuple[int, slice]]:
    """(segment, its part of the lines) of each segment that holds any."""
    bounds = [0, *(bisect_left(lines, cut) for cut in cuts), len(lines)]
    return ((n, slice(a, b)) for n, (a, b) in enumerate(pairwise(bounds)) if a < b)


def _joined(curve: Series, pieces: Iterable[_Piece]) -> Series:
    """The curve with the points of the pieces, in the order of the lines."""
    for piece in pieces:
        curve.lines.extend(piece.lines)
        curve.values.extend(piece.values)
        curve.steps.extend(piece.steps)
        curve.epochs.extend(piece.epochs)
        if curve.pointers:
            curve.pointers.extend([""] * len(piece.lines))
    order = sorted(range(len(curve.lines)), key=curve.lines.__getitem__)
    for name, code in (("lines", "q"), ("values", "d"), ("steps", "d"), ("epochs", "d")):
        column = getattr(curve, name)
        setattr(curve, name, array(code, map(column.__getitem__, order)))
    if curve.pointers:
        curve.pointers[:] = map(curve.pointers.__getitem__, order)
    return curve
