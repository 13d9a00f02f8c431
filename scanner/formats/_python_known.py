"""What can be known of an expression of a Python source: a scalar with its line, or a mapping with known fields."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


class Known(NamedTuple):
    """A scalar and the line at which it is written."""

    value: str | float | int | bool | None
    line: int


@dataclass(slots=True)
class Record:
    """A mapping, a namespace of parsed arguments or an instance with known fields."""

    fields: dict[str, ast.expr] = field(default_factory=dict)
    of: ast.ClassDef | None = None


Thing = Known | Record


def agreed(things: Iterable[Thing | None]) -> Thing | None:
    """The thing that all of them are; None when one is unknown or two differ. The first one's place is kept."""
    first: Thing | None = None
    for thing in things:
        if thing is None:
            return None
        if first is None:
            first = thing
        elif isinstance(thing, Known) and isinstance(first, Known):
            if thing.value != first.value or isinstance(thing.value, bool) != isinstance(first.value, bool):
                return None
        elif not (isinstance(thing, Record) and isinstance(first, Record) and thing.fields == first.fields):
            return None
    return first
