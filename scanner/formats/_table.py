"""Rows of delimited text with the line each stands at. A table that an editor saved with quotes is read as well."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice

from scanner.formats._base import Document

_DELIMITERS = ",\t;|"
_LOOSE = '" \t\r\x0b\x0c\x1c\x1d\x1e\x1f'
"""Quotes and what is stripped from cells: without them an ASCII line is its cells."""


def delimiter_of(header: str) -> str:
    """The character that separates most cells of a header; a comma when none occurs."""
    return max(_DELIMITERS, key=lambda mark: (header.count(mark), -_DELIMITERS.index(mark)))


def cells(line: str, delimiter: str) -> list[str]:
    """The cells of one line, stripped."""
    if '"' not in line:
        return [cell.strip() for cell in line.split(delimiter)]
    try:
        return [cell.strip() for cell in next(csv.reader([line.replace("\r", " ")], delimiter=delimiter), [])]
    except csv.Error:  # a cell longer than any table's
        return [cell.strip() for cell in line.split(delimiter)]


def rows(document: Document, first_line: int, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of each non-empty line from a line on."""
    text = document.text()
    is_plain = text.isascii() and not any(mark in text for mark in _LOOSE if mark != delimiter)
    for number, line in enumerate(islice(document.lines, first_line - 1, None), first_line):
        if is_plain and line:
            yield number, line.split(delimiter)
        elif line.strip():
            yield number, cells(line, delimiter)
