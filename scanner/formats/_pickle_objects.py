"""What a pickle would have built, as inert data: names, records of calls, and the plain containers.

Symbol("argparse.Namespace")     Record("argparse.Namespace", state={"lr": 0.1})     Persistent(("storage", ...))
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Symbol(NamedTuple):
    """A name that the pickle asks for: a class or function, never looked up."""

    name: str
    """Module and name, joined by a dot."""


class Persistent(NamedTuple):
    """Something that is kept outside the pickle: a tensor's storage."""

    key: Any


@dataclass(slots=True, eq=False)
class Record:
    """An object that the pickle would have built."""

    name: str
    """Of its class or the function that makes it."""
    args: tuple[Any, ...] = ()
    state: Any = None
    items: dict[Any, Any] = field(default_factory=dict)
    elements: list[Any] = field(default_factory=list)

    @property
    def short(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(".")[2]

    def attributes(self) -> dict[str, Any]:
        """The attributes that its state sets, also those of slots."""
        parts = self.state if isinstance(self.state, tuple) else (self.state,)
        return {k: v for part in parts if isinstance(part, dict) for k, v in part.items() if isinstance(k, str)}


def set_items(target: Any, found: list[Any]) -> None:
    """Keys that are no plain values are left out: nothing is told by them."""
    where = target.items if isinstance(target, Record) else target
    if isinstance(where, dict):
        for key, value in zip(found[::2], found[1::2], strict=True):
            if isinstance(key, (str, int, float, bytes)) or key is None:
                where[key] = value


_MAPPINGS = frozenset({"collections.OrderedDict", "builtins.dict", "__builtin__.dict"})
_SEQUENCES = frozenset(
    f"{module}.{name}" for module in ("builtins", "__builtin__") for name in ("set", "frozenset", "list")
)
_REBUILDERS = frozenset(
    {"copy_reg._reconstructor", "copyreg._reconstructor", "copyreg.__newobj__", "copy_reg.__newobj__"}
)
_GETATTR = frozenset({"builtins.getattr", "__builtin__.getattr"})
_NUMPY_SCALARS = frozenset({"numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar"})
_NUMPY_CODES = {
    "f8": "d",
    "f4": "f",
    "f2": "e",
    "i8": "q",
    "i4": "i",
    "i2": "h",
    "i1": "b",
    "u8": "Q",
    "u4": "I",
    "u1": "B",
    "b1": "?",
}


def made(what: Any, args: tuple[Any, ...]) -> Any:
    """What a call would make, as data."""
    if not isinstance(what, Symbol):
        return Record("unknown", args)
    if what.name in _MAPPINGS or what.name == "collections.defaultdict":
        entries: dict[Any, Any] = {}
        for pair in _pairs(args):
            set_items(entries, list(pair))
        return entries
    if what.name in _SEQUENCES:
        return list(args[0]) if args and isinstance(args[0], (list, tuple)) else []
    if what.name in _REBUILDERS and args and isinstance(args[0], Symbol):
        return Record(args[0].name)
    if what.name in _GETATTR and len(args) == 2 and isinstance(args[0], Symbol):
        return Record(args[0].name, (args[1],))  # a member of an enumeration, by its name
    if what.name == "_codecs.encode" and args and isinstance(args[0], str):
        return args[0].encode("latin-1", "replace")  # bytes, as protocols before 3 write them
    if what.name in _NUMPY_SCALARS:
        return _numpy_scalar(args)
    return Record(what.name, args)


def _pairs(args: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    found = args[-1] if args else ()
    if isinstance(found, dict):
        yield from found.items()
    elif isinstance(found, (list, tuple)):
        for pair in found:
            if isinstance(pair, (list, tuple)) and len(pair) == 2:
                yield pair[0], pair[1]


def _numpy_scalar(args: tuple[Any, ...]) -> Any:
    """A number that numpy wrote as its bytes; None when it is none."""
    if len(args) == 2 and isinstance(args[0], Record) and args[0].args:
        code = _NUMPY_CODES.get(str(args[0].args[0]))
        state = args[0].state
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else "<"
        data = args[1]
        if isinstance(data, str):
            data = data.encode("latin-1", "replace")
        if code and isinstance(data, bytes) and len(data) == struct.calcsize(code):
            return struct.unpack((">" if order == ">" else "<") + code, data)[0]
    return None
