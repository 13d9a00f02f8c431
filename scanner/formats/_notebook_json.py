"""A notebook's JSON as nested values in which every string stays where it is until it is asked for.

    {"cells": [{"cell_type": "code", "source": ["import torch\\n", "x = 1"]}]}

Stored pictures make notebooks huge; a string costs one match here, and only those that are read are decoded. Iterative,
linear, and without recursion. Raises ValueError where the text is no JSON, also where it is cut off.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

_TOKEN = re.compile(r'\s*(?:("[^"\\]*(?:\\.[^"\\]*)*")|([{}\[\],:])|([^\s{}\[\],:"]+))', re.DOTALL)
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
MAX_DEPTH = 200


class Text(NamedTuple):
    """A string of the notebook, not yet decoded."""

    written: str
    """With its quotes, as the file writes it."""
    line: int
    """Physical line, 1-based."""

    @property
    def value(self) -> str:
        """The decoded string."""
        return str(json.loads(self.written, strict=False))


Placed = Text | float | int | bool | None | list["Placed"] | dict[str, "Placed"]
"""A JSON value whose strings know their line."""


def parse(text: str) -> Placed:
    """The value that the text holds."""
    stack: list[list[Placed] | dict[str, Placed]] = []
    keys: list[str | None] = []
    root: Placed = None
    at, line, done, expects_value = 0, 1, False, True
    while (match := _TOKEN.match(text, at)) is not None:
        kind = match.lastindex or 0
        begin = match.start(kind)
        line += text.count("\n", at, begin)
        at = match.end()
        token = match.group(kind)
        if done:
            raise ValueError(f"line {line}: text after the end")
        if kind == 2 and token in "}]":
            if not stack or isinstance(stack[-1], dict) != (token == "}"):
                raise ValueError(f"line {line}: unbalanced {token}")
            stack.pop()
            keys.pop()
            done = not stack
            expects_value = False
            continue
        if kind == 2 and token in ",:":
            if not stack:
                raise ValueError(f"line {line}: unexpected {token}")
            expects_value = token == ":" or isinstance(stack[-1], list)
            continue
        if stack and isinstance(stack[-1], dict) and not expects_value:
            if kind != 1:
                raise ValueError(f"line {line}: a key must be a string")
            keys[-1] = Text(token, line).value
            continue
        value: Placed = Text(token, line) if kind == 1 else _opened(token) if kind == 2 else _scalar(token, line)
        if stack:
            _add(stack[-1], keys[-1], value)
        else:
            root = value
        if kind == 1:
            line += token.count("\n")
        if isinstance(value, list | dict):
            if len(stack) >= MAX_DEPTH:
                raise ValueError("nested too deep")
            stack.append(value)
            keys.append(None)
            expects_value = isinstance(value, list)
        else:
            done, expects_value = not stack, False
    if not done or text[at:].strip():
        raise ValueError(f"line {line}: the text is no JSON or ends early")
    return root


def _opened(token: str) -> Placed:
    return {} if token == "{" else []


def _add(parent: list[Placed] | dict[str, Placed], key: str | None, value: Placed) -> None:
    if isinstance(parent, list):
        parent.append(value)
    elif key is not None:
        parent[key] = value


def _scalar(token: str, line: int) -> float | int | bool | None:
    if token in _WORDS:
        return _WORDS[token]
    try:
        return int(token) if token.lstrip("-").isdigit() and len(token) <= 18 else float(token)
    except ValueError:
        raise ValueError(f"line {line}: no JSON: {token[:20]!r}") from None
