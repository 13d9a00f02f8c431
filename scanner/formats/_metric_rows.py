"""Rows of measurements as hand-written and small loggers keep them: a table's lines, or JSON objects one after another.

    epoch,train_loss,val_loss,lr          {"epoch": 0, "train_loss": 6.9, "test_acc1": 0.12, "n_parameters": 5717416}

Such a table is a training's where a counter rises from row to row and a loss (or the accuracy of each epoch) is
measured at it. A table of results by model, of trials of a search, or of a data set with a column `loss` has no such
counter. A counter that falls back to its beginning belongs to the next execution that was appended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from scanner.formats._base import Rows, Stated, Vocabulary, parse_number

Cell = str | float | int | bool | None


class Row(NamedTuple):
    """One row with its place."""

    cells: Mapping[str, Cell]
    line: int
    pointer: str = ""


class Shape(NamedTuple):
    """What the columns of a training's rows are."""

    epoch: str | None
    step: str | None
    phase: str | None
    metrics: tuple[str, ...]


OTHER_SPLIT = re.compile(r"(?:^|[^A-Za-z])(?i:val(?:id(?:ation)?)?|eval(?:uation)?|test(?:ing)?|dev)(?![a-z])")
"""A key that speaks of another split than the training's."""

LOG_NAME = re.compile(r"(?:^|[_.-])(?:log|logs|history|metrics?|loss(?:es)?|progress)(?:$|[_.\d-])", re.IGNORECASE)
"""Stems of files that are a log although nothing in them counts."""

_STEPS = frozenset({"i", "iter", "iters", "iteration", "iterations", "steps", "it", "n_iter", "batches_done"})
_PHASES = frozenset({"phase", "split", "mode", "stage", "subset", "set", "partition"})
_PHASE_WORDS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val"}
_PHASE_WORDS |= {"eval": "val", "dev": "val", "test": "test", "testing": "test"}
_TENSOR = re.compile(r"^tensor\(\[?(?P<number>[-+\d.eE]+)")
_COMMA = re.compile(r"^[-+]?\d+,\d+(?:[eE][-+]?\d+)?$")
SAMPLED = 400
MAX_RESTARTS = 20
"""Launches that one table may hold; a counter that falls back more often is a category of a data set."""

_WORD = re.compile(r"[^\W\d_]{2,}")
_TIME = re.compile(r"time|date|zaman|tarih|stamp|clock", re.IGNORECASE)


def is_loss(naming: Vocabulary, key: str) -> bool:
    """Whether a column is a loss; a bare "cost" is mostly money in a table."""
    return naming.loss.search(key) is not None and "cost" not in key.lower()


def shape_of(rows: Sequence[Row], naming: Vocabulary) -> Shape | None:
    """What the columns are, where the rows are a training's; else None."""
    sample = rows[:SAMPLED]
    keys = list(dict.fromkeys(key for row in sample for key in row.cells))
    epoch = next((key for key in keys if naming(key) == "epoch" and _rises(rows, key)), None)
    step = next(
        (key for key in keys if (naming(key) == "step" or key.strip().lower() in _STEPS) and _rises(rows, key)), None
    )
    phase = next((key for key in keys if key.strip().lower() in _PHASES and _is_phase(sample, key)), None)
    metrics = tuple(key for key in keys if naming(key) in ("metric", "companion") and _is_numeric(sample, key))
    measured = [key for key in metrics if naming(key) == "metric"]
    losses = [key for key in measured if is_loss(naming, key)]
    if (epoch is None and step is None) or any(_is_prose(sample, key) for key in keys):
        return None
    if losses and (len(rows) > 1 or len(losses) > 1 or "train" in losses[0].lower()):
        return Shape(epoch, step, phase, metrics)
    # Without a loss, only an epoch's accuracy on a named split says that something was trained.
    named = any(re.search(r"train|val|eval", key, re.IGNORECASE) for key in measured)
    return Shape(epoch, step, phase, metrics) if epoch is not None and named and len(rows) > 1 else None


MIN_COLUMNS = 200
"""Rows of a table from which on its columns are handed over whole."""


def points(rows: Sequence[Row], shape: Shape) -> Iterator[Stated | Rows]:
    """The measurements of the rows, each with its counters and its execution."""
    if len(rows) >= MIN_COLUMNS and shape.phase is None and not any(row.pointer for row in rows):
        columns = {key: [number(row.cells.get(key)) for row in rows] for key in shape.metrics}
        axes = [[number(row.cells.get(key)) for row in rows] for key in (shape.epoch, shape.step) if key]
        if not any(None in column for column in (*columns.values(), *axes)):
            yield from _columns(rows, shape, columns)
            return
    segment = 0
    first: float | None = None
    last: float | None = None
    axis = shape.epoch or shape.step
    has_step = shape.step is not None and not (shape.epoch and _restarts_within(rows, shape.epoch, shape.step))
    for row in rows:
        epoch = number(row.cells.get(shape.epoch)) if shape.epoch else None
        step = number(row.cells.get(shape.step)) if shape.step and has_step else None
        here = epoch if axis == shape.epoch else step
        if here is not None:
            if first is not None and last is not None and here < last and here <= first:
                segment += 1
                first = here
            first = here if first is None else first
            last = here
        prefix = ""
        if shape.phase:
            word = _PHASE_WORDS.get(str(row.cells.get(shape.phase)).strip().lower(), "")
            prefix = f"{word}_" if word else ""
        for key in shape.metrics:
            value = number(row.cells.get(key))
            if value is not None:
                yield Stated(
                    prefix + key, value, row.line, "metric", step, epoch, "reported", _place(row, key), segment
                )


def _columns(rows: Sequence[Row], shape: Shape, columns: Mapping[str, Sequence[float | None]]) -> Iterator[Rows]:
    """The same, by execution, for rows that are filled throughout."""
    epochs = _whole(rows, shape.epoch) if shape.epoch else None
    steps = _whole(rows, shape.step) if shape.step else None
    if steps and shape.epoch and shape.step and _restarts_within(rows, shape.epoch, shape.step):
        steps = None
    axis = epochs or steps or []
    begins = [0]
    for at in range(1, len(axis)):
        if axis[at] < axis[at - 1] and axis[at] <= axis[begins[-1]]:
            begins.append(at)
    for segment, (begin, end) in enumerate(pairwise((*begins, len(rows)))):
        part = slice(begin, end)
        yield Rows(
            shape.metrics,
            [row.line for row in rows[part]],
            [[value for value in columns[key][part] if value is not None] for key in shape.metrics],
            epochs[part] if epochs else None,
            steps[part] if steps else None,
            segment,
        )


def _whole(rows: Sequence[Row], key: str) -> list[float]:
    return [value for row in rows if (value := number(row.cells.get(key))) is not None]


def _place(row: Row, key: str) -> str:
    return f"{row.pointer}/{key}" if row.pointer else ""


def number(cell: Cell) -> float | None:
    """The number of a cell; a comma between digits is a decimal's where the cell holds nothing else."""
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, str):
        try:
            return float(cell)
        except ValueError:
            pass
        tensor = _TENSOR.match(cell)
        text = tensor["number"] if tensor else cell.replace(",", ".") if _COMMA.match(cell) else cell
        return parse_number(text) if text.strip() else None
    return float(cell)


def _rises(rows: Sequence[Row], key: str) -> bool:
    """Whether a counter goes up from row to row, in whole or fractional counts, and seldom falls back."""
    found = [number(row.cells.get(key)) for row in rows]
    values = [value for value in found if value is not None]
    if not values or len(values) < 0.8 * len(found) or values[0] < 0:
        return False
    pairs = list(pairwise(values))
    falls = sum(b < a for a, b in pairs)
    return len(values) == 1 or (len(set(values)) > 1 and falls <= min(0.25 * len(values), MAX_RESTARTS))


def _restarts_within(rows: Sequence[Row], epoch: str, step: str) -> bool:
    """Whether the step falls back while the epoch goes on: it counts batches of the epoch then."""
    before: tuple[float, float] | None = None
    for row in rows:
        e, s = number(row.cells.get(epoch)), number(row.cells.get(step))
        if e is not None and s is not None:
            if before is not None and e > before[0] and s < before[1]:
                return True
            before = (e, s)
    return False


def _is_numeric(rows: Sequence[Row], key: str) -> bool:
    cells = [row.cells.get(key) for row in rows]
    filled = [cell for cell in cells if cell is not None and str(cell).strip() not in ("", "None", "null", "-")]
    return bool(filled) and sum(number(cell) is not None for cell in filled) >= 0.9 * len(filled)


def _is_prose(rows: Sequence[Row], key: str) -> bool:
    """Whether a column holds sentences that differ from row to row: samples of a data set, not remarks of a log."""
    cells = [cell for row in rows if isinstance(cell := row.cells.get(key), str) and cell.strip()]
    if not cells or _TIME.search(key) or len(set(cells)) <= 0.1 * len(cells):
        return False
    return len(cells) > 0.5 * len(rows) and sum(map(_is_sentence, cells)) > 0.5 * len(cells)


def _is_sentence(cell: str) -> bool:
    """Two words, or four where figures stand among them (`Mon Jan 01` is a date)."""
    text = cell[:300]
    return len(_WORD.findall(text)) >= (4 if any(map(str.isdigit, text)) else 2)


def _is_phase(rows: Sequence[Row], key: str) -> bool:
    return all(str(row.cells.get(key)).strip().lower() in _PHASE_WORDS for row in rows)
