"""Line rules: what a line of a log says about the execution."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import regex

from scanner.errors import KnowledgeError
from scanner.knowledge._failures import failure_classes
from scanner.knowledge._fields import fact_names, field_names, mark_names
from scanner.knowledge._read import read_toml


@dataclass(frozen=True, slots=True)
class Signal:
    """One rule of signals.toml."""

    id: str
    keywords: tuple[str, ...]
    """Lower-case literals; the pattern is tried only on a line that holds one of them."""
    pattern: regex.Pattern[str]
    means: str
    """`mark:<id>`, `fact:<id>`, `field:<name>`, or `failure:<class>`."""
    value: str
    """For facts and fields: the value, or empty when the group `value` of the pattern holds it."""
    matches: tuple[str, ...]
    rejects: tuple[str, ...]
    is_digit_blind: bool
    """Whether the pattern takes any digit for any other, so that it fails on one line as on all of that shape."""


_ANY_DIGIT = regex.compile(r"\\[dDwWsSbB]|\{\d*,?\d*\}|\[0-9\]|0-9")
_ONE_DIGIT = regex.compile(r"[0-9]|\\[gkpPxuUN]|\(\?P=|\(\?\(|\(\?R\)|\(\?&")


def is_digit_blind(pattern: str) -> bool:
    """Whether a pattern names no digit, back reference or code point: it asks of digits only that they are some."""
    return _ONE_DIGIT.search(_ANY_DIGIT.sub("", pattern)) is None


def _signal(row: dict[str, Any]) -> Signal:
    extra = set(row) - {"id", "keywords", "pattern", "means", "value", "matches", "rejects"}
    kind, _, name = row["means"].partition(":")
    known = {
        "mark": mark_names(),
        "fact": fact_names(),
        "field": frozenset(field_names()),
        "failure": frozenset(failure_classes()),
    }
    if extra or name not in known.get(kind, ()) or not row["matches"]:
        raise KnowledgeError(f"signals.toml {row.get('id')}: unknown keys {sorted(extra)}, meaning or no example")
    return Signal(
        id=row["id"],
        keywords=tuple(word.lower() for word in row["keywords"]),
        pattern=regex.compile(row["pattern"]),
        means=row["means"],
        value=row.get("value", ""),
        matches=tuple(row["matches"]),
        rejects=tuple(row.get("rejects", ())),
        is_digit_blind=is_digit_blind(row["pattern"]),
    )


@cache
def signals() -> tuple[Signal, ...]:
    """All rules in the order of the file; of two that match one line with the same kind of meaning, the first wins."""
    found = tuple(_signal(row) for row in read_toml("signals")["signal"])
    if len({rule.id for rule in found}) != len(found):
        raise KnowledgeError("signals.toml: an id occurs twice")
    return found
