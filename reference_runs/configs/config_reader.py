"""Documented configurations, out of a LEARNINGS.md: fenced code and tables, each value with the line it stands at.

Code is parsed, never run: what is kept are literals, names of the `torch.bfloat16` kind and calls whose arguments are
such values; everything else is left out and named in `Document.left_out`.

    config = {
        "model": "gpt2",          ->  Snippet(heading="Configuration #1: ...", settings=(Setting("model", ...), ...
        "batch_size": 8,
    }
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from reference_runs.configs.encoding import decode, unmangle
from reference_runs.configs.literals import Call, Code, NoLiteral, Setting, Value, read_python, read_yaml
from reference_runs.configs.markdown import Table, fences, tables
from scanner.errors import ReplayError

_MAX_BYTES = 8 << 20
_READERS: Mapping[str, Callable[[str, int], Code]] = {
    "python": read_python,
    "py": read_python,
    "yaml": read_yaml,
    "yml": read_yaml,
    "json": read_yaml,
}
_RECIPE_NAMES = ("config", "cfg", "training_config")


@dataclass(frozen=True, slots=True)
class Snippet:
    """What one fence of code states."""

    heading: str
    line: int
    """Line of the first line in the fence."""
    settings: tuple[Setting, ...]
    """Assignments of the outermost level, and the items of a mapping that is assigned to `config`."""
    calls: tuple[Call, ...]
    imports: tuple[str, ...]
    """Dotted names, e.g. "peft.LoraConfig"."""
    comments: tuple[tuple[int, str], ...]
    """Lines that are comments alone, with their numbers."""

    def get(self, key: str) -> Value:
        """The value of a key; the last one wins as in Python. None without it."""
        return next((one.value for one in reversed(self.settings) if one.key == key), None)

    def call(self, name: str) -> Call | None:
        """The call of a name, e.g. `LoraConfig`."""
        return next((one for one in self.calls if one.name == name), None)

    def comment(self, word: str) -> str:
        """What stands behind a comment `# word: ...`; "" without it."""
        return next((text[len(word) + 1 :].strip() for _, text in self.comments if text.startswith(f"{word}:")), "")


class LeftOut(NamedTuple):
    """Code that is no literal and therefore was not read."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """All that a document states in code and tables."""

    recipes: tuple[Snippet, ...]
    """Fences with a mapping named `config`, or YAML and JSON with a model or a learning rate."""
    snippets: tuple[Snippet, ...]
    """The other fences of code."""
    tables: tuple[Table, ...]
    left_out: tuple[LeftOut, ...]

    def recipe(self, number: int) -> Snippet | None:
        """The recipe whose heading says `#number`."""
        return next((one for one in self.recipes if re.search(rf"#{number}\b", one.heading)), None)


def read_source(path: Path) -> str:
    """The text of a documented source, its encoding put right. Raises ReplayError for what cannot be read."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ReplayError(f"{path}: larger than {_MAX_BYTES >> 20} MiB; name the LEARNINGS.md itself")
        return decode(path.read_bytes())
    except OSError as error:
        raise ReplayError(f"{path}: {error.strerror or error}; name a readable LEARNINGS.md") from error


def parse(text: str) -> Document:
    """What a text documents; all of it may be empty."""
    text = unmangle(text)
    recipes: list[Snippet] = []
    snippets: list[Snippet] = []
    left_out: list[LeftOut] = []
    for fence in fences(text):
        read = _READERS.get(fence.language)
        if read is None:
            continue
        try:
            code = read(fence.code, fence.line)
        except NoLiteral as error:
            left_out.append(LeftOut(fence.line, str(error)))
            continue
        left_out.extend(LeftOut(*one) for one in code.left_out)
        named = [items for name, items in code.mappings.items() if name in _RECIPE_NAMES]
        snippet = Snippet(
            heading=fence.heading,
            line=fence.line,
            settings=(*code.assigned, *(item for items in code.mappings.values() for item in items)),
            calls=tuple(code.calls),
            imports=tuple(code.imports),
            comments=tuple(code.comments),
        )
        (recipes if named or (read is read_yaml and _is_recipe(code)) else snippets).append(snippet)
    return Document(tuple(recipes), tuple(snippets), tables(text), tuple(left_out))


def locate(written: str, text: str) -> int | None:
    """The line at which a claim stands in a text, or None. Spaces, marks and mangled letters make no difference.

    A line that is the claim and nothing more wins over one that contains it, then the first one.
    """
    wanted = _folded(written)
    if not wanted:
        return None
    lines = [_folded(line) for line in unmangle(text).split("\n")]
    whole = (number for number, line in enumerate(lines, start=1) if line == wanted)
    part = (number for number, line in enumerate(lines, start=1) if wanted in line)
    return next(whole, None) or next(part, None)


def _folded(text: str) -> str:
    """ASCII without spaces and marks: what survives any reading of the bytes."""
    return "".join(c for c in unmangle(text).lower() if c.isascii() and c.isprintable() and c not in " *`|>\\")


def _is_recipe(code: Code) -> bool:
    return any(one.key.rpartition(".")[2] in ("model", "model_name_or_path", "learning_rate") for one in code.assigned)
