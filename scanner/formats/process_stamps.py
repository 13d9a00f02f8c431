"""Logs whose lines carry the process that wrote them: a new number means a new launch into the same file.

    [2025-02-13 14:33:00,045][app][rank0][pid:2800716][MainThread][INFO]][train.py:158] Resolved ...
    2024-01-01 10:00:00.123 | INFO | process 4711 | train:main:12 - Starting

Several processes that write in turns (ranks, workers) are one launch: only numbers whose lines stand together, each
after the other, tell launches apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import Document, Stated

ID = "process_stamps"
DESCRIPTION = "Process ids stamped on log lines: a new one begins a new launch"
SAMPLE = "[2025-02-13 14:33:00,045][app][rank0][pid:2800716][MainThread][INFO]][train.py:158] Resolved settings"

MAX_LAUNCHES = 100
HEAD = 200
"""Characters of a line in which the stamp stands."""
_STAMP = re.compile(
    r"^\W{0,3}\d{4}[-/]\d\d[-/]\d\d[ T].{0,100}?\b(?:pid|process)[:= ]\s?(?P<pid>\d{2,8})\b", re.IGNORECASE
)


def wants(document: Document) -> bool:
    """Logs with a stamp."""
    return document.kind == "log" and document.mentions("pid:", "pid=", "pid ", "process:", "process=", "process ")


def read(document: Document) -> Iterator[Stated]:
    """Each launch after the first, and its process id."""
    blocks: list[tuple[str, int, str]] = []
    shapes = document.shapes()
    stamped = {number for number, text in enumerate(shapes.texts) if _STAMP.match(text[:HEAD])}
    for number, (line, shape) in enumerate(zip(document.lines, shapes.of, strict=True), 1):
        stamp = _STAMP.match(line[:HEAD]) if shape in stamped else None
        if stamp and (not blocks or blocks[-1][0] != stamp["pid"]):
            blocks.append((stamp["pid"], number, line))
            if len(blocks) > MAX_LAUNCHES:
                return
    if len(blocks) < 2 or len({pid for pid, _, _ in blocks}) < len(blocks):
        return
    for pid, number, line in blocks[1:]:
        yield Stated("launch", True, number, "mark", raw=line.strip())
        yield Stated("process_id", pid, number, "fact", raw=line.strip())
