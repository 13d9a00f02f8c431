"""Names that tell what a folder or program is for."""

from __future__ import annotations

from functools import cache, lru_cache

import regex

from scanner.knowledge._read import read_toml


@cache
def _pattern(row: str) -> regex.Pattern[str]:
    return regex.compile(read_toml("names")[row]["pattern"], regex.IGNORECASE)


@lru_cache(maxsize=16384)
def is_backup(path: str) -> bool:
    """Whether a path lies in a folder of copies, or names one."""
    return _pattern("backup").search(path, timeout=1) is not None


@lru_cache(maxsize=16384)
def names_training(program: str) -> bool:
    """Whether a program's name or command says that it trains (and its last part does not say otherwise)."""
    last = program.replace("\\", "/").rsplit("/", 1)[-1]
    return (
        _pattern("training_program").search(program, timeout=1) is not None
        and _pattern("other_program").search(last, timeout=1) is None
    )
