"""Words and commands of a shell text, as the lexer hands them on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

PartKind = Literal["text", "variable", "quoted_variable", "opaque"]


class Part(NamedTuple):
    """A piece of a word."""

    kind: PartKind
    """"opaque" is the result of another command, which nobody knows without running it."""
    text: str
    """The characters; of a variable, what stands between the braces."""


@dataclass(slots=True)
class Word:
    """One argument as written."""

    line: int
    parts: list[Part] = field(default_factory=list)
    is_quoted: bool = False

    @property
    def raw(self) -> str:
        """The word without quotes, variables as `${name}`."""
        return "".join(f"${{{p.text}}}" if p.kind.endswith("variable") else p.text for p in self.parts)

    def add(self, kind: PartKind, text: str) -> None:
        """Append characters, joining plain text."""
        if kind == "text" and self.parts and self.parts[-1].kind == "text":
            self.parts[-1] = Part("text", self.parts[-1].text + text)
        else:
            self.parts.append(Part(kind, text))


@dataclass(slots=True)
class Command:
    """A simple command: words up to an operator."""

    words: list[Word] = field(default_factory=list)
    redirects: list[tuple[str, Word]] = field(default_factory=list)
    """(operator such as "2>>", target)."""
    array: list[Word] | None = None
    """Elements, where the last word begins an array: `ARGS=(--lr 1e-4)`."""
    end: str = ""
    """The operator behind it: "|", ";", "&&", ..., a newline as ";"."""

    @property
    def line(self) -> int:
        """Line of the first word."""
        return self.words[0].line if self.words else 0
