"""Masking of secrets: applied to everything before it is stored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import NamedTuple

import regex

from scanner.knowledge._read import read_toml

MASK = "***"

MOST_KNOWN = 200
"""Secrets of one text that are looked for in all that the text states."""

_HEAD = 200_000
"""Characters of a text in which labels are looked for: how a program was called stands at its beginning."""

_LINE = 20_000
"""Characters of a line that are searched at once."""


class _Rule(NamedTuple):
    keywords: tuple[str, ...]
    pattern: str
    is_label: bool
    """Whether what stands around a secret tells it."""


@cache
def _rules() -> tuple[_Rule, ...]:
    rows = read_toml("secrets")["secret"]
    return tuple(_Rule(tuple(row["keywords"]), row["pattern"], "(?P<secret>" in row["pattern"]) for row in rows)


@cache
def _compiled(pattern: str) -> regex.Pattern[str]:
    """Compiled when first asked for: most texts hold the keywords of few rules."""
    return regex.compile(pattern)


@cache
def _keywords() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Every rule's keywords without those that contain another one, by a character that each of a group has: a text
    without any of these holds no secret."""
    known = {word for rule in _rules() for word in rule.keywords}
    words = sorted(word for word in known if not any(other != word and other in word for other in known))
    groups: dict[str, list[str]] = {}
    for word in words:
        groups.setdefault(next((sign for sign in "_-.:=" if sign in word), ""), []).append(word)
    return tuple((sign, tuple(group)) for sign, group in groups.items())


def mask_secrets(text: str, known: Iterable[str] = ()) -> str:
    """The text with every known kind of secret replaced by `***`; `known` are secrets that `secrets_in` found."""
    for secret in known:
        if secret in text:
            text = _standing_alone(secret).sub(MASK, text)
    lowered = text.lower()
    return _by_rules(text, lowered) if _is_told(lowered) else text


def _is_told(lowered: str) -> bool:
    for sign, words in _keywords():
        if sign in lowered:
            for word in words:
                if word in lowered:
                    return True
    return False


def _by_rules(text: str, lowered: str) -> str:
    for rule in _rules():
        if any(word in lowered for word in rule.keywords):
            try:
                text = _compiled(rule.pattern).sub(_masked, text, timeout=1)
            except TimeoutError:
                return MASK
    return text


@lru_cache(maxsize=20_000)
def mask_name(text: str) -> str:
    """`mask_secrets` of a short text that stands in many files: a key, an inner address."""
    return mask_secrets(text)


def secrets_in(text: str) -> tuple[str, ...]:
    """Secrets of a text that are told by what stands around them (`password: ...`), the longest first.

    Readers quote them without their label too: a shell's variable in a command, an argument by itself. Only what is no
    ordinary word is given: masking the word `train` wherever it stands would hide what is no secret.
    """
    text = text[:_HEAD]
    lowered = text.replace("İ", "i").lower()  # the one letter that is longer in lower case
    found: dict[str, None] = {}
    for line in _told_lines(text, lowered):
        low = line.lower()
        for rule in _rules():
            if rule.is_label and any(word in low for word in rule.keywords):
                try:
                    matches = list(_compiled(rule.pattern).finditer(line, timeout=1))
                except TimeoutError:
                    continue
                found.update((m["secret"], None) for m in matches if m["secret"] and _is_distinct(m["secret"]))
        if len(found) >= MOST_KNOWN:
            break
    return tuple(sorted(found, key=lambda secret: (-len(secret), secret)))


def _told_lines(text: str, lowered: str) -> Iterator[str]:
    """Lines with a label of a secret, each with the line that follows: a list's next argument stands there."""
    words = tuple(word for word in _label_words() if word in lowered)
    at = 0
    while words and (label := _labels(words).search(lowered, at)) is not None:
        start, end = lowered.rfind("\n", 0, label.start()) + 1, lowered.find("\n", label.start())
        end = len(text) if end < 0 else end
        start, stop = max(start, at, label.start() - _LINE // 2), min(end, label.start() + _LINE // 2)
        following = lowered.find("\n", end + 1)
        yield text[start : stop if stop < end else min(following if following >= 0 else len(text), end + 400)]
        at = max(stop, label.end())


@cache
def _label_words() -> tuple[str, ...]:
    """Keywords that label a secret, without those that contain another one."""
    known = {word for rule in _rules() if rule.is_label for word in rule.keywords}
    return tuple(sorted(word for word in known if not any(other != word and other in word for other in known)))


@lru_cache(maxsize=1000)
def _labels(words: tuple[str, ...]) -> re.Pattern[str]:
    """One of the keywords, where it is no part of another word (`tokens`, `keyword`, `author`)."""
    whole = "|".join(re.escape(word) for word in words if word[-1].isalpha() and word not in _BEGINNINGS)
    begun = "|".join(re.escape(word) for word in words if not word[-1].isalpha() or word in _BEGINNINGS)
    return re.compile("|".join(part for part in (f"(?:{whole})(?![a-z])" if whole else "", begun) if part))


_BEGINNINGS = frozenset({"credential", "passw", "sharedaccess"})
"""Keywords that stand for the longer words that they begin."""


def _is_distinct(secret: str) -> bool:
    return len(secret) >= 8 and any(c.isdigit() for c in secret) and any(c.isalpha() for c in secret)


@lru_cache(maxsize=MOST_KNOWN)
def _standing_alone(secret: str) -> regex.Pattern[str]:
    return regex.compile(rf"(?<![A-Za-z0-9]){regex.escape(secret)}(?![A-Za-z0-9])")


def _masked(match: regex.Match[str]) -> str:
    if "secret" not in match.re.groupindex or match["secret"] is None:
        return MASK
    start, end = match.span("secret")
    whole = match.group()
    offset = match.start()
    return str(whole[: start - offset] + MASK + whole[end - offset :])
