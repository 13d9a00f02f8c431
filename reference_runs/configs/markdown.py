"""The parts of a Markdown document that state something: fenced code and tables, with their lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_HEADING = re.compile(r" {0,3}#{1,6}\s+(.+?)\s*#*\s*$")
_FENCE = re.compile(r"(\s*)(```+|~~~+)\s*([\w+-]*)[^`]*$")
_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")


class Fence(NamedTuple):
    """One fenced block."""

    heading: str
    language: str
    """Lower case, "" without one."""
    line: int
    """Line of the first line of code, 1-based."""
    code: str
    """Without the indentation of the fence."""


class Table(NamedTuple):
    """One pipe table."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    """Line and cells; as many cells as columns."""


def fences(text: str) -> Iterator[Fence]:
    """All fenced blocks, in their order. One that is never closed ends with the document."""
    heading = ""
    opened: tuple[str, str, str, int] | None = None  # indentation, mark, language, line of the first code
    code: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if opened is None:
            if found := _FENCE.match(line):
                opened, code = (found[1], found[2], found[3].lower(), number + 1), []
            elif found := _HEADING.match(line):
                heading = found[1]
        elif line.strip().startswith(opened[1]) and not line.strip().strip(opened[1][0]):
            yield Fence(heading, opened[2], opened[3], "\n".join(code))
            opened = None
        else:
            code.append(line.removeprefix(opened[0]))
    if opened is not None:
        yield Fence(heading, opened[2], opened[3], "\n".join(code))


def tables(text: str) -> tuple[Table, ...]:
    """All pipe tables outside of fences."""
    found: list[Table] = []
    heading, fence = "", ""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        mark = _FENCE.match(line)
        if fence:
            fence = "" if line.strip().startswith(fence) else fence
        elif mark:
            fence = mark[2]
        elif title := _HEADING.match(line):
            heading = title[1]
        elif "|" in line and at + 1 < len(lines) and "|" in lines[at + 1] and _RULE.match(lines[at + 1]):
            columns = _cells(line)
            rows = []
            at += 2
            while at < len(lines) and "|" in lines[at]:
                cells = _cells(lines[at])
                rows.append((at + 1, (*cells, *[""] * (len(columns) - len(cells)))[: len(columns)]))
                at += 1
            found.append(Table(heading, columns, tuple(rows)))
            continue
        at += 1
    return tuple(found)


def _cells(line: str) -> tuple[str, ...]:
    inner = line.strip().removeprefix("|").removesuffix("|")
    return tuple(cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", inner))
