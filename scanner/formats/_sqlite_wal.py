"""SQLite's write-ahead file (`mlflow.db-wal`): what was committed there and not yet brought into the data base.

    header   magic, version, page size, checkpoint, two salts, two sums
    frame    page number, pages of the data base after a commit (0: none here), the salts, two sums; then the page

Frames count as far as their salts are the header's and their sums go on from it, and up to the last commit. The
pages are put in place in memory: SQLite itself would write beside the file. A rollback journal (`-journal`) of a writer
that died is not rolled back.
"""

from __future__ import annotations

import os
import struct
import sys
from array import array

SUFFIX = "-wal"
HEADER_BYTES = 32
_FRAME_BYTES = 24
_LITTLE, _BIG = 0x377F0682, 0x377F0683
"""Magic numbers; they tell in which order of bytes the sums are taken."""

MAX_BYTES = 64 << 20
"""Of a write-ahead file; SQLite itself empties it at 4 MB unless readers hinder that."""


def is_beside(path: str, siblings: frozenset[str]) -> bool:
    """Whether a file has a write-ahead file: then its own times do not tell whether its content has changed."""
    return os.path.basename(path) + SUFFIX in siblings


def with_committed(data: bytes, wal: bytes) -> bytes:
    """The data base with the committed pages of its write-ahead file; unchanged where that holds none for it."""
    if len(wal) < HEADER_BYTES or len(data) < 100:
        return data
    magic, _, page_bytes, _, *salts_and_sums = struct.unpack(">8I", wal[:HEADER_BYTES])
    if magic not in (_LITTLE, _BIG) or page_bytes != _page_bytes(data):
        return data
    is_swapped = (magic == _BIG) != (sys.byteorder == "big")
    salts, expected = salts_and_sums[:2], tuple(salts_and_sums[2:])
    sums = _sums(wal[:24], (0, 0), is_swapped)
    if sums != expected:
        return data
    pages: dict[int, int] = {}
    committed: dict[int, int] = {}
    n_pages = 0
    for at in range(HEADER_BYTES, len(wal) - _FRAME_BYTES - page_bytes + 1, _FRAME_BYTES + page_bytes):
        number, n_after, *rest = struct.unpack(">6I", wal[at : at + _FRAME_BYTES])
        body = at + _FRAME_BYTES
        sums = _sums(wal[at : at + 8] + wal[body : body + page_bytes], sums, is_swapped)
        if number == 0 or rest[:2] != salts or tuple(rest[2:]) != sums:
            break
        pages[number] = body
        if n_after:
            committed, n_pages = dict(pages), n_after
    # A commit names as many pages as there can be: more would be memory for nothing.
    if not committed or n_pages * page_bytes > len(data) + len(wal):
        return data
    found = bytearray(data[: n_pages * page_bytes].ljust(n_pages * page_bytes, b"\0"))
    for number, body in committed.items():
        if number <= n_pages:
            found[(number - 1) * page_bytes : number * page_bytes] = wal[body : body + page_bytes]
    found[28:32] = struct.pack(">I", n_pages)
    return bytes(found)


def _page_bytes(data: bytes) -> int:
    (size,) = struct.unpack(">H", data[16:18])
    return 65536 if size == 1 else int(size)


def _sums(data: bytes, before: tuple[int, int], is_swapped: bool) -> tuple[int, int]:
    """The two running sums after more bytes, eight at a time."""
    words = array("I", data)
    if is_swapped:
        words.byteswap()
    first, second = before
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second
