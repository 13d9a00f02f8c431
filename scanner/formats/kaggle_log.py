"""The log of a notebook or script that ran on Kaggle: pieces of its console as JSON objects, one a line.

    [{"stream_name":"stdout","time":12.3,"data":"Epoch 1/5\\n"}
    ,{"stream_name":"stderr","time":12.9,"data":"  0%|          | 0/100 [00:00<?, ?it/s]\\r"}
    ]

States nothing itself: it yields the console as a log, each line at the place of its first piece. A piece may hold
several lines or a part of one; the two streams are put together apart and stand in the order in which lines end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from scanner.formats._base import Document

ID = "kaggle_log"
DESCRIPTION = "Logs of Kaggle's notebooks and scripts (JSON pieces of a console)"
SAMPLE = '[{"stream_name":"stdout","time":12.3,"data":"Epoch 1/5\\n"}'

_FIRST = re.compile(r'^\s*\[?\s*\{\s*"stream_name"\s*:\s*"std(?:out|err)"')
_BETWEEN = re.compile(r"[\s,\[\]]*")
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_DECODER = json.JSONDecoder(strict=False)


def wants(document: Document) -> bool:
    """JSON whose first object is a piece of a stream. As a log its pieces would be read a second time, quoted."""
    return document.kind == "json" and not document.is_embedded and holds_pieces(document.lines)


def holds_pieces(lines: Sequence[str]) -> bool:
    """Whether a text is such a log, whatever its name's ending says."""
    first = next((line for line in lines[:3] if line.strip(" [\t")), "")
    return _FIRST.match(first) is not None


def read(document: Document) -> Iterator[Document]:
    """The console."""
    lines: list[str] = []
    numbers: list[int] = []
    open_lines: dict[str, tuple[str, int]] = {}
    for number, stream, text in _pieces(document):
        held, begun = open_lines.pop(stream, ("", number))
        *whole, rest = (held + text).split("\n")
        for part in whole:
            lines.append(part.removesuffix("\r"))
            numbers.append(begun)
            begun = number
        if rest:
            open_lines[stream] = (rest, begun)
    for rest, begun in sorted(open_lines.values(), key=lambda item: item[1]):
        lines.append(rest)
        numbers.append(begun)
    if lines:
        yield document.inner("log", lines, numbers, [""] * len(lines))


def _pieces(document: Document) -> Iterator[tuple[int, str, str]]:
    """(physical line, stream, text) of all objects; what is cut off at the end is left out."""
    for number, line in enumerate(document.lines, 1):
        at = _skip(line, 0)
        while at < len(line):
            try:
                piece, at = _DECODER.raw_decode(line, at)
            except ValueError:
                break
            if isinstance(piece, dict) and isinstance(piece.get("data"), str):
                text = piece["data"]
                yield number, str(piece.get("stream_name")), _ANSI.sub("", text) if "\x1b" in text else text
            at = _skip(line, at)


def _skip(line: str, at: int) -> int:
    found = _BETWEEN.match(line, at)
    return found.end() if found else at
