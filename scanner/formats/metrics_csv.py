"""Tables of one execution's measurements: Keras's CSVLogger, timm's summary, a frame of a history, a loop's own log.

    epoch,accuracy,loss,val_accuracy,val_loss       Keras; epochs from 0
    ,loss,val_loss                                  a frame saved with its index, which is the epoch from 0
    epoch,train_loss,eval_loss,eval_top1,eval_top5  timm
    loss,accuracy                                   a log without a counter: its rows have an order and no number

Read where the rows are a training's (see `_metric_rows`); a log of Lightning, Ultralytics or DVCLive is theirs. A
comma, a semicolon or a tab separates; a header that is repeated was appended by the next launch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner.formats import _metric_rows, _table, dvclive_files, lightning_files, ultralytics_files
from scanner.formats._base import Document, Rows, Stated, Vocabulary, parse_number
from scanner.formats._metric_rows import LOG_NAME, OTHER_SPLIT, Table, is_loss, of_objects

ID = "metrics_csv"
DESCRIPTION = "CSV logs of a training: Keras, timm, hand-written loops"
SAMPLE = """epoch,accuracy,loss,val_accuracy,val_loss
0,0.71,0.83,0.78,0.66
1,0.80,0.57,0.81,0.55"""

_TIMM = ["epoch", "train_loss", "eval_loss", "eval_top1"]
_INDEX = "epoch"
MIN_UNCOUNTED = 5
"""Rows that a log without a counter needs: fewer are a table of results."""


def wants(document: Document) -> bool:
    """Tables with a column that names a loss, an epoch or a step; console files only where a header says so."""
    if document.kind not in ("csv", "log") or document.is_embedded:
        return False
    _, line, header, _ = _header(document)
    if not line or len(header) < (1 if document.kind == "csv" else 3):
        return False
    if document.kind == "log" and header[0].lower() not in ("epoch", "step", "iter", "iteration"):
        return False
    if any(parse_number(cell) is not None or len(cell) > 60 for cell in header):
        return False
    named = any(document.naming(cell) in ("metric", "epoch") for cell in header)
    return named and not any(m.wants(document) for m in (lightning_files, ultralytics_files, dvclive_files))


def read(document: Document) -> Iterator[Stated | Rows]:
    """The measurements of a training's table."""
    delimiter, line, header, first = _header(document)
    rows = _rows(document, delimiter, line, header)
    if not rows.lines:
        return
    shape = _metric_rows.shape_of(rows, document.naming)
    if shape is not None:
        if first[: len(_TIMM)] == _TIMM:
            yield Stated("framework", "timm", line, origin="reported", raw=document.lines[line - 1])
            yield Stated("first_epoch", 0, line, "mark", origin="reported", raw=document.lines[line - 1])
        yield from _metric_rows.points(rows, shape)
    elif document.kind == "csv" and _is_uncounted_log(document, header, rows):
        yield from _uncounted(document, header, rows)


def _header(document: Document) -> tuple[str, int, list[str], list[str]]:
    """(delimiter, line, cells with an index named as an epoch, cells as written) of the first filled line."""
    for number, line in enumerate(document.lines[:5], 1):
        if line.strip():
            delimiter = _table.delimiter_of(line[:4000])
            written = _table.cells(line[:4000].lstrip("\ufeff"), delimiter)
            cells = list(written)
            if cells[0] in ("", "Unnamed: 0") and _has_both_splits(cells, document.naming):
                cells[0] = _INDEX
            return delimiter, number, cells, written
    return ",", 0, [], []


def _has_both_splits(cells: Sequence[str], naming: Vocabulary) -> bool:
    """Whether training and validation stand side by side: one row is one epoch then."""
    losses = [cell for cell in cells if is_loss(naming, cell)]
    other = [cell for cell in losses if OTHER_SPLIT.search(cell)]
    return bool(other) and len(other) < len(losses)


def _rows(document: Document, delimiter: str, line: int, header: list[str]) -> Table:
    """The rows below the header, but for headers that the next launch appended."""
    # Rows may lack trailing cells or end in a separator.
    spare = max(1, len(header) // 2)
    found = [
        (number, cells)
        for number, cells in _table.rows(document, line + 1, delimiter)
        if abs(len(cells) - len(header)) <= spare and cells[: len(header)] != header
    ]
    lines = [number for number, _ in found]
    if len(set(header)) == len(header) and all(len(cells) == len(header) for _, cells in found):
        return Table(dict(zip(header, zip(*(cells for _, cells in found), strict=True), strict=False)), lines)
    return of_objects([dict(zip(header, cells, strict=False)) for _, cells in found], lines)


def _is_uncounted_log(document: Document, header: list[str], rows: Table) -> bool:
    stem = document.name.rpartition(".")[0]
    if len(rows) < MIN_UNCOUNTED or not LOG_NAME.search(stem):
        return False
    has_loss = any(is_loss(document.naming, cell) and document.naming(cell) == "metric" for cell in header)
    return has_loss and all(
        value is not None
        for key, cells in rows.columns.items()
        for cell, value in zip(cells[: _metric_rows.SAMPLED], rows.numbers(key), strict=False)
        if cell is not None and str(cell).strip()
    )


def _uncounted(document: Document, header: list[str], rows: Table) -> Iterator[Stated]:
    yield Stated("training_start", document.name, rows.lines[0], "mark", origin="reported")
    measured = [key for key in header if key in rows.columns and document.naming(key) in ("metric", "companion")]
    for at, line in enumerate(rows.lines):
        for key in measured:
            value = rows.numbers(key)[at]
            if value is not None:
                yield Stated(key, value, line, "metric", origin="reported")
