"""Names that tell what a folder or program is for."""

from __future__ import annotations

from functools import cache, lru_cache

import regex

from scanner.knowledge._read import read_toml

_FOLDERS_ABOVE = regex.compile(r"(?<![^\s\"'=])[^\s/]*/(?:[^\s/]+/)*(?=[^\s/]+/[^\s/]+)")
"""The folders of a path before the last one."""


@cache
def _pattern(row: str) -> regex.Pattern[str]:
    return regex.compile(read_toml("names")[row]["pattern"], regex.IGNORECASE)


@lru_cache(maxsize=16384)
def is_backup(path: str) -> bool:
    """Whether a path lies in a folder of copies, or names one."""
    return _pattern("backup").search(path, timeout=1) is not None


@lru_cache(maxsize=16384)
def names_training(program: str) -> bool:
    """Whether a program's name or command says that it trains (and its last part does not say otherwise).

    A file's name and its own folder count, the folders above do not: all scripts of a project called
    "dataset-distillation" lie below that name, also those that prepare its data.
    """
    path = program.replace("\\", "/")
    last = path.rsplit("/", 1)[-1]
    return (
        _pattern("training_program").search(_FOLDERS_ABOVE.sub("", path), timeout=1) is not None
        and _pattern("other_program").search(last, timeout=1) is None
    )
