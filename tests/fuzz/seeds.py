"""Seeds: the fixtures' files as (path, bytes), and a seeded mutator that breaks them."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from scanner.intake.crawl import Candidate, crawl

FIXTURES = Path(__file__).parent.parent / "fixtures" / "formats"
MAX_BYTES = 4096
"""A longer file gives a window of this size, or its whole content where its kind is read as bytes."""

WORDS = (
    b"nan", b"inf", b"-Infinity", b"1e999", b"0x1p9999", b"9" * 400, b"-", b"%", b",", b"\r", b"\n", b"\0", b"\x1b[2K",
    b"\xff\xfe", b"\xef\xbb\xbf", b"\xf0\x9f\x94\xa5", "İıŞğ".encode(), "\u202e".encode(), b"{", b"}", b"[" * 60,
    b"(" * 60, b'"', b"'", b"\\", b"|", b"=", b":", b"/", b"../", b"${x}", b"<script>", b"epoch", b"step", b"loss",
    b"Epoch 1/3", b"Traceback (most recent call last):\n", b"RuntimeError: ", b" " * 80, b"\t", b"null", b"None",
    b"true", b"- ", b"&a ", b"*a", b"!!python/object:os.system ", b"---\n", b"# ", b"\x80\x04", b"\x00" * 8,
    b"\xff" * 8,
)  # fmt: skip


class Seed(NamedTuple):
    """A file of a fixture."""

    format: str
    """The format whose fixture it is of."""
    candidate: Candidate
    data: bytes


@cache
def seeds() -> tuple[Seed, ...]:
    """Every file of the fixtures that a walk would read, in a fixed order."""
    found: list[Seed] = []
    for case in sorted(p for p in FIXTURES.glob("*/*") if p.is_dir()):
        for met in crawl((case,)):
            if isinstance(met, Candidate):
                found += [Seed(case.parent.name, met, Path(met.absolute).read_bytes())]
    return tuple(found)


def window(chance: random.Random, data: bytes) -> bytes:
    """A part of a text that is long, from the beginning of a line; most often from the first one."""
    if len(data) <= MAX_BYTES:
        return data
    start = 0 if chance.random() < 0.5 else data.rfind(b"\n", 0, chance.randrange(len(data))) + 1
    return data[start : start + MAX_BYTES]


def mutated(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """The bytes after one to six changes; `other` is what parts may be taken from."""
    found = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        chance.choice(_CHANGES)(chance, found, other)
    return bytes(found)


def _flip(chance: random.Random, data: bytearray, other: bytes) -> None:
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _set(chance: random.Random, data: bytearray, other: bytes) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.randrange(256)


def _cut(chance: random.Random, data: bytearray, other: bytes) -> None:
    start = chance.randrange(len(data) + 1)
    del data[start : start + chance.choice((1, 2, 8, 64, 4096))]


def _end(chance: random.Random, data: bytearray, other: bytes) -> None:
    del data[chance.randrange(len(data) + 1) :]


def _repeat(chance: random.Random, data: bytearray, other: bytes) -> None:
    start = chance.randrange(len(data) + 1)
    part = data[start : start + chance.choice((1, 4, 32, 200))]
    data[start:start] = part * chance.choice((1, 2, 20))


def _word(chance: random.Random, data: bytearray, other: bytes) -> None:
    at = chance.randrange(len(data) + 1)
    data[at : at + chance.choice((0, 0, 1, 4))] = chance.choice(WORDS)


def _number(chance: random.Random, data: bytearray, other: bytes) -> None:
    """A digit becomes a number that is none or out of all bounds."""
    digits = [at for at, byte in enumerate(data[:2000]) if 48 <= byte <= 57]
    if digits:
        at = chance.choice(digits)
        data[at : at + 1] = chance.choice(
            (b"-1", b"0", b"nan", b"1e400", b"99999999999999999999", b"0.", b"1.2.3", b"")
        )


def _swap(chance: random.Random, data: bytearray, other: bytes) -> None:
    lines = data.split(b"\n")
    a, b = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    data[:] = b"\n".join(lines)


def _splice(chance: random.Random, data: bytearray, other: bytes) -> None:
    start = chance.randrange(len(other) + 1)
    at = chance.randrange(len(data) + 1)
    data[at:at] = other[start : start + chance.choice((8, 64, 512))]


_Change = Callable[[random.Random, bytearray, bytes], None]
_CHANGES: tuple[_Change, ...] = (_flip, _set, _cut, _end, _repeat, _word, _word, _number, _swap, _splice)
