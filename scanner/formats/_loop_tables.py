"""Tables that loops print row by row: a header with a counter and metrics, then rows of as many numbers.

epoch    train_loss    valid_acc     dur          | epoch | train_loss | valid_acc |
-------  ------------  -----------  ------
      1        0.6905       0.6150  0.0222        |     1 |     0.6905 |    0.6150 |
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from scanner.formats._base import Document, Stated

MAX_LINE = 400
_RULE = re.compile(r"^[\s|+\-=:_\u2500-\u257f]*$")
_COUNTS = re.compile(r"(?i)epoch|step|iter|d\u00f6nem|ad\u0131m|epok|\u00e9poque|\u00e9poca")
_CELL = re.compile(r"^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?%?$|^[-+]?(?:nan|inf)$", re.IGNORECASE)
_OTHER_CELL = re.compile(r"^[\d:.,/%\-]+[a-zA-Z]{0,3}$|^[-+*\u2713]+$|^None$|^\w{1,12}$")
_SPLITS = (
    re.compile(r"\s*[|\u2502\u2503]\s*"),
    re.compile(r"\t+\s*"),
    re.compile(r"\s{2,}"),
    re.compile(r"\s*,\s*"),
    re.compile(r"\s+"),
)


class _Header(NamedTuple):
    """Columns that count or measure."""

    splitter: re.Pattern[str]
    width: int
    counters: dict[str, int]
    """"epoch" or "step" to its column."""
    metrics: dict[int, str]


def read(document: Document) -> Iterator[Stated]:
    """The metrics of each row; rows and headers are claimed."""
    header: _Header | None = None
    shapes = document.shapes()
    opening = {number for number, text in enumerate(shapes.texts) if _may_be_header(text)}
    if not opening:
        return
    for number, (line, shape) in enumerate(zip(document.lines, shapes.of, strict=True), 1):
        if (
            (header is None and shape not in opening)
            or len(line) > MAX_LINE
            or number in document.claimed
            or not line.strip()
        ):
            continue
        if header is not None:
            row = _cells(line, header.splitter)
            if len(row) == header.width and _is_row(row, header):
                document.claimed.add(number)
                counts = {name: float(row[at]) for name, at in header.counters.items()}
                for at, key in header.metrics.items():
                    if _CELL.match(row[at]):
                        yield Stated(
                            key, row[at], number, "metric", counts.get("step"), counts.get("epoch"), raw=line.strip()
                        )
                continue
            if _RULE.match(line):
                continue
            header = None
        if shape in opening:
            header = _header(line, document)
            if header is not None:
                document.claimed.add(number)


def _may_be_header(line: str) -> bool:
    return not any(mark in line for mark in ":=()") and _COUNTS.search(line) is not None


def _cells(line: str, splitter: re.Pattern[str]) -> list[str]:
    return splitter.split(line.strip().strip("|\u2502\u2503").strip())


def _header(line: str, document: Document) -> _Header | None:
    """The columns of a header, or None for any other line."""
    if line.rstrip().endswith("."):
        return None
    for splitter in _SPLITS:
        cells = _cells(line, splitter)
        if len(cells) < 3 or any(not cell or _CELL.match(cell) or len(cell) > 30 for cell in cells):
            continue
        kinds = [document.naming(cell) for cell in cells]
        counters = {kind: at for at, kind in reversed(list(enumerate(kinds))) if kind in ("epoch", "step")}
        metrics = {at: cells[at] for at, kind in enumerate(kinds) if kind in ("metric", "companion")}
        if counters and any(kinds[at] == "metric" for at in metrics) and min(counters.values()) <= 1:
            # Rows are set with blanks alone even where the names of columns hold none.
            rows = splitter if splitter in _SPLITS[:2] or splitter is _SPLITS[3] else _SPLITS[4]
            return _Header(rows, len(cells), counters, metrics)
    return None


def _is_row(row: list[str], header: _Header) -> bool:
    if not all(row[at].isdigit() for at in header.counters.values()):
        return False
    if not any(_CELL.match(row[at]) for at in header.metrics):
        return False
    return all(_CELL.match(cell) or _OTHER_CELL.match(cell) for cell in row)
