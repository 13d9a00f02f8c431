"""Protocol-buffer messages read from the wire, without a schema: field number -> values in their order.

A varint arrives as an unsigned int, a fixed-width or length-delimited value as its bytes; what a number means is the
caller's knowledge. Groups do not occur in the messages that trackers write.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

Field = int | bytes
LARGEST = 3.4028234e38
"""What a 32-bit float can hold."""


def fields(data: bytes) -> Iterator[tuple[int, Field]]:
    """(number, value) of each field of a message. Raises ValueError where the bytes are no message."""
    at, end = 0, len(data)
    while at < end:
        tag, at = varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = varint(data, at)
            yield tag >> 3, value
            continue
        if kind == 2:
            size, at = varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError(f"unknown wire type {kind}")
        if at + size > end:
            raise ValueError("the message ends early")
        yield tag >> 3, data[at : at + size]
        at += size


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at a place and the place behind it."""
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("the message ends early")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def message(data: bytes) -> dict[int, list[Field]]:
    """All fields of a message by number."""
    found: dict[int, list[Field]] = {}
    for number, value in fields(data):
        found.setdefault(number, []).append(value)
    return found


def inner(parent: dict[int, list[Field]], number: int) -> list[bytes]:
    """The length-delimited values of a field."""
    return [value for value in parent.get(number, ()) if isinstance(value, bytes)]


def text(parent: dict[int, list[Field]], number: int) -> str:
    """The last text of a field; "" where there is none."""
    found = inner(parent, number)
    return found[-1].decode("utf-8", "replace") if found else ""


def signed(value: Field) -> int:
    """A varint as the signed number that int32 and int64 fields hold."""
    number = value if isinstance(value, int) else int.from_bytes(value[:8], "little")
    return number - (1 << 64) if number >= 1 << 63 else number


def real(value: Field) -> float:
    """The float or double that a fixed-width field holds; a float as the shortest decimal that means it."""
    if isinstance(value, int):
        raise ValueError("a varint is no floating-point number")
    if len(value) == 8:
        return float(struct.unpack("<d", value)[0])
    if len(value) != 4:
        raise ValueError("no floating-point number")
    return shortest(struct.unpack("<f", value)[0])


def shortest(number: float) -> float:
    """The shortest decimal that is the same 32-bit float: 0.2 was logged, not 0.20000000298."""
    for digits in (6, 7, 8):
        decimal = float(f"{number:.{digits}g}")
        if abs(decimal) < LARGEST and struct.pack("<f", decimal) == struct.pack("<f", number):
            return decimal
    return number
