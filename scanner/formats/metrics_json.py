"""Measurements of one execution as JSON: a history of lists, a list of epochs, or one object a line.

    history.json   {"loss": [0.83, 0.57], "val_loss": [0.66, 0.55]}            index + 1 is the epoch
    metrics.json   [{"epoch": 1, "train_loss": 0.83}, {"epoch": 2, ...}]
    log.txt        {"train_lr": 1e-06, "train_loss": 6.91, "test_acc1": 0.12, "epoch": 0, "n_parameters": 5717416}

Objects and lines are read where they are a training's rows (see `_metric_rows`). A history's lists are its own where
training and validation stand side by side in equal length; otherwise their entries have an order and no number.
Samples with a loss beside their text, summaries of several models and the logs of known trainers are not read here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from scanner.formats import _json, _metric_rows
from scanner.formats._base import Document, Rows, Stated
from scanner.formats._metric_rows import LOG_NAME, OTHER_SPLIT, is_loss

ID = "metrics_json"
DESCRIPTION = "JSON and JSON-lines logs of a training"
SAMPLE = """{"epoch": 0, "train_loss": 0.83, "val_loss": 0.66}
{"epoch": 1, "train_loss": 0.57, "val_loss": 0.55}"""

_FOREIGN = (
    '"log_history"',
    '"current_steps"',
    '"env_info"',
    '"_wandb"',
    '"_timestamp"',
    '"_step"',
    '"mode": "train"',
)
"""Marks of trainers whose own formats read the file."""

MAX_TEXT = 120
"""A longer string in a row is a sample's text, not a log's remark."""

MAX_CHARACTERS = 64_000_000
_HEAD = 4000


def wants(document: Document) -> bool:
    """JSON that speaks of a loss or accuracy early on, unless a known trainer wrote it."""
    if document.kind not in ("json", "log") or document.is_embedded or not document.lines:
        return False
    start = next((line for line in document.lines[:3] if line.strip()), "")[:_HEAD].lstrip()
    if document.kind == "log" and not (start.startswith('{"') and "loss" in start):
        return False
    if start[:1] not in ("{", "[") or document.name in ("trainer_state.json", "wandb-summary.json"):
        return False
    return document.mentions("loss", "acc") and not document.mentions(*_FOREIGN)


class Row(NamedTuple):
    """One object with its place."""

    cells: dict[str, _metric_rows.Cell]
    line: int
    pointer: str = ""


def read(document: Document) -> Iterator[Stated | Rows]:
    """The measurements, in whichever of the three forms."""
    rows = _lines(document)
    if rows is None:
        text = document.text()
        if document.kind == "log" or len(text) > MAX_CHARACTERS:
            return
        found = json.loads(text)
        if isinstance(found, list):
            rows = _objects(found, text)
        elif isinstance(found, dict):
            yield from _history(found, document)
    if rows:
        line = rows[0].line
        if {"iteration", "total_loss", "data_time"} <= rows[0].cells.keys():
            # detectron2 writes it into the folder that holds its console log and event file.
            yield Stated("run_folder", document.folder, line, "fact", origin="reported", raw=document.path)
            yield Stated("framework", "detectron2", line, origin="reported", raw=document.path)
        pointers = [row.pointer for row in rows] if any(row.pointer for row in rows) else ()
        table = _metric_rows.of_objects([row.cells for row in rows], [row.line for row in rows], pointers)
        shape = _metric_rows.shape_of(table, document.naming)
        if shape is not None and not any(_holds_text(row) for row in rows[: _metric_rows.SAMPLED]):
            yield from _metric_rows.points(table, shape)


def _lines(document: Document) -> list[Row] | None:
    """Rows of a file of one object a line; None where the first line is no whole object."""
    rows: list[Row] = []
    for number, line in enumerate(document.lines, 1):
        text = line.strip()
        if not text:
            continue
        try:
            found = json.loads(text) if text.startswith("{") else None
        except ValueError:
            found = None
        if isinstance(found, dict):
            rows.append(Row(_flat(found), number))
        elif not rows:
            return None
    return rows if len(rows) > 1 or document.kind == "log" else None


def _objects(found: list[Any], text: str) -> list[Row]:
    """Rows of a list of objects, with the line of each object's first value."""
    if not found or not all(isinstance(item, dict) for item in found):
        return []
    lines: dict[int, int] = {}
    for leaf in _json.leaves(text):
        if isinstance(leaf.path[0], int):
            lines.setdefault(leaf.path[0], leaf.line)
    return [Row(_flat(item), lines.get(n, 1), f"/{n}") for n, item in enumerate(found)]


def _flat(found: dict[str, Any]) -> dict[str, _metric_rows.Cell]:
    """The scalars of an object, those of an object inside it under both names."""
    cells: dict[str, _metric_rows.Cell] = {}
    for key, value in found.items():
        if isinstance(value, dict):
            cells.update({f"{key}/{name}": v for name, v in value.items() if isinstance(v, (int, float, str))})
        elif value is None or isinstance(value, (int, float, str)):
            cells[key] = value
    return cells


def _holds_text(row: Row) -> bool:
    return any(isinstance(cell, str) and len(cell) > MAX_TEXT for cell in row.cells.values())


def _history(found: dict[str, Any], document: Document) -> Iterator[Stated]:
    lists = {path: values for path, values in _lists((), found) if document.naming("/".join(path))}
    lists = {path: values for path, values in lists.items() if len(values) > 1}
    losses = [
        "/".join(path) for path in lists if is_loss(document.naming, path[-1]) or is_loss(document.naming, path[0])
    ]
    if not losses:
        return
    lengths = {len(values) for values in lists.values()}
    other = [name for name in losses if OTHER_SPLIT.search(name)]
    by_epoch = len(lengths) == 1 and bool(other) and len(other) < len(losses)
    if not by_epoch and not LOG_NAME.search(document.name.rpartition(".")[0]):
        return
    if not by_epoch:
        yield Stated("training_start", losses[0], 1, "mark", origin="reported")
    for leaf in _json.leaves(document.text()):
        path = tuple(str(part) for part in leaf.path[:-1])
        value = _metric_rows.number(leaf.value) if path in lists else None
        if value is not None and isinstance(leaf.path[-1], int):
            epoch = leaf.path[-1] + 1 if by_epoch else None
            yield Stated("/".join(path), value, leaf.line, "metric", None, epoch, "reported", leaf.pointer)


def _lists(path: tuple[str, ...], found: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """Lists of numbers at most two objects deep; `history` around them adds nothing to their names."""
    for key, value in found.items():
        if isinstance(value, dict) and len(path) < 2:
            yield from _lists((*path, key), value)
        elif isinstance(value, list) and value and all(isinstance(v, (int, float)) for v in value):
            yield (*path, key), value
