"""Rules on single lines of a log: the knowledge's signals, tried only where one of their keywords stands.

Keywords are looked for in the whole text at once: some hundred plain searches cost far less than one alternation of
them on every line.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from itertools import accumulate

from scanner.formats._base import Document, Role, Stated
from scanner.knowledge import Signal, signals

MAX_FRAME = 4000
"""Characters of a line on which patterns are tried."""

TIMEOUT_S = 0.5


@cache
def _rules_of() -> dict[str, tuple[int, ...]]:
    """Keyword to the places of its rules in the table."""
    found: dict[str, list[int]] = {}
    for at, rule in enumerate(signals()):
        for word in rule.keywords:
            found.setdefault(word, []).append(at)
    return {word: tuple(places) for word, places in found.items()}


def read(document: Document) -> Iterator[Stated]:
    """Marks, facts, fields and failures that single lines state."""
    rules = signals()
    called = _called(document.lines)
    for number in sorted(called):
        line = document.lines[number - 1]
        if "\r" not in line:
            text = line[:MAX_FRAME]
            for at in sorted(called[number]):
                yield from _apply(rules[at], text, number)
            continue
        for frame in line.split("\r"):
            text = frame[:MAX_FRAME]
            lowered = text.lower()
            for at in sorted(called[number]):
                if any(word in lowered for word in rules[at].keywords):
                    yield from _apply(rules[at], text, number)


def _called(lines: list[str]) -> dict[int, set[int]]:
    """Line (1-based) to the rules of which a keyword stands in it."""
    # Lower-cased line by line: a capital may become two characters, so that no offset outlives the folding.
    folded = [line.lower() for line in lines]
    text = "\n".join(folded)
    begins = list(accumulate((len(line) + 1 for line in folded), initial=0))
    called: dict[int, set[int]] = {}
    for word, places in _rules_of().items():
        at = text.find(word)
        while at >= 0:
            number = bisect_right(begins, at)
            called.setdefault(number, set()).update(places)
            at = text.find(word, begins[number]) if number < len(begins) else -1
    return called


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
