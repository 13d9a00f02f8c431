"""Model names: one name for the many ways of writing it, and its family."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

import regex

from scanner.errors import KnowledgeError
from scanner.knowledge._read import read_toml


class Family(NamedTuple):
    """One row of models.toml."""

    name: str
    pattern: regex.Pattern[str]
    size: regex.Pattern[str] | None


@cache
def _families() -> tuple[Family, ...]:
    found = []
    for row in read_toml("models")["family"]:
        pattern = regex.compile(row["pattern"], regex.IGNORECASE)
        for text in row["matches"]:
            if not pattern.search(text, timeout=1):
                raise KnowledgeError(f"models.toml {row['name']}: does not match its own example {text!r}")
        found.append(Family(row["name"], pattern, None))
    return tuple(found)


_SNAPSHOT = regex.compile(r"models--([^/\\]+?)--([^/\\]+)")
_HASH = regex.compile(r"[0-9a-f]{32,}|snapshots|main|model|checkpoint-\d+|best|last|final|weights")


@lru_cache(maxsize=16384)
def canonical_model(written: str) -> str:
    """The most specific name in what was written: a hub id as it is, of a local path its last telling part."""
    cached = _SNAPSHOT.search(written, timeout=1)
    if cached:
        return f"{cached[1]}/{cached[2]}"
    text = written.replace("\\", "/").rstrip("/")
    is_local = text.startswith(("/", ".", "~")) or text.count("/") > 1 or ":" in text[:3]
    if not is_local:
        return text
    parts = [part for part in text.split("/") if part not in ("", ".", "..", "~")]
    telling = [part for part in parts if not _HASH.fullmatch(part, timeout=1)]
    return (telling or parts or [text])[-1]


@lru_cache(maxsize=16384)
def model_family(name: str) -> str | None:
    """The family of a model, or None when it is not known."""
    for family in _families():
        if family.pattern.search(name, timeout=1):
            return family.name
    return None
