"""Rows of measurements as hand-written and small loggers keep them: a table's lines, or JSON objects one after another.

    epoch,train_loss,val_loss,lr          {"epoch": 0, "train_loss": 6.9, "test_acc1": 0.12, "n_parameters": 5717416}

Such a table is a training's where a counter rises from row to row and a loss (or the accuracy of each epoch) is
measured at it. A table of results by model, of trials of a search, or of a data set with a column `loss` has no such
counter. A counter that falls back to its beginning belongs to the next execution that was appended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, pairwise
from operator import gt
from typing import NamedTuple

from scanner.formats._base import Rows, Stated, Vocabulary, parse_number, to_float

Cell = str | float | int | bool | None


class Table:
    """The columns of such rows."""

    def __init__(
        self, columns: Mapping[str, Sequence[Cell]], lines: Sequence[int], pointers: Sequence[str] = ()
    ) -> None:
        """`columns` holds a cell for each row, None where a row has none; `pointers` are empty for a table's lines."""
        self.columns = columns
        self.lines = lines
        self.pointers = pointers
        self._numbers: dict[str, list[float | None]] = {}

    def __len__(self) -> int:
        return len(self.lines)

    def numbers(self, key: str) -> list[float | None]:
        """The numbers of a column, None where a cell is none."""
        found = self._numbers.get(key)
        if found is None:
            cells = self.columns[key]
            try:
                found = list(map(float, cells)) if _are_texts(cells) else [number(cell) for cell in cells]  # type: ignore[arg-type]
            except ValueError:
                found = [number(cell) for cell in cells]
            self._numbers[key] = found
        return found

    def place(self, row: int, key: str) -> str:
        """Inner address of a cell; "" in a table's lines."""
        return f"{self.pointers[row]}/{key}" if self.pointers else ""


def _are_texts(cells: Sequence[Cell]) -> bool:
    return all(type(cell) is str for cell in cells)


def of_objects(rows: Sequence[Mapping[str, Cell]], lines: Sequence[int], pointers: Sequence[str] = ()) -> Table:
    """The table of objects; a key that none of the first ones holds is left out."""
    keys = dict.fromkeys(key for row in rows[:SAMPLED] for key in row)
    return Table({key: [row.get(key) for row in rows] for key in keys}, lines, pointers)


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


def shape_of(table: Table, naming: Vocabulary) -> Shape | None:
    """What the columns are, where the rows are a training's; else None."""
    keys = table.columns
    epoch = next((key for key in keys if naming(key) == "epoch" and _rises(table, key)), None)
    step = next(
        (key for key in keys if (naming(key) == "step" or key.strip().lower() in _STEPS) and _rises(table, key)), None
    )
    phase = next((key for key in keys if key.strip().lower() in _PHASES and _is_phase(table, key)), None)
    metrics = tuple(key for key in keys if naming(key) in ("metric", "companion") and _is_numeric(table, key))
    measured = [key for key in metrics if naming(key) == "metric"]
    losses = [key for key in measured if is_loss(naming, key)]
    if (epoch is None and step is None) or any(_is_prose(table, key) for key in keys):
        return None
    if losses and (len(table) > 1 or len(losses) > 1 or "train" in losses[0].lower()):
        return Shape(epoch, step, phase, metrics)
    # Without a loss, only an epoch's accuracy on a named split says that something was trained.
    named = any(re.search(r"train|val|eval", key, re.IGNORECASE) for key in measured)
    return Shape(epoch, step, phase, metrics) if epoch is not None and named and len(table) > 1 else None


MIN_COLUMNS = 200
"""Rows of a table from which on its columns are handed over whole."""


def points(table: Table, shape: Shape) -> Iterator[Stated | Rows]:
    """The measurements of the rows, each with its counters and its execution."""
    has_step = shape.step is not None and not (
        shape.epoch and _restarts_within(table.numbers(shape.epoch), table.numbers(shape.step))
    )
    if len(table) >= MIN_COLUMNS and shape.phase is None and not table.pointers:
        asked = (*shape.metrics, *(key for key in (shape.epoch, shape.step) if key))
        if not any(None in table.numbers(key) for key in asked):
            yield from _columns(table, shape, has_step)
            return
    nothing: list[float | None] = [None] * len(table)
    epochs = table.numbers(shape.epoch) if shape.epoch else nothing
    steps = table.numbers(shape.step) if shape.step and has_step else nothing
    axis = epochs if shape.epoch else steps
    segment = 0
    first: float | None = None
    last: float | None = None
    for row in range(len(table)):
        here = axis[row]
        if here is not None:
            if first is not None and last is not None and here < last and here <= first:
                segment += 1
                first = here
            first = here if first is None else first
            last = here
        prefix = ""
        if shape.phase:
            word = _PHASE_WORDS.get(str(table.columns[shape.phase][row]).strip().lower(), "")
            prefix = f"{word}_" if word else ""
        for key in shape.metrics:
            value = table.numbers(key)[row]
            if value is not None:
                place = table.lines[row], "metric", steps[row], epochs[row], "reported", table.place(row, key), segment
                yield Stated(prefix + key, value, *place)  # type: ignore[arg-type]


def _columns(table: Table, shape: Shape, has_step: bool) -> Iterator[Rows]:
    """The same, by execution, for rows that are filled throughout."""
    epochs = _whole(table.numbers(shape.epoch)) if shape.epoch else None
    steps = _whole(table.numbers(shape.step)) if shape.step and has_step else None
    columns = [_whole(table.numbers(key)) for key in shape.metrics]
    axis = epochs or steps or []
    begins = [0]
    for at, (before, here) in enumerate(pairwise(axis), 1):
        if here < before and here <= axis[begins[-1]]:
            begins.append(at)
    for segment, (begin, end) in enumerate(pairwise((*begins, len(table)))):
        part = slice(begin, end)
        yield Rows(
            shape.metrics,
            table.lines[part],
            [column[part] for column in columns],
            epochs[part] if epochs else None,
            steps[part] if steps else None,
            segment,
        )


def _whole(numbers: Sequence[float | None]) -> list[float]:
    return [value for value in numbers if value is not None]


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
    return to_float(cell)


def _rises(table: Table, key: str) -> bool:
    """Whether a counter goes up from row to row, in whole or fractional counts, and seldom falls back."""
    found = table.numbers(key)
    values = _whole(found)
    if not values or len(values) < 0.8 * len(found) or values[0] < 0:
        return False
    falls = sum(map(gt, values, islice(values, 1, None)))
    return len(values) == 1 or (len(set(values)) > 1 and falls <= min(0.25 * len(values), MAX_RESTARTS))


def _restarts_within(epochs: Sequence[float | None], steps: Sequence[float | None]) -> bool:
    """Whether the step falls back while the epoch goes on: it counts batches of the epoch then."""
    before: tuple[float, float] | None = None
    for epoch, step in zip(epochs, steps, strict=True):
        if epoch is not None and step is not None:
            if before is not None and epoch > before[0] and step < before[1]:
                return True
            before = (epoch, step)
    return False


def _is_numeric(table: Table, key: str) -> bool:
    sample = zip(table.columns[key][:SAMPLED], table.numbers(key), strict=False)
    filled = [
        value for cell, value in sample if cell is not None and str(cell).strip() not in ("", "None", "null", "-")
    ]
    return bool(filled) and sum(value is not None for value in filled) >= 0.9 * len(filled)


def _is_prose(table: Table, key: str) -> bool:
    """Whether a column holds sentences that differ from row to row: samples of a data set, not remarks of a log."""
    sample = table.columns[key][:SAMPLED]
    cells = [cell for cell in sample if isinstance(cell, str) and cell.strip()]
    if not cells or _TIME.search(key) or len(set(cells)) <= 0.1 * len(cells):
        return False
    return len(cells) > 0.5 * len(sample) and sum(map(_is_sentence, cells)) > 0.5 * len(cells)


def _is_sentence(cell: str) -> bool:
    """Two words, or four where figures stand among them (`Mon Jan 01` is a date)."""
    text = cell[:300]
    return len(_WORD.findall(text)) >= (4 if any(map(str.isdigit, text)) else 2)


def _is_phase(table: Table, key: str) -> bool:
    return all(str(cell).strip().lower() in _PHASE_WORDS for cell in table.columns[key][:SAMPLED])
