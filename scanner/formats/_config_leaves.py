"""The scalars of a configuration file of any of the four syntaxes, with their lines.

[optimizer]            ("optimizer", "lr") = 0.001 at line 2, from TOML and INI alike
lr = 0.001
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from typing import Any

from scanner.formats import _json, _yaml
from scanner.formats._base import Document
from scanner.formats._json import Leaf

MAX_CHARACTERS = 400_000
"""A larger file is data."""
MAX_LEAVES = 3000

_SECTION = re.compile(r"^\s*\[{1,2}(?P<name>[^\[\]]+)\]{1,2}\s*(?:[#;].*)?$")
_ENTRY = re.compile(r"^\s*(?P<key>[\w.\-\"'](?:[\w.\-\"' ]*[\w.\-\"'])?)\s*[=:]\s*(?P<value>.*?)\s*$")
_COMMENT = re.compile(r"\s+[#;].*$")


def leaves(document: Document) -> list[Leaf]:
    """All scalars in the order of the file; empty when it is too large to be a configuration, or no mapping.
    Raises ValueError where the text is not what its ending says."""
    if sum(map(len, document.lines)) > MAX_CHARACTERS:
        return []
    found: list[Leaf] = []
    for leaf in _read(document):
        found.append(leaf)
        if len(found) > MAX_LEAVES or not leaf.path or not isinstance(leaf.path[0], str):
            return []
    return found


def _read(document: Document) -> Iterator[Leaf]:
    if document.kind == "yaml":
        return _yaml.leaves(document.text())
    if document.kind == "json":
        return _json.leaves(document.text())
    return _toml(document.lines) if document.kind == "toml" else _ini(document.lines)


def _toml(lines: Sequence[str]) -> Iterator[Leaf]:
    try:
        root = tomllib.loads("\n".join(lines))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"no TOML: {str(error)[:120]}") from error
    places = _places(lines)
    stack: list[tuple[tuple[str | int, ...], Any]] = [((), root)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, dict):
            stack.extend(((*path, str(key)), inner) for key, inner in reversed(list(value.items())))
        elif isinstance(value, list):
            stack.extend(((*path, n), inner) for n, inner in reversed(list(enumerate(value))))
        elif isinstance(value, (str, int, float, bool)):
            yield Leaf(path, value, _line(path, places))


def _places(lines: Sequence[str]) -> dict[tuple[str, ...], int]:
    """Line of every `key = ` under its section's path."""
    places: dict[tuple[str, ...], int] = {}
    section: tuple[str, ...] = ()
    for number, line in enumerate(lines, 1):
        header = _SECTION.match(line)
        if header:
            section = _parts(header["name"])
            places.setdefault(section, number)
        elif (entry := _ENTRY.match(line)) and "=" in line:
            places.setdefault((*section, *_parts(entry["key"])), number)
    return places


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in name.split("."))


def _line(path: tuple[str | int, ...], places: dict[tuple[str, ...], int]) -> int:
    """The line of a path, or of the nearest thing around it (inline tables, arrays of tables)."""
    names = tuple(part for part in path if isinstance(part, str))
    while names and names not in places:
        names = names[:-1]
    return places.get(names, 1)


def _ini(lines: Sequence[str]) -> Iterator[Leaf]:
    section: tuple[str, ...] = ()
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip()[:1] in "#;":
            continue
        header = _SECTION.match(line)
        if header:
            section = _parts(header["name"])
        elif (entry := _ENTRY.match(line)) and not line[:1].isspace():
            value = _COMMENT.sub("", entry["value"]).strip("\"'")
            yield Leaf((*section, entry["key"].strip("\"' ")), value, number)
