"""Which program this is, by the digests of its own files: what another one found is not taken for its findings."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from functools import cache
from pathlib import Path

_INTAKE = ("formats", "intake", "knowledge", "records.py")
"""What decides what is found in a file (below scanner/)."""
_ALL = ("scanner", "report_templates")
_ENDINGS = (".py", ".toml", ".j2", ".css", ".js")
_LIBRARIES = frozenset(
    {"duckdb", "jinja2", "matplotlib", "msgspec", "numpy", "pyarrow", "pyyaml", "regex", "scipy", "zstandard"}
)


@cache
def intake_version() -> str:
    """Digest of the readers, the knowledge and the libraries beneath: the same one finds the same in the same file."""
    return _digest([Path(__file__).parent / name for name in _INTAKE])


@cache
def program_version() -> str:
    """Digest of the whole program with its templates: the same one makes the same tables and documents of a tree."""
    return _digest([Path(__file__).parent.parent / name for name in _ALL])


def _digest(places: list[Path]) -> str:
    total = hashlib.blake2b(digest_size=16)
    total.update(repr((sys.version, sys.byteorder, _libraries())).encode())
    for place in places:
        for path in _files(str(place)):
            with open(path, "rb") as stream:
                content = stream.read()
            total.update(f"{os.path.relpath(path, place)}\0{len(content)}\0".encode())
            total.update(content)
    return total.hexdigest()


def _files(place: str) -> list[str]:
    if os.path.isfile(place):
        return [place]
    return sorted(
        os.path.join(folder, name) for folder, _, names in os.walk(place) for name in names if name.endswith(_ENDINGS)
    )


def _libraries() -> list[str]:
    """The installed libraries that results depend on, by the names of their metadata folders ("regex-2024.5.15")."""
    found = set()
    for place in sys.path:
        try:
            names = os.listdir(place or ".")
        except OSError:
            continue
        for name in names:
            if name.endswith(".dist-info") and re.sub(r"[-_.]+", "", name.split("-")[0]).lower() in _LIBRARIES:
                found.add(name)
    return sorted(found)
