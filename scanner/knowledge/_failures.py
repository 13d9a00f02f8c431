"""Failure classes of RUN_SEMANTICS section 4."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from scanner.knowledge._read import read_toml


class FailureClass(NamedTuple):
    """One class."""

    name: str
    kind: str
    """"fatal", "numerical" or "quality"."""
    precedence: int
    """Of several fatal classes seen at the end of one execution, the lowest names the cause."""


@cache
def failure_classes() -> dict[str, FailureClass]:
    """All classes by name."""
    rows = read_toml("failures")["failure"]
    return {row["name"]: FailureClass(row["name"], row["kind"], row["precedence"]) for row in rows}
