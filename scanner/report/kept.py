"""The hand-written parts of a document, and whether somebody edited the rest of it.

Between two markers, each alone on its line, everything is the user's and is kept at every regeneration:

    <!-- scan-trainings:plans begin -->
    - [ ] gpt2-large, bf16
    <!-- scan-trainings:plans end -->

The last line of a document is its seal: the number style it was written in and a digest of all that stands outside
the markers. Line ends and blanks at line ends make no difference, so an editor that changes those changes nothing.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Mapping
from typing import NamedTuple

_MARK = re.compile(r"<!-- scan-trainings:(?P<name>[a-z_]+) (?P<edge>begin|end) -->")
_SEAL = re.compile(r"<!-- scan-trainings: numbers=(?P<style>[a-z]+) digest=(?P<digest>[0-9a-f]{64}) -->")


class Written(NamedTuple):
    """A document as it was found."""

    kept: Mapping[str, str]
    """Name of a part -> what stands between its markers."""
    style: str
    """The number style of the seal; empty where there is no seal."""
    is_untouched: bool
    """Whether all that stands outside the markers is as this program wrote it."""


class Difference(NamedTuple):
    """Lines that are not what the tables give."""

    line: int
    """Where they stand in the document, 1-based; where they are missing, the line before which they should stand."""
    found: tuple[str, ...]
    wanted: tuple[str, ...]


def seal(body: str, style: str) -> str:
    """The document with its last line."""
    return f"{body}\n<!-- scan-trainings: numbers={style} digest={_digest(_lines(body))} -->\n"


def read(text: str) -> Written:
    """What is known of a document; one without a seal, or with broken markers, counts as touched."""
    lines = _lines(text)
    seal_found = _SEAL.fullmatch(lines[-1]) if lines else None
    try:
        kept = _parts(lines)
    except ValueError:
        return Written({}, seal_found["style"] if seal_found else "", False)
    if seal_found is None:
        return Written(kept, "", False)
    return Written(kept, seal_found["style"], _digest(lines[:-1]) == seal_found["digest"])


def fill(body: str, kept: Mapping[str, str]) -> str:
    """The body with the user's text between its markers. Raises ValueError for a part without a place."""
    missing = [name for name, text in kept.items() if text.strip() and name not in _parts(_lines(body))]
    if missing:
        raise ValueError(f"no place for {', '.join(missing)}")
    found: list[str] = []
    inside = ""
    for line in body.split("\n"):
        mark = _MARK.fullmatch(line)
        if mark and mark["edge"] == "end":
            inside = ""
        if not inside:
            found.append(line)
        if mark and mark["edge"] == "begin" and mark["name"] in kept:
            inside = mark["name"]
            if kept[inside]:
                found.append(kept[inside])
    return "\n".join(found)


def differences(found: str, wanted: str) -> list[Difference]:
    """Where a document is not the wanted one, line by line."""
    a, b = _lines(found), _lines(wanted)
    if a == b:
        return []
    blocks = difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    return [Difference(i + 1, tuple(a[i:j]), tuple(b[k:n])) for tag, i, j, k, n in blocks if tag != "equal"]


def _lines(text: str) -> list[str]:
    """The lines without what editors change unasked: a byte-order mark, carriage returns, blanks at the ends."""
    lines = [line.rstrip() for line in text.removeprefix("\ufeff").split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _parts(lines: list[str]) -> dict[str, str]:
    """The kept parts by name. Raises ValueError for markers that do not pair."""
    found: dict[str, str] = {}
    inside, start = "", 0
    for at, line in enumerate(lines):
        mark = _MARK.fullmatch(line)
        if mark is None:
            continue
        name, is_begin = mark["name"], mark["edge"] == "begin"
        if is_begin == bool(inside) or (is_begin and name in found) or (not is_begin and name != inside):
            raise ValueError(f"line {at + 1}: {line} does not pair")
        if is_begin:
            inside, start = name, at + 1
        else:
            found[name], inside = "\n".join(lines[start:at]), ""
    if inside:
        raise ValueError(f"{inside} is not closed")
    return found


def _digest(lines: list[str]) -> str:
    outside: list[str] = []
    inside = False
    for line in lines:
        mark = _MARK.fullmatch(line)
        if mark:
            inside = mark["edge"] == "begin"
        if mark or not inside:
            outside.append(line)
    while outside and not outside[-1]:
        outside.pop()
    return hashlib.sha256("\n".join(outside).encode()).hexdigest()
