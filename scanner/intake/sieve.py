"""Which of many patterns occur in bytes, in one pass of an automaton.

Needs hyperscan (the extra `fast`). Without it every file goes the longer way, with the same result.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from scanner.formats._python_sieve import PATTERNS, could_state

_LETTERS = bytes(range(128)) + b"x" * 128
"""A byte that is no ASCII counts as a letter."""


class Sieve:
    """An automaton for named patterns."""

    def __init__(self, patterns: Mapping[str, str]) -> None:
        """Raises ImportError without hyperscan."""
        hyperscan = import_module("hyperscan")
        self._names = tuple(patterns)
        self._automaton: Any = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        n = len(patterns)
        self._automaton.compile(
            expressions=[pattern.encode("ascii") for pattern in patterns.values()],
            ids=list(range(n)),
            elements=n,
            flags=[hyperscan.HS_FLAG_SINGLEMATCH] * n,
        )

    def found(self, data: bytes) -> set[str]:
        """Names of the patterns that match anywhere."""
        numbers: list[int] = []
        self._automaton.scan(data, match_event_handler=_note, context=numbers)
        return {self._names[number] for number in numbers}


def _note(number: int, start: int, end: int, flags: int, numbers: list[int]) -> None:
    numbers.append(number)


@cache
def python_sieve() -> Sieve | None:
    """The patterns of a Python source that may state something; None without hyperscan."""
    return Sieve(PATTERNS) if find_spec("hyperscan") is not None else None


def states_nothing(name: str, data: bytes) -> bool:
    """Whether it is known without parsing that a Python source states nothing; False where it is not known.

    `data` are the bytes of a text in UTF-8 as an editor would show it.
    """
    sieve = python_sieve()
    if sieve is None or b"\x1b" in data or b"\0" in data:
        return False
    return not could_state(name, sieve.found(data if data.isascii() else data.translate(_LETTERS)))
