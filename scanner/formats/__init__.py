"""The formats that can be read, one module each, found by walking this folder; modules named `_...` are shared parts.

A format module offers

    ID: str                                     the module's name, stamped on what it finds
    DESCRIPTION: str                            one line: what it reads
    SAMPLE: str                                 a few lines of it
    GENERIC: bool (optional, default False)     reads only lines that no other format claimed
    def wants(document: Document) -> bool       cheap: by name, kind, and the first lines
    def read(document: Document) -> Iterator[Stated | Rows | Document]

and knows structure only: keys and values as written, never what they mean.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import Protocol, cast

from scanner.formats._base import Document, Rows, Stated


class Format(Protocol):
    """What a format module offers; see the package's docstring."""

    ID: str
    DESCRIPTION: str
    SAMPLE: str

    def wants(self, document: Document) -> bool: ...

    def read(self, document: Document) -> Iterator[Stated | Rows | Document]: ...


def is_generic(module: Format) -> bool:
    """Whether the format reads only what no specific format claimed."""
    return bool(getattr(module, "GENERIC", False))


@cache
def all_formats() -> tuple[Format, ...]:
    """Every format: the specific ones by name, then the generic ones by name."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
    modules = [cast(Format, importlib.import_module(f"{__name__}.{name}")) for name in names]
    return tuple(sorted(modules, key=lambda m: (is_generic(m), m.ID)))
