"""Rules on single lines of a log: the knowledge's signals, tried only where one of their keywords stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from scanner.formats._base import Document, Role, Stated
from scanner.knowledge import Signal, signals

MAX_FRAME = 4000
"""Characters of a line on which patterns are tried; the rest of a longer line is looked at near keywords only."""

TIMEOUT_S = 0.5


@cache
def _keyword_pattern() -> re.Pattern[str]:
    words = sorted({word for rule in signals() for word in rule.keywords}, key=lambda word: (-len(word), word))
    return re.compile("|".join(map(re.escape, words)), re.IGNORECASE)


@cache
def _rules_of() -> dict[str, tuple[Signal, ...]]:
    words = {word for rule in signals() for word in rule.keywords}
    # A longer keyword hides a shorter one that stands inside it, so a found word calls the rules of all words in it.
    return {word: tuple(rule for rule in signals() if any(k in word for k in rule.keywords)) for word in words}


def read(document: Document) -> Iterator[Stated]:
    """Marks, facts, fields and failures that single lines state."""
    find = _keyword_pattern().finditer
    for number, frame in document.frames():
        text = frame if len(frame) <= MAX_FRAME else frame[:MAX_FRAME]
        tried: set[str] = set()
        for found in find(text):
            for rule in _rules_of()[found.group().lower()]:
                if rule.id not in tried:
                    tried.add(rule.id)
                    yield from _apply(rule, text, number)


def _apply(rule: Signal, text: str, number: int) -> Iterator[Stated]:
    try:
        match = rule.pattern.search(text, timeout=TIMEOUT_S)
    except TimeoutError:
        return
    if match is None:
        return
    kind, _, name = rule.means.partition(":")
    value = rule.value or (match.groupdict().get("value") or "").strip()
    role: Role = {"mark": "mark", "fact": "fact", "field": "setting", "failure": "mark"}[kind]  # type: ignore[assignment]
    key = f"failure:{name}" if kind == "failure" else name
    yield Stated(key, value or True, number, role, origin="reported", raw=text.strip())
