"""JSON with places: every value with the line it stands at. Iterative, so that nesting cannot exhaust the stack.

Accepts bare NaN and Infinity (Python's json writes them) and stops with ValueError at anything else that is no JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|-?(?:\d[\d.eE+-]*|Infinity|NaN)|true|false|null', re.DOTALL)
_PAIR = re.compile(
    r'[ \t\r\n]*"(?P<key>[^"\\]*)"[ \t\r\n]*:[ \t\r\n]*'
    r'(?P<value>-?(?:\d[\d.eE+-]*|Infinity|NaN)|true|false|null|"[^"\\]*")[ \t\r\n]*(?P<end>[,}])'
)
"""A key with a scalar, at once: what most of a large JSON is."""
_WORDS = {"true": True, "false": False, "null": None}
MAX_DEPTH = 200


class Leaf(NamedTuple):
    """A scalar of a JSON text."""

    path: tuple[str | int, ...]
    value: str | float | int | bool | None
    line: int
    """1-based."""

    @property
    def pointer(self) -> str:
        """RFC 6901."""
        return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in self.path)


def leaves(text: str, first_line: int = 1) -> Iterator[Leaf]:
    """All scalars in the order of the text. Raises ValueError where the text is no JSON (also when it is cut off)."""
    stack: list[list[Any]] = []  # [is_object, key or index, expects_value, path of it]
    line, counted = first_line, 0
    done = False
    while True:
        while stack and stack[-1][0] and not stack[-1][2] and (pair := _PAIR.match(text, counted)):
            begin = pair.start("value")
            line += text.count("\n", counted, begin)
            yield Leaf((*stack[-1][3], pair["key"]), _scalar(pair["value"]), line)
            counted = pair.end()
            line += text.count("\n", begin, counted)
            if pair["end"] == "}":
                stack.pop()
                done = not stack
            else:
                stack[-1][1] = None
        match = _TOKEN.search(text, counted)
        if match is None:
            break
        gap = text[counted : match.start()]
        if gap and not gap.isspace():
            raise ValueError(f"no JSON at character {counted}")
        line += gap.count("\n")
        counted = match.end()
        token = match.group()
        if done:
            raise ValueError("text after the end")
        first = token[0]
        if first in "{[":
            if len(stack) >= MAX_DEPTH:
                raise ValueError("nested too deep")
            path = (*stack[-1][3], stack[-1][1]) if stack else ()
            stack.append([first == "{", None if first == "{" else 0, first == "[", path])
            continue
        if first in "}]":
            if not stack or stack[-1][0] != (first == "}"):
                raise ValueError("unbalanced")
            stack.pop()
            done = not stack
            continue
        if first == ",":
            if not stack:
                raise ValueError("unexpected ,")
            if stack[-1][0]:
                stack[-1][1], stack[-1][2] = None, False
            else:
                stack[-1][1] += 1
            continue
        if first == ":":
            if not stack or not stack[-1][0]:
                raise ValueError("unexpected :")
            stack[-1][2] = True
            continue
        if stack and stack[-1][0] and not stack[-1][2]:
            if first != '"':
                raise ValueError("a key must be a string")
            stack[-1][1] = _string(token)
            line += token.count("\n")
            continue
        yield Leaf((*stack[-1][3], stack[-1][1]) if stack else (), _scalar(token), line)
        line += token.count("\n")
        done = not stack
    rest = text[counted:]
    if stack or not done or (rest and not rest.isspace()):
        raise ValueError("the text ends early")


def _string(token: str) -> str:
    return str(json.loads(token, strict=False)) if "\\" in token else token[1:-1]


def _scalar(token: str) -> str | float | int | bool | None:
    if token[0] == '"':
        return _string(token)
    if token in _WORDS:
        return _WORDS[token]
    if token in ("NaN", "Infinity", "-Infinity"):
        return float(token)
    if token.lstrip("-").isdigit() and len(token) <= 18:
        return int(token)
    return float(token)
