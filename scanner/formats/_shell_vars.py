"""Variables of a shell text as far as the text itself fixes them: constants, their defaults, loops and branches.

A variable that takes several values (a loop, a branch), or that comes from outside, is not known; a word that holds
one keeps its characters and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from scanner.formats._shell_words import Command, Word

_ASSIGNMENT = re.compile(r"^(?:\$(?:env:|script:|global:)?)?(?P<name>[A-Za-z_]\w*)(?P<plus>\+?)=")
_EXPRESSION = re.compile(r"^(?:env:)?(?P<name>\w+|@|\*)(?P<array>\[[@*]\])?(?::?(?P<how>[-=])(?P<default>[^}]*))?$")
_DECLARATIONS = frozenset({"export", "local", "declare", "readonly", "typeset", "set", "env"})
_SEVERAL = re.compile(r"[*?]|\{[^{}]*(?:,|\.\.)[^{}]*\}")
MAX_ITEMS = 500
MAX_VALUE = 20_000
"""Characters; a variable that grows past this (by naming itself again and again) is not known."""


class Item(NamedTuple):
    """One argument after expansion."""

    text: str
    """What stands in it; unknown variables as written."""
    is_known: bool
    line: int

    @property
    def name_is_known(self) -> bool:
        """Whether at least the last part of a path is written out."""
        return self.is_known or "$" not in self.text.replace("\\", "/").rsplit("/", 1)[-1]


class Variables:
    """What each variable holds at the command at hand."""

    def __init__(self) -> None:
        self._values: dict[str, list[Item] | None] = {}
        self._branches: list[tuple[dict[str, list[Item] | None], set[str]]] = []

    # ---- words -------------------------------------------------------------------------------------------------------

    def expand(self, words: Iterable[Word]) -> list[Item]:
        """The arguments that the words become."""
        found: list[Item] = []
        for word in words:
            found.extend(self._expand(word))
            if len(found) > 4 * MAX_ITEMS:
                break
        return found

    def _expand(self, word: Word) -> list[Item]:
        items: list[Item] = []
        text, known, is_open = "", True, word.is_quoted
        for part in word.parts:
            if len(text) > MAX_VALUE:
                return [*items, Item(text[:MAX_VALUE], False, word.line)]
            if part.kind == "text":
                text += part.text
                is_open = True
                continue
            if part.kind == "opaque":
                text, known, is_open = text + part.text, False, True
                continue
            values = self._lookup(part.text)
            if values is None:
                text, known, is_open = f"{text}${{{part.text}}}", False, True
                continue
            pieces = values
            if part.kind == "variable" and len(values) == 1:
                pieces = [Item(piece, values[0].is_known, word.line) for piece in values[0].text.split()]
            for n, piece in enumerate(pieces):
                if n:
                    items.append(Item(text, known, word.line))
                    text, known = "", True
                text, known, is_open = text + piece.text, known and piece.is_known, True
        if is_open:
            items.append(Item(text, known, word.line))
        return items

    def _lookup(self, expression: str) -> list[Item] | None:
        match = _EXPRESSION.match(expression)
        if match is None:
            return None
        name, default = match["name"], match["default"]
        if name in self._values:
            return self._values[name]
        if match["how"] and default is not None and "$" not in default and "`" not in default:
            return [Item(default.strip("\"'"), True, 0)]
        return None

    # ---- assignments -------------------------------------------------------------------------------------------------

    def assign(self, command: Command) -> bool:
        """Take over a command that only assigns; whether it was one."""
        words = command.words
        first = words[0].raw.lower() if words else ""
        if len(words) >= 3 and words[0].raw.startswith("$") and words[1].raw == "=":  # PowerShell
            name = re.sub(r"^\$\{(?:env:)?(\w+)\}$", r"\1", words[0].raw)
            self._set(name, self.expand(words[2:]) if len(words) == 3 else None)
            return True
        if first in _DECLARATIONS:
            declared = [w for w in words[1:] if _ASSIGNMENT.match(w.raw)]
            if first == "env" or (not declared and len(words) > 1):
                return first != "env"
            words = declared
        if not words or not all(_ASSIGNMENT.match(word.raw) for word in words):
            return False
        for word in words:
            self._assign(word, command.array if word is words[-1] else None)
        return True

    def _assign(self, word: Word, array: list[Word] | None) -> None:
        match = _ASSIGNMENT.match(word.raw)
        assert match is not None
        name = match["name"]
        if array is not None:
            value: list[Item] | None = self.expand(array)
        else:
            value = [self._joined(word, match.end())]
        old = self._values.get(name, [])
        if match["plus"]:
            if old is None or value is None:
                value = None
            elif array is not None:
                value = [*old, *value]
            else:
                value = [Item("".join(i.text for i in [*old, *value]), all(i.is_known for i in [*old, *value]), 0)]
        self._set(name, value)

    def _joined(self, word: Word, start: int) -> Item:
        """The right side of an assignment: no splitting there."""
        quoted = Word(
            word.line, [p if p.kind != "variable" else p._replace(kind="quoted_variable") for p in word.parts]
        )
        whole = self._expand(quoted)
        text = " ".join(item.text for item in whole)
        return Item(text[start:], all(item.is_known for item in whole), word.line)

    def _set(self, name: str, value: list[Item] | None) -> None:
        if value is not None and (len(value) > MAX_ITEMS or sum(len(item.text) for item in value) > MAX_VALUE):
            value = None
        self._values[name] = value
        if self._branches:
            self._branches[-1][1].add(name)

    def loop(self, name: str, words: list[Word]) -> None:
        """`for name in words`: known only where there is a single word."""
        items = self.expand(words)
        is_one = len(items) == 1 and items[0].is_known and not _SEVERAL.search(items[0].text)
        self._set(name, items if is_one else None)

    def forget(self, name: str) -> None:
        """Somebody else fills the variable (`read`, a loop over a file)."""
        self._set(name, None)

    # ---- branches ----------------------------------------------------------------------------------------------------

    def enter_branch(self) -> None:
        """What is assigned from here on holds in this branch only."""
        if len(self._branches) < 50:
            self._branches.append((dict(self._values), set()))

    def next_branch(self) -> None:
        """`else`: as before the first branch."""
        if self._branches:
            self._values = dict(self._branches[-1][0])

    def leave_branch(self) -> None:
        """After `fi`, what a branch has assigned is not known."""
        if not self._branches:
            return
        before, touched = self._branches.pop()
        self._values = {**before, **dict.fromkeys(touched)}
        for name in touched:
            self._set(name, None)
