"""Where the walk goes and what is read: walk.toml, compiled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import regex

from scanner.knowledge._read import read_toml


@dataclass(frozen=True, slots=True)
class WalkRules:
    """The rules of walk.toml."""

    folders: dict[str, str]
    """Folder name -> why it is not entered."""
    marks: dict[str, str]
    """File (relative to a folder) -> why the folder that holds it is not entered."""
    build_files: tuple[str, ...]
    vendored: frozenset[str]
    kinds: dict[str, str]
    """Extension -> kind of document."""
    binary_names: tuple[str, ...]
    binary_extensions: frozenset[str]
    database_extensions: frozenset[str]
    """Of those the ones that are held in memory as a data base."""
    weights_endings: tuple[str, ...]
    """Endings of names whose files may carry a training's metadata beside weights: kind weights."""
    published: regex.Pattern[str]
    """Names (lower case) of weights that their makers publish: another's training."""
    skipped: dict[str, str]
    """Extension -> why such files are not read."""
    skipped_names: dict[str, str]
    skipped_paths: tuple[tuple[regex.Pattern[str], str], ...]
    text_bytes: int
    binary_bytes: int
    database_bytes: int
    data_csv_bytes: int
    ratio: int
    sniff_bytes: int
    file_seconds: float
    bytes_a_second: int
    memory_bytes: int
    patience: float


def _turned(table: dict[str, list[str]]) -> dict[str, str]:
    return {name: reason for reason, names in table.items() for name in names}


@cache
def walk_rules() -> WalkRules:
    """The rules of walk.toml."""
    table = read_toml("walk")
    files, limits = table["files"], table["limits"]
    return WalkRules(
        folders=_turned(table["folders"]),
        marks=_turned(table["marks"]),
        build_files=tuple(table["vendored"]["build_files"]),
        vendored=frozenset(name.lower() for name in table["vendored"]["packages"]),
        kinds=_turned(files["kinds"]),
        binary_names=tuple(files["binary_names"]),
        binary_extensions=frozenset(files["binary_extensions"]),
        database_extensions=frozenset(files["database_extensions"]),
        weights_endings=tuple(files["weights_endings"]),
        published=regex.compile("|".join(f"(?:{pattern})" for pattern in files["published_weights"])),
        skipped=_turned(files["skipped"]),
        skipped_names=_turned(files["skipped_names"]),
        skipped_paths=tuple(
            (regex.compile(pattern), reason)
            for reason, patterns in files["skipped_paths"].items()
            for pattern in patterns
        ),
        text_bytes=limits["text_bytes"],
        binary_bytes=limits["binary_bytes"],
        database_bytes=limits["database_bytes"],
        data_csv_bytes=limits["data_csv_bytes"],
        ratio=limits["ratio"],
        sniff_bytes=limits["sniff_bytes"],
        file_seconds=limits["file_seconds"],
        bytes_a_second=limits["bytes_a_second"],
        memory_bytes=limits["memory_bytes"],
        patience=limits["patience"],
    )
