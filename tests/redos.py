"""Strings that make a regular expression try everything, made from its own parts: `python -m tests.redos`.

Of each repeat in a pattern one string is made: the shortest text that leads there, what is repeated, many times, and an
end that does not match. A pattern of exponential or cubic cost takes seconds on a few thousand such characters.
"""

from __future__ import annotations

import re
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from re import _constants as C  # type: ignore[attr-defined]
    from re import _parser  # type: ignore[attr-defined]

from scanner.formats import all_formats
from scanner.intake.line_rules import MAX_FRAME
from scanner.knowledge import signals

LIMIT_S = 2.0
"""Of one search."""

ENDS = ("\x00", "")


class Attack(NamedTuple):
    """A pattern and a text that it may choke on."""

    name: str
    pattern: Any
    text: str


def patterns() -> Iterator[tuple[str, Any]]:
    """Every compiled pattern of the formats (shared parts too) and every line rule."""
    all_formats()
    seen = set()
    for module_name, module in sorted(sys.modules.items()):
        if module_name.startswith(("scanner.formats", "scanner.intake")):
            for name, value in sorted(vars(module).items()):
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str) and value.pattern not in seen:
                    seen.add(value.pattern)
                    yield f"{module_name}.{name}", value
    for rule in signals():
        yield f"signals.{rule.id}", rule.pattern


def attacks(name: str, pattern: Any, length: int = MAX_FRAME) -> Iterator[Attack]:
    """The texts for one pattern; none where its syntax is the other engine's own."""
    try:
        tree = _parser.parse(pattern.pattern, pattern.flags & (re.IGNORECASE | re.VERBOSE | re.MULTILINE | re.DOTALL))
    except (re.error, RecursionError, OverflowError):
        return
    made = {(lead, unit) for lead, unit in _repeats(tree, "") if unit}
    for lead, unit in sorted(made):
        for end in ENDS:
            yield Attack(name, pattern, (lead + unit * (length // len(unit) + 1))[:length] + end)


def _repeats(tree: Any, lead: str) -> Iterator[tuple[str, str]]:
    """(text before, unit) of every repeat that may go on."""
    for op, value in tree:
        if op in (C.MAX_REPEAT, C.MIN_REPEAT, C.POSSESSIVE_REPEAT):
            _, most, inner = value
            if most > 20:
                yield lead, _shortest(inner) or _shortest_of_repeat(inner)
            yield from _repeats(inner, lead)
        elif op is C.SUBPATTERN:
            yield from _repeats(value[-1], lead)
        elif op is C.BRANCH:
            for branch in value[1]:
                yield from _repeats(branch, lead)
        elif op in (C.ASSERT, C.ASSERT_NOT):
            yield from _repeats(value[1], lead)
        elif op is C.ATOMIC_GROUP:
            yield from _repeats(value, lead)
        lead += _one((op, value))


def _shortest_of_repeat(tree: Any) -> str:
    """Of a repeat of what may be empty: its parts once."""
    return "".join(_shortest(value[2]) for op, value in tree if op in (C.MAX_REPEAT, C.MIN_REPEAT))


def _shortest(tree: Any) -> str:
    return "".join(_one(item) for item in tree)


_CATEGORY = {C.CATEGORY_DIGIT: "1", C.CATEGORY_SPACE: " ", C.CATEGORY_WORD: "a", C.CATEGORY_NOT_DIGIT: "a",
             C.CATEGORY_NOT_SPACE: "a", C.CATEGORY_NOT_WORD: " "}  # fmt: skip


def _one(item: Any) -> str:
    """A short text that the part matches."""
    op, value = item
    if op is C.LITERAL:
        return chr(value)
    if op is C.NOT_LITERAL:
        return "a" if value != ord("a") else "b"
    if op is C.ANY:
        return "a"
    if op is C.IN:
        return _of_set(value)
    if op is C.BRANCH:
        return min((_shortest(branch) for branch in value[1]), key=len)
    if op is C.SUBPATTERN:
        return _shortest(value[-1])
    if op is C.ATOMIC_GROUP:
        return _shortest(value)
    if op in (C.MAX_REPEAT, C.MIN_REPEAT, C.POSSESSIVE_REPEAT):
        return _shortest(value[2]) * min(value[0], 10)
    return ""


def _of_set(items: Any) -> str:
    if items[0][0] is C.NEGATE:
        return next(c for c in "a1 -_x=:,.\t#Z" if not re.match(_set_source(items[1:]), c))
    op, value = items[0]
    return chr(value) if op is C.LITERAL else chr(value[0]) if op is C.RANGE else _CATEGORY.get(value, "a")


def _set_source(items: Any) -> str:
    names = {C.CATEGORY_DIGIT: r"\d", C.CATEGORY_SPACE: r"\s", C.CATEGORY_WORD: r"\w", C.CATEGORY_NOT_DIGIT: r"\D",
             C.CATEGORY_NOT_SPACE: r"\S", C.CATEGORY_NOT_WORD: r"\W"}  # fmt: skip
    parts = [
        re.escape(chr(value)) if op is C.LITERAL else f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
        if op is C.RANGE else names.get(value, "") for op, value in items
    ]  # fmt: skip
    return f"[{''.join(parts)}]"


def seconds(attack: Attack) -> float:
    """Processor time of one search, LIMIT_S at most."""

    def stop(number: int, frame: object) -> None:
        raise TimeoutError

    before = time.process_time()
    signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT_S)
    try:
        attack.pattern.search(attack.text)
    except TimeoutError:
        return LIMIT_S
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return time.process_time() - before


def worst(length: int = MAX_FRAME) -> Iterator[tuple[float, str, int, str]]:
    """(seconds, name, characters, beginning) of each pattern's slowest text, of at most `length` characters."""
    for name, pattern in patterns():
        slowest = (0.0, name, 0, "")
        for n in (24, 200, length):
            for attack in attacks(name, pattern, n):
                slowest = max(slowest, (seconds(attack), name, n, attack.text[:60]))
                if slowest[0] >= LIMIT_S:
                    break
            if slowest[0] >= LIMIT_S:
                break
        yield slowest


if __name__ == "__main__":
    table = []
    for row in worst():
        table.append(row)
        if row[0] > 0.1:
            print(f"{1000 * row[0]:7.0f} ms, {row[2]:4} characters  {row[1]}  {row[3]!r}", flush=True)
    print(f"{len(table)} patterns, {sum(row[0] > 0.1 for row in table)} take over 0.1 s for {MAX_FRAME} characters")
