"""Names of people and machines in the texts that programs leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Literal

import regex

from scanner.knowledge._fields import find_field
from scanner.knowledge._metrics import name_metric
from scanner.knowledge._models import model_family
from scanner.knowledge._read import read_toml
from scanner.knowledge._secrets import MASK

PersonalKind = Literal["user", "host"]


@cache
def _patterns() -> tuple[regex.Pattern[str], ...]:
    return tuple(regex.compile(row["pattern"]) for row in read_toml("personal")["name"])


def personal_names(text: str) -> Iterator[tuple[PersonalKind, str]]:
    """Names of users and hosts that a text tells, as written; the same name may come several times."""
    for pattern in _patterns():
        try:
            for match in pattern.finditer(text, timeout=5):
                for kind, name in match.groupdict().items():
                    name = (name or "").rstrip(".-_")
                    if len(name) > 1 and name.lower() not in read_toml("personal")["nobody"]:
                        yield ("user" if kind == "user" else "host"), name
        except TimeoutError:
            continue


@cache
def stands_alone(name: str) -> bool:
    """Whether a name means its bearer wherever it stands, and is no word of its own (`train`, `loss`, `bert`)."""
    word = name.lower()
    return (
        len(word) >= 3
        and word not in read_toml("personal")["words"]
        and find_field(name) is None
        and name_metric(name) is None
        and not _is_model(word)
    )


def _is_model(word: str) -> bool:
    """Whether a word is a family's own name; `bertrand` is none."""
    family = model_family(word)
    return family is not None and "".join(filter(str.isalnum, family.lower())) == "".join(filter(str.isalnum, word))


def without_names(text: str, pseudonym: Callable[[PersonalKind, str], str | None]) -> str:
    """The text with a pseudonym for each name where its surroundings tell it; None leaves a name."""

    def replaced(match: regex.Match[str]) -> str:
        whole, offset = match.group(), match.start()
        spans = [(match.span(kind), kind) for kind in match.groupdict() if match[kind]]
        for (start, end), kind in sorted(spans, reverse=True):
            name = whole[start - offset : end - offset].rstrip(".-_")
            instead = pseudonym("user" if kind == "user" else "host", name)
            if instead is not None:
                whole = whole[: start - offset] + instead + whole[start - offset + len(name) :]
        return str(whole)

    for pattern in _patterns():
        try:
            text = pattern.sub(replaced, text, timeout=5)
        except TimeoutError:
            return MASK
    return text
