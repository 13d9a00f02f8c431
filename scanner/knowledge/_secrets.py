"""Masking of secrets: applied to everything before it is stored."""

from __future__ import annotations

from functools import cache

import regex

from scanner.knowledge._read import read_toml

MASK = "***"
_HINTS = ("hf_", "api_org_", "sk-", "gh", "akia", "asia", "aiza", "xox", "eyj", "://", "key", "secret", "token", "pass",
          "pwd", "parola", "ifre", "auth", "login", "bearer", "private", "@")  # fmt: skip
"""A text without any of these holds no secret that the patterns know."""


@cache
def _patterns() -> tuple[regex.Pattern[str], ...]:
    return tuple(regex.compile(row["pattern"]) for row in read_toml("secrets")["secret"])


def mask_secrets(text: str) -> str:
    """The text with every known kind of secret replaced by `***`."""
    lowered = text.lower()
    if not any(hint in lowered for hint in _HINTS):
        return text
    for pattern in _patterns():
        try:
            text = pattern.sub(_masked, text, timeout=1)
        except TimeoutError:
            return MASK
    return text


def _masked(match: regex.Match[str]) -> str:
    if "secret" not in match.re.groupindex:
        return MASK
    start, end = match.span("secret")
    whole = match.group()
    offset = match.start()
    return str(whole[: start - offset] + MASK + whole[end - offset :])
