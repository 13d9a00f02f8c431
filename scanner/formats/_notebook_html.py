"""What a notebook shows as HTML, as lines of text: bars and tables of trainers, links to trackers.

The Trainer of Hugging Face draws `<progress value='50' max='200'></progress> [ 50/200 00:23 < 01:10, 2.12 it/s,
Epoch 1/4]` above a table (Step | Training Loss | Validation Loss | ...); fastai a table (epoch | train_loss | ... |
time) below a bar that disappears when the training is done. A row becomes a line of cells that are separated by tabs,
written before the bar: the rows tell the way, the bar where it ended. Other tables (data frames) begin differently.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterator

from scanner.formats._notebook_cells import Line

FIRST_COLUMNS = ("Step", "Epoch", "epoch")
_TABLE = re.compile(r"<table\b.*?(?:</table>|\Z)", re.DOTALL | re.IGNORECASE)
_ROW = re.compile(r"<tr\b.*?(?:</tr>|(?=<tr\b)|\Z)", re.DOTALL | re.IGNORECASE)
_CELL = re.compile(r"<t[hd]\b[^>]*>(.*?)(?:</t[hd]>|(?=<t[hd]\b)|\Z)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^>]*>")
_BAR = re.compile(r"</progress>\s*([^\n]{0,300}?)\s*(?=</?[A-Za-z]|\n|\Z)")
_TRACKER = re.compile(r"https?://[\w.:-]{1,120}/[\w.-]{1,80}/[\w.-]{1,120}/runs/(?P<id>[\w-]{1,64})(?=[\"'?\s<])")

MAX_HTML = 4_000_000
"""Characters; what is larger is a plot."""


def to_lines(found: list[Line]) -> list[Line]:
    """The lines that a training's HTML shows; none for anything else."""
    text = "\n".join(line for line, _ in found)
    if len(text) > MAX_HTML:
        return []
    starts = [0]
    for line, _ in found[:-1]:
        starts.append(starts[-1] + len(line) + 1)

    def place(at: int) -> int:
        return found[bisect_right(starts, at) - 1][1]

    lines = list(_tables(text, place)) + [
        (f"{_words(bar.group(1))}", place(bar.start(1))) for bar in _BAR.finditer(text) if bar.group(1).strip()
    ]
    tracker = _TRACKER.search(text)
    if tracker and not lines:
        lines.append((f"View run at {tracker.group()}", place(tracker.start())))
    return lines


def _tables(text: str, place: object) -> Iterator[Line]:
    assert callable(place)
    for table in _TABLE.finditer(text):
        for n, row in enumerate(_ROW.finditer(table.group())):
            cells = list(_CELL.finditer(row.group()))
            words = [_words(cell.group(1)) for cell in cells]
            if n == 0 and (not words or words[0] not in FIRST_COLUMNS or len(words) < 2):
                break
            if words:
                yield "\t".join(words), place(table.start() + row.start() + cells[0].start())


def _words(text: str) -> str:
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())


def tracker_of(line: str) -> str | None:
    """The tracker's id of the run that a line links to, or None."""
    found = _TRACKER.search(line + " ")
    return found["id"] if found else None
