"""Rules on single lines of a log: the knowledge's signals, tried only where one of their keywords stands.

Keywords are looked for in the shapes of the lines: a log of a million lines has some hundred of them. A rule whose
pattern asks nothing of a digit's value and fails on a line is not tried on another of its shape.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from scanner.formats._base import Document, Role, Stated
from scanner.formats._shapes import shape_of
from scanner.knowledge import Signal, signals

MAX_FRAME = 4000
"""Characters of a line on which patterns are tried."""

TIMEOUT_S = 0.5


class _Call(NamedTuple):
    """A rule that may be tried on the lines of a shape."""

    place: int
    """Of the rule in the table."""
    words: tuple[str, ...]
    """Keywords with digits of which one must stand in the line itself; empty where one without digits stands there."""


@cache
def _keywords() -> tuple[tuple[str, str, tuple[int, ...]], ...]:
    """Each keyword with its shape and the places of its rules in the table."""
    found: dict[str, list[int]] = {}
    for at, rule in enumerate(signals()):
        for word in rule.keywords:
            found.setdefault(word, []).append(at)
    return tuple((word, shape_of(word), tuple(places)) for word, places in found.items())


def read(document: Document) -> Iterator[Stated]:
    """Marks, facts, fields and failures that single lines state."""
    shapes = document.shapes()
    redrawn = {number: shapes.frames(number) for number, text in enumerate(list(shapes.texts)) if "\r" in text}
    called = _called([(number, text) for number, text in enumerate(shapes.texts) if number not in redrawn])
    # Of a frame only so many characters are looked at, of a line all.
    cut = {inner for frames in redrawn.values() for inner in frames if len(shapes.texts[inner]) > MAX_FRAME}
    framed = _called([(number, shapes.texts[number][:MAX_FRAME]) for number in cut])
    for number, shape in enumerate(shapes.of, 1):
        if calls := called.get(shape):
            yield from _try(calls, document.lines[number - 1], number)
        elif (inners := redrawn.get(shape)) is not None and not (
            called.keys().isdisjoint(inners) and framed.keys().isdisjoint(inners)
        ):
            for frame, inner in zip(document.lines[number - 1].split("\r"), inners, strict=True):
                if calls := (framed if inner in cut else called).get(inner):
                    yield from _try(calls, frame[:MAX_FRAME], number)


def _called(texts: Sequence[tuple[int, str]]) -> dict[int, list[_Call]]:
    """Number of a shape to the rules of which a keyword stands in it."""
    # Lower-cased text by text: a capital may become two characters, so that no offset outlives the folding.
    folded = [text.lower() for _, text in texts]
    text = "\n".join(folded)
    begins = list(accumulate((len(line) + 1 for line in folded), initial=0))
    called: dict[int, dict[int, set[str]]] = {}
    for word, blind, places in _keywords() if texts else ():
        at = text.find(blind)
        while at >= 0:
            number = bisect_right(begins, at)
            rules = called.setdefault(number - 1, {})
            for place in places:
                rules.setdefault(place, set()).add("" if blind == word else word)
            at = text.find(blind, begins[number]) if number < len(begins) else -1
    return {
        texts[number][0]: [_Call(place, () if "" in words else tuple(words)) for place, words in sorted(rules.items())]
        for number, rules in called.items()
    }


def _try(calls: list[_Call], line: str, number: int) -> Iterator[Stated]:
    """What the rules state of a line; those that cannot match any other line of its shape are taken off the list."""
    text = line[:MAX_FRAME]
    vain: list[_Call] = []
    for call in calls:
        if call.words and not any(word in line.lower() for word in call.words):
            continue
        rule = signals()[call.place]
        try:
            match = rule.pattern.search(text, timeout=TIMEOUT_S)
        except TimeoutError:
            continue
        if match is not None:
            yield _stated(rule, match.groupdict().get("value") or "", text, number)
        elif rule.is_digit_blind:
            vain.append(call)
    for call in vain:
        calls.remove(call)


def _stated(rule: Signal, found: str, text: str, number: int) -> Stated:
    kind, _, name = rule.means.partition(":")
    value = rule.value or found.strip()
    role: Role = {"mark": "mark", "fact": "fact", "field": "setting", "failure": "mark"}[kind]  # type: ignore[assignment]
    key = f"failure:{name}" if kind == "failure" else name
    return Stated(key, value or True, number, role, origin="reported", raw=text.strip())
