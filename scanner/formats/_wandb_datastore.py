"""The records of a W&B `run-<id>.wandb` file: LevelDB log blocks of 32 KiB behind a header of 7 bytes.

    ":W&B" magic(2) version(1) | { crc(4) length(2) type(1) data } ...      type 1 whole, 2 first, 3 middle, 4 last

A record is a protobuf message whose one interesting field tells its kind. The file of a killed run ends in the middle
of a record, and online runs of old versions are padded: reading stops at the first header that cannot be one.
"""

from __future__ import annotations

from collections.abc import Iterator

from scanner.formats import _protobuf_wire as wire

MAGIC = b":W&B"
BLOCK = 32768
HEADER = 7

# Field numbers of Record in wandb_internal.proto.
HISTORY, SUMMARY, CONFIG, RUN, EXIT, ENVIRONMENT = 2, 3, 5, 17, 18, 26
_KINDS = frozenset({HISTORY, SUMMARY, CONFIG, RUN, EXIT, ENVIRONMENT})


def records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(kind, message) of each record that says something about the training, as far as the file goes."""
    for record in _blocks(data):
        try:
            for number, value in wire.fields(record):
                if number in _KINDS and isinstance(value, bytes):
                    yield number, value
        except ValueError:
            return


def _blocks(data: bytes) -> Iterator[bytes]:
    parts: list[bytes] = []
    at = HEADER
    while at + HEADER <= len(data):
        left = BLOCK - at % BLOCK
        if left < HEADER:
            at += left
            continue
        size = int.from_bytes(data[at + 4 : at + 6], "little")
        kind = data[at + 6]
        at += HEADER
        if kind not in (1, 2, 3, 4) or at + size > len(data):
            return
        if kind in (1, 2):
            parts = []
        parts.append(data[at : at + size])
        at += size
        if kind in (1, 4):
            yield b"".join(parts)


def items(record: bytes, number: int = 1) -> Iterator[tuple[tuple[str, ...], str]]:
    """(key path, JSON text) of the items of a history, summary or config record."""
    for item in wire.inner(wire.message(record), number):
        found = wire.message(item)
        nested = tuple(part.decode("utf-8", "replace") for part in wire.inner(found, 2))
        key = wire.text(found, 1)
        yield (key,) if key else nested, wire.text(found, 16)
