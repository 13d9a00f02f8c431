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
from collections.abc import Iterator
from itertools import pairwise

from scanner.formats._base import Document, Stated

MAX_LAUNCHES = 200
"""A line that stands more often heads no launch."""

MIN_LETTERS = 5
_MOMENT = re.compile(
    r"\d{4}[-/.]\d\d?[-/.]\d\d?[T ,]*\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
    r"|\b\d\d:\d\d:\d\d(?:[.,]\d+)?|\[\d+\]|\b(?:pid|process)[ :=]+\d+"
)


def read(document: Document) -> Iterator[Stated]:
    """A mark `relaunch` at every place where the log's first two lines stand, if they stand more than once."""
    lines = [(number, line) for number, line in enumerate(document.lines, 1) if line.strip()]
    if len(lines) < 4:
        return
    first, second = _bare(lines[0][1]), _bare(lines[1][1])
    if sum(map(str.isalpha, first)) < MIN_LETTERS:
        return
    ending = first[-12:]
    found = [
        (number, line)
        for (number, line), (_, following) in pairwise(lines)
        # The ending is compared first: most lines are refused without looking for times in them.
        if line.rstrip().endswith(ending) and _bare(line) == first and _bare(following) == second
    ]
    if 2 <= len(found) <= MAX_LAUNCHES:
        for number, line in found:
            yield Stated("relaunch", True, number, "mark", origin="reported", raw=line.strip())


def _bare(line: str) -> str:
    """The line without its times and process ids."""
    return _MOMENT.sub("", line).strip()
