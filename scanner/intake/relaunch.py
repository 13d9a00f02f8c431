"""The first lines of a log standing in it again: a program that was launched again into the same file.

    Loaded module: python3/3.7.5
    Loaded module: cudnn/v7.6.5
    Traceback (most recent call last):
    ...
    Loaded module: python3/3.7.5        <- here
    Loaded module: cudnn/v7.6.5

A hint only: ranks and worker processes print their first lines as well, so the segmenter wants a second sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from scanner.formats._base import Document, Stated
from scanner.formats._shapes import shape_of

MAX_LAUNCHES = 200
"""A line that stands more often heads no launch."""

MIN_LETTERS = 5
_MOMENT = re.compile(
    r"\d{4}[-/.]\d\d?[-/.]\d\d?[T ,]*\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
    r"|\b\d\d:\d\d:\d\d(?:[.,]\d+)?|\[\d+\]|\b(?:pid|process)[ :=]+\d+"
)


def read(document: Document) -> Iterator[Stated]:
    """A mark `relaunch` at every place where the log's first two lines stand, if they stand more than once."""
    shapes = document.shapes()
    filled = [bool(text.strip()) for text in shapes.texts]
    heads = _first(shapes.of, filled, 4)
    if len(heads) < 4:
        return
    first, second = _bare(document.lines[heads[0]]), _bare(document.lines[heads[1]])
    if sum(map(str.isalpha, first)) < MIN_LETTERS:
        return
    # The ending is compared first: most lines are refused without looking for times in them, most shapes at once.
    ending = first[-12:]
    blind = shape_of(ending)
    alike = {number for number, text in enumerate(shapes.texts) if text.rstrip().endswith(blind)}
    found: list[tuple[int, str]] = []
    for at, shape in enumerate(shapes.of):
        if shape in alike:
            line = document.lines[at]
            if line.rstrip().endswith(ending) and _bare(line) == first:
                following = _first(shapes.of, filled, 1, at + 1)
                if following and _bare(document.lines[following[0]]) == second:
                    found.append((at + 1, line))
    if 2 <= len(found) <= MAX_LAUNCHES:
        for number, line in found:
            yield Stated("relaunch", True, number, "mark", origin="reported", raw=line.strip())


def _first(of: Sequence[int], filled: Sequence[bool], n: int, begin: int = 0) -> list[int]:
    """Places of the first lines from `begin` on that hold anything, at most `n`."""
    return list(islice((at for at in range(begin, len(of)) if filled[of[at]]), n))


def _bare(line: str) -> str:
    """The line without its times and process ids."""
    return _MOMENT.sub("", line).strip()
