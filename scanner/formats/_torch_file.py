"""What `torch.save` wrote, as plain data: the zip archive of today and the row of pickles of old.

    archive/data.pkl    the saved object; each tensor names a storage, archive/data/<key>, that is not read

Single numbers that are tensors are looked up in their storage. See `_pickle_symbols` for how a pickle is read.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

from scanner.formats._pickle_objects import Persistent, Record, Symbol
from scanner.formats._pickle_symbols import load
from scanner.formats._stored import StoredBytes

MAX_PICKLE = 16 * 1024 * 1024
FIRST_READ = 512 * 1024
MAX_LEAVES = 1000
MAX_MET = 10_000
"""Entries of a bag that are looked at: one that holds itself has no end."""
MAX_DEPTH = 5

_OLD_MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_CODES = {"Float": "f", "Double": "d", "Long": "q", "Int": "i", "Half": "e", "Bool": "?", "Short": "h", "Char": "b"}


class TorchFile:
    """A saved object and the numbers inside its tensors. Raises ValueError when the file holds no pickle."""

    def __init__(self, stored: StoredBytes) -> None:
        self._archive: zipfile.ZipFile | None = None
        self._prefix = ""
        head = stored.at(0, 64)
        if head.startswith(b"PK\x03\x04"):
            self.root = self._from_archive(stored)
        elif _OLD_MAGIC in head[:16]:
            self.root = _nth_pickle(stored, 3)  # behind the magic number, the version and the machine's sizes
        elif head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
            self.root = _nth_pickle(stored, 0)
        else:
            raise ValueError("no file of torch.save")

    def _from_archive(self, stored: StoredBytes) -> Any:
        try:
            archive = zipfile.ZipFile(stored)
            name = next((n for n in archive.namelist() if n == "data.pkl" or n.endswith("/data.pkl")), None)
            if name is None:
                raise ValueError("an archive without data.pkl")
            self._archive, self._prefix = archive, name.removesuffix("data.pkl")
            with archive.open(name) as stream:
                data = stream.read(MAX_PICKLE + 1)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
            raise ValueError(f"no archive: {str(error)[:80]}") from error
        if len(data) > MAX_PICKLE:
            raise ValueError("a pickle that is too long")
        return load(io.BytesIO(data))

    def number(self, value: Any) -> float | None:
        """A number, also one that is a tensor of a single element; None for anything else."""
        if isinstance(value, (int, float)):
            return float(value)
        if not isinstance(value, Record) or self._archive is None or not value.args:
            return None
        if value.short == "_rebuild_parameter":
            return self.number(value.args[0])
        if value.short != "_rebuild_tensor_v2" or not isinstance(value.args[0], Persistent):
            return None
        key, size = value.args[0].key, value.args[2]
        if not isinstance(key, tuple) or len(key) < 5 or not isinstance(size, tuple) or any(n != 1 for n in size):
            return None
        kind = key[1].name.rpartition(".")[2].removesuffix("Storage") if isinstance(key[1], Symbol) else ""
        return self._element(str(key[2]), _CODES.get(kind), value.args[1])

    def _element(self, key: str, code: str | None, offset: Any) -> float | None:
        if code is None or self._archive is None or not isinstance(offset, int) or not 0 <= offset < 4096:
            return None
        try:
            if f"{self._prefix}byteorder" in self._archive.namelist():
                with self._archive.open(f"{self._prefix}byteorder") as stream:
                    if stream.read(8) != b"little":
                        return None
            with self._archive.open(f"{self._prefix}data/{key}") as stream:
                size = struct.calcsize(code)
                data = stream.read((offset + 1) * size)[offset * size :]
        except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError):
            return None
        return float(struct.unpack(f"<{code}", data)[0]) if len(data) == size else None


def _nth_pickle(stored: StoredBytes, n: int) -> Any:
    """The pickle behind `n` others at the file's beginning, from a small part of the file where that is enough."""
    for size in (FIRST_READ, MAX_PICKLE):
        stream = io.BytesIO(stored.at(0, size))
        try:
            for _ in range(n):
                load(stream)
            return load(stream)
        except ValueError:
            if size >= min(stored.size, MAX_PICKLE):
                raise
    raise ValueError("a pickle that is too long")


def plain(value: Any) -> str | int | float | bool | None:
    """A scalar: the value of an enumeration's member, a device's or path's text, a class's name; None for the rest."""
    if isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, Symbol):
        return value.name.rpartition(".")[2]
    if isinstance(value, Record):
        node = value.attributes().get("_val")
        if isinstance(node, (str, int, float, bool)):
            return node  # a node of OmegaConf
        texts = [part for part in value.args if isinstance(part, (str, int))]
        if value.name.startswith("pathlib.") and texts:
            return "/".join(map(str, texts)).replace("//", "/")
        if value.name == "torch.device" and texts:
            return ":".join(map(str, texts))
        if len(value.args) == 1 and isinstance(value.args[0], str) and value.state is None:
            return value.args[0]
    return None


def mapping(value: Any) -> dict[Any, Any] | None:
    """The entries of a dictionary, or of an object that is a bag of settings; None for anything else."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, Record):
        return None
    attributes = value.attributes()
    content = attributes.get("_content")
    if isinstance(content, dict):
        return content  # of OmegaConf
    return value.items or attributes or None


def leaves(value: Any) -> Iterator[tuple[tuple[str, ...], str | int | float | bool]]:
    """(path, scalar) of a bag of settings, bags within it included; a list counts where it has one element."""
    stack: list[tuple[tuple[str, ...], Any]] = [((), value)]
    n_met = 0
    while stack:
        path, bag = stack.pop()
        for key, inner in (mapping(bag) or {}).items():
            n_met += 1
            if n_met > MAX_MET:
                return
            if isinstance(inner, (list, tuple)) and len(inner) == 1:
                inner = inner[0]
            scalar = plain(inner)
            if scalar is not None:
                yield (*path, str(key)), scalar
            elif len(path) < MAX_DEPTH and mapping(inner) is not None:
                stack.append(((*path, str(key)), inner))
