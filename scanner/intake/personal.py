"""Who and what machines the files of a tree name: asked for only where a report is to leave the house.

The whole text of every file that is read is looked at, not only what is stored: the folder `/home/ayse` in a line that
states nothing tells that `ayse` in a run's name is somebody's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scanner.intake.crawl import Candidate, crawl
from scanner.intake.decode import DecodeError
from scanner.intake.read_file import open_document
from scanner.knowledge import PersonalKind, personal_names

_PIECE = 1_000_000
"""Characters that are looked at once."""


def names_in_tree(roots: tuple[Path, ...]) -> frozenset[tuple[PersonalKind, str]]:
    """The users and hosts that paths and contents name. Raises IntakeError for a root that is none."""
    found: set[tuple[PersonalKind, str]] = set()
    for root in roots:
        found.update(personal_names(f"{root.resolve()}/"))
    for met in crawl(roots):
        found.update(personal_names(met.path))
        if isinstance(met, Candidate) and met.kind != "weights":
            for piece in _pieces(met):
                found.update(personal_names(piece))
    return frozenset(found)


def _pieces(candidate: Candidate) -> Iterator[str]:
    """The text of a file, binary ones read as if they were text; nothing of one that cannot be read."""
    try:
        document, _ = open_document(candidate)
    except (OSError, DecodeError):
        return
    text = document.data.decode("latin-1") if document.kind == "binary" else document.text()
    for at in range(0, len(text), _PIECE):
        yield text[max(at - 200, 0) : at + _PIECE]
