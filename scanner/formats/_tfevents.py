"""TensorBoard event files on the wire: TFRecord framing and the parts of Event and Summary that state something.

    length(8) crc(4) Event(length) crc(4) ...
    Event    1 wall_time, 2 step, 5 summary         Summary.Value  1 tag, 2 simple_value, 8 tensor, 9 metadata
    Tensor   1 dtype, 4 content, 5 floats, 6 doubles, 7 ints, 8 strings, 10 longs

A file that is still written, or was cut, ends in the middle of a record: what stands before it counts.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from scanner.formats import _protobuf_wire as wire

MAX_RECORD = 1 << 28
_FLOAT, _DOUBLE, _INT, _STRING, _LONG, _HALF = 1, 2, 3, 7, 9, 19
_PACKED = {_FLOAT: "<f", _DOUBLE: "<d", _INT: "<i", _LONG: "<q", _HALF: "<e"}


class Value(NamedTuple):
    """One value of a summary."""

    wall_time: float
    step: int
    tag: str
    number: float | None
    """A scalar, also one that was written as a tensor."""
    text: str | None
    plugin: str
    """Name of the plugin that the value is for ("hparams", "text", "scalars"); often empty."""
    content: bytes
    """The plugin's own message."""


class Event(NamedTuple):
    """One record of the file."""

    wall_time: float
    values: tuple[Value, ...]


def events(data: bytes) -> Iterator[Event]:
    """The events as far as the file goes."""
    at = 0
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 8], "little")
        if size > MAX_RECORD or at + 12 + size > len(data):
            return
        try:
            yield _event(data[at + 12 : at + 12 + size])
        except ValueError:
            return
        at += 16 + size


def _event(record: bytes) -> Event:
    wall_time, step = 0.0, 0
    summaries: list[bytes] = []
    for number, value in wire.fields(record):
        if number == 1:
            wall_time = wire.real(value)
        elif number == 2:
            step = wire.signed(value)
        elif number == 5 and isinstance(value, bytes):
            summaries.append(value)
    values = tuple(
        _value(written, wall_time, step)
        for summary in summaries
        for number, written in wire.fields(summary)
        if number == 1 and isinstance(written, bytes)
    )
    return Event(wall_time, values)


def _value(written: bytes, wall_time: float, step: int) -> Value:
    tag, number, text = "", None, None
    plugin, content = "", b""
    for field, value in wire.fields(written):
        if field == 1 and isinstance(value, bytes):
            tag = value.decode("utf-8", "replace")
        elif field == 2:
            number = wire.real(value)
        elif field == 8 and isinstance(value, bytes):
            number, text = _tensor(value)
        elif field == 9 and isinstance(value, bytes):
            for data in wire.inner(wire.message(value), 1):
                found = wire.message(data)
                plugin = wire.text(found, 1)
                content = (wire.inner(found, 2) or [b""])[-1]
    return Value(wall_time, step, tag, number, text, plugin, content)


def _tensor(data: bytes) -> tuple[float | None, str | None]:
    """(scalar, text) of a tensor of one element."""
    tensor = wire.message(data)
    kind = tensor.get(1, [0])[0]
    if kind == _STRING:
        found = wire.inner(tensor, 8)
        return None, found[0].decode("utf-8", "replace") if found else None
    if not isinstance(kind, int) or kind not in _PACKED:
        return None, None
    pattern = _PACKED[kind]
    content = (wire.inner(tensor, 4) or [b""])[-1]
    if not content and kind in (_FLOAT, _DOUBLE):
        content = b"".join(wire.inner(tensor, 5 if kind == _FLOAT else 6))
    if len(content) == struct.calcsize(pattern):
        number = float(struct.unpack(pattern, content)[0])
        return wire.shortest(number) if kind == _FLOAT else number, None
    if not content and kind in (_INT, _LONG):
        return _integer(tensor, 7 if kind == _INT else 10), None
    return None, None


def _integer(tensor: dict[int, list[wire.Field]], number: int) -> float | None:
    """An integer, packed or not."""
    for value in tensor.get(number, ()):
        if isinstance(value, int):
            return float(wire.signed(value))
        packed, end = wire.varint(value, 0)
        return float(wire.signed(packed)) if end == len(value) else None
    return None
