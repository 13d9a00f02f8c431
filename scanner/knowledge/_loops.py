"""The small words of training loops: loops.toml as frozen sets and patterns."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from scanner.errors import KnowledgeError
from scanner.knowledge._read import read_toml


class LoopWords(NamedTuple):
    """How a line of a training loop is put together; the fields are the tables' keys."""

    not_progress: frozenset[str]
    averages: frozenset[str]
    fillers: frozenset[str]
    neutral: frozenset[str]
    """With averages and fillers, which change nothing in a key's meaning either."""
    verbs: frozenset[str]
    best: re.Pattern[str]
    loss: re.Pattern[str]
    fractional: re.Pattern[str]
    training: re.Pattern[str]


@cache
def loop_words() -> LoopWords:
    """The words, read once. Raises KnowledgeError where one is not lower case."""
    table = read_toml("loops")
    words: dict[str, frozenset[str]] = {name: frozenset(found) for name, found in table["words"].items()}
    for name, found in words.items():
        # Turkish dotted capitals have no one-letter lower form: casefold would change the words themselves.
        if any(word != word.lower() for word in found):
            raise KnowledgeError(f"loops.toml [words] {name}: a word that is not lower case")
    words["neutral"] |= words["averages"] | words["fillers"]
    patterns = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in table["patterns"].items()}
    if {*words, *patterns} != set(LoopWords._fields):
        raise KnowledgeError(f"loops.toml: the tables hold {sorted({*words, *patterns})}")
    return LoopWords._make((words | patterns)[name] for name in LoopWords._fields)
