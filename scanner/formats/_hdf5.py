"""The few parts of an HDF5 file that tell of a training: attributes of the root group, groups, single whole numbers.

A file is a superblock that leads to the root group's object header, whose messages are attributes and the place of the
group's links. Only what is asked for is read, so that a file of many gigabytes costs a few small reads. After "HDF5
File Format Specification" 3.0; the old layout (superblock 0, object headers 1), which is what Keras writes, and the
compact part of the new one. Dense attributes and links, chunked and filtered data are not read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple, Protocol

SIGNATURE = b"\x89HDF\r\n\x1a\n"
MAX_HEADER = 1 << 20
MAX_TEXT = 16 << 20
MAX_LINKS = 20_000

_DATASPACE, _DATATYPE, _LINK, _LAYOUT, _ATTRIBUTE, _CONTINUATION, _TABLE = 0x01, 0x03, 0x06, 0x08, 0x0C, 0x10, 0x11


class Reader(Protocol):
    """Bytes by their place."""

    def at(self, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`."""
        ...


class _Message(NamedTuple):
    kind: int
    flags: int
    data: bytes


class Hdf5:
    """An HDF5 file. Every method raises ValueError where the file is not what the format says."""

    def __init__(self, source: Reader) -> None:
        self._source = source
        head = source.at(0, 96)
        if not head.startswith(SIGNATURE):
            raise ValueError("no HDF5 file")
        version = head[8]
        sizes = head[13:15] if version < 2 else head[9:11]
        if sizes != b"\x08\x08":
            raise ValueError("addresses of another width than 8")
        place = {0: 64, 1: 68, 2: 36, 3: 36}.get(version)
        if place is None:
            raise ValueError(f"superblock {version}")
        self.root: int = _unpack("<Q", head, place)

    def attribute(self, header: int, name: str) -> str | None:
        """A text attribute of an object; None when it has none of that name."""
        for message in self._messages(header):
            if message.kind == _ATTRIBUTE:
                found = self._text(message.data, name)
                if found is not None:
                    return found
        return None

    def links(self, header: int) -> dict[str, int]:
        """The names in a group and the places of their object headers."""
        found: dict[str, int] = {}
        for message in self._messages(header):
            if message.kind == _TABLE:
                tree, heap = struct.unpack_from("<QQ", message.data)
                names = self._heap(heap)
                for name, target in self._tree(tree, depth=0):
                    found[_zero_ended(names, name)] = target
                    if len(found) > MAX_LINKS:
                        raise ValueError("a group with too many members")
            elif message.kind == _LINK:
                found.update(_hard_link(message.data))
        return found

    def whole_number(self, header: int) -> int | None:
        """The value of a dataset that is one whole number; None when the object is anything else."""
        kinds = {message.kind: message for message in self._messages(header)}
        if not {_DATASPACE, _DATATYPE, _LAYOUT} <= set(kinds):
            return None
        kind, space, layout = (kinds[k].data for k in (_DATATYPE, _DATASPACE, _LAYOUT))
        size = _unpack("<I", kind, 4)
        if kind[0] & 0x0F != 0 or size not in (1, 2, 4, 8) or space[1] != 0 or kind[1] & 1:
            return None  # no whole number, not a single one, or not little-endian
        if layout[0] == 3 and layout[1] == 1:
            data = self._source.at(_unpack("<Q", layout, 2), size)
        elif layout[0] == 3 and layout[1] == 0:
            data = layout[4 : 4 + size]
        else:
            return None
        return int.from_bytes(data, "little", signed=bool(kind[1] & 8)) if len(data) == size else None

    def _messages(self, header: int) -> Iterator[_Message]:
        first = self._read(header, 16)
        if first.startswith(b"OHDR"):
            yield from self._new_messages(header)
            return
        if first[0] != 1:
            raise ValueError(f"object header {first[0]}")
        left = _unpack("<H", first, 2)
        blocks = [(header + 16, _unpack("<I", first, 8))]
        while blocks:
            start, length = blocks.pop(0)
            block = self._read(start, length)
            at = 0
            while at + 8 <= len(block) and left > 0:
                kind, size, flags = struct.unpack_from("<HHB", block, at)
                data = block[at + 8 : at + 8 + size]
                at += 8 + size
                left -= 1
                if kind == _CONTINUATION:
                    blocks.append(struct.unpack_from("<QQ", data))
                else:
                    yield _Message(kind, flags, data)

    def _new_messages(self, header: int) -> Iterator[_Message]:
        first = self._read(header, 64)
        flags = first[5]
        at = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
        width = 1 << (flags & 3)
        length = int.from_bytes(first[at : at + width], "little")
        blocks = [(header + at + width, length)]
        n_blocks = 0
        while blocks and n_blocks < 64:
            n_blocks += 1
            start, length = blocks.pop(0)
            block = self._read(start, length)
            at = 0
            step = 6 if flags & 4 else 4
            while at + step <= len(block):
                kind, size, own = struct.unpack_from("<BHB", block, at)
                data = block[at + step : at + step + size]
                at += step + size
                if kind == _CONTINUATION:
                    where, size = struct.unpack_from("<QQ", data)
                    blocks.append((where + 4, max(0, size - 8)))  # between "OCHK" and the checksum
                else:
                    yield _Message(kind, own, data)

    def _text(self, data: bytes, wanted: str) -> str | None:
        version = data[0]
        name_size, type_size, space_size = struct.unpack_from("<HHH", data, 2)
        at = 9 if version == 3 else 8
        pad = 8 if version == 1 else 1
        name = data[at : at + name_size].split(b"\0")[0]
        if name != wanted.encode():
            return None
        at += -(-name_size // pad) * pad
        kind = data[at : at + type_size]
        at += -(-type_size // pad) * pad
        at += -(-space_size // pad) * pad
        if kind[0] & 0x0F == 9:  # of variable length: its size and a place in a global heap
            size, heap, index = struct.unpack_from("<IQI", data, at)
            return self._global(heap, index, size).decode("utf-8", "replace")
        if kind[0] & 0x0F == 3:
            return data[at : at + _unpack("<I", kind, 4)].split(b"\0")[0].decode("utf-8", "replace")
        return None

    def _global(self, heap: int, index: int, size: int) -> bytes:
        head = self._read(heap, 16)
        total = _unpack("<Q", head, 8)
        if not head.startswith(b"GCOL") or total > MAX_TEXT:
            raise ValueError("no global heap")
        block = self._read(heap, total)
        at = 16
        while at + 16 <= len(block):
            number, _, _, length = struct.unpack_from("<HHIQ", block, at)
            if number == 0:
                break
            if number == index:
                return block[at + 16 : at + 16 + min(size, length)]
            at += 16 + -(-length // 8) * 8
        raise ValueError("not in the global heap")

    def _heap(self, place: int) -> bytes:
        head = self._read(place, 32)
        if not head.startswith(b"HEAP"):
            raise ValueError("no local heap")
        return self._read(_unpack("<Q", head, 24), _unpack("<Q", head, 8))

    def _tree(self, place: int, depth: int) -> Iterator[tuple[int, int]]:
        """(place of the name in the heap, object header) of every link below a node."""
        if depth > 8:
            raise ValueError("a tree that is too deep")
        head = self._read(place, 24)
        if not head.startswith(b"TREE"):
            raise ValueError("no tree")
        n_children = _unpack("<H", head, 6)
        body = self._read(place + 24, 16 * n_children + 8)
        for n in range(n_children):
            child = _unpack("<Q", body, 16 * n + 8)
            if head[5] > 0:
                yield from self._tree(child, depth + 1)
                continue
            leaf = self._read(child, 8)
            if not leaf.startswith(b"SNOD"):
                raise ValueError("no symbol node")
            entries = self._read(child + 8, 40 * _unpack("<H", leaf, 6))
            for at in range(0, len(entries) - 39, 40):
                yield struct.unpack_from("<QQ", entries, at)

    def _read(self, start: int, length: int) -> bytes:
        if length > MAX_HEADER and length > MAX_TEXT:
            raise ValueError("a part that is too large")
        found = self._source.at(start, length)
        if len(found) < min(length, 8):
            raise ValueError("a part beyond the end")
        return found


def _hard_link(data: bytes) -> dict[str, int]:
    """The name and place of a link of the new layout; empty for a soft one."""
    flags = data[1]
    at = 2
    if flags & 8:
        if data[at] != 0:
            return {}
        at += 1
    at += (8 if flags & 4 else 0) + (1 if flags & 16 else 0)
    width = 1 << (flags & 3)
    size = int.from_bytes(data[at : at + width], "little")
    at += width
    return {data[at : at + size].decode("utf-8", "replace"): _unpack("<Q", data, at + size)}


def _zero_ended(names: bytes, start: int) -> str:
    return names[start : names.find(b"\0", start)].decode("utf-8", "replace")


def _unpack(form: str, data: bytes, at: int) -> int:
    """One number. Raises ValueError past the end."""
    try:
        return int(struct.unpack_from(form, data, at)[0])
    except struct.error as error:
        raise ValueError("ends too early") from error
