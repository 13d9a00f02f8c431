"""Notebook cells as addresses: which cell a place lies in."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.records import Observation


def cells_up_to(observations: Sequence[Observation], cell: int | None) -> list[Observation]:
    """Settings of a notebook's source that stand in cells up to `cell` (all, when it is None)."""
    if cell is None:
        return list(observations)
    return [o for o in observations if (number := cell_of(o.locator.pointer)) is None or number <= cell]


def cell_of(pointer: str) -> int | None:
    """The cell's number in a pointer such as "cell 13" or "cell 13 output 0"; None when it names none."""
    if not pointer.startswith("cell "):
        return None
    digits = pointer.removeprefix("cell ").split(" ", 1)[0]
    return int(digits) if digits.isdigit() else None
