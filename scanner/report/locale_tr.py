"""How a Turkish document writes numbers, dates and letters; no sentence is here.

Two styles. "seed" is the user's own: `9,109`, `10.3%`. "cldr" is the Unicode locale data's for Turkish: `9.109`,
`%10,3`. Python's own `lower()`, `upper()` and `capitalize()` are wrong for i and ı and are not used.
"""

from __future__ import annotations

import math
from datetime import date

_MONTHS = (
    "Ocak",
    "Şubat",
    "Mart",
    "Nisan",
    "Mayıs",
    "Haziran",
    "Temmuz",
    "Ağustos",
    "Eylül",
    "Ekim",
    "Kasım",
    "Aralık",
)
_TO_CLDR = str.maketrans(",.", ".,")


def number(value: float, style: str, digits: int | None = None) -> str:
    """A number with thousands marks; a float in up to four significant digits, or with `digits` decimals."""
    if isinstance(value, int):
        text = f"{value:,}"
    elif not math.isfinite(value):
        return str(value)
    elif digits is not None:
        text = f"{value:,.{digits}f}"
    elif value == int(value) and abs(value) < 1e15:
        text = f"{int(value):,}"
    else:
        text = f"{value:.4g}" if abs(value) < 1e3 else f"{value:,.0f}"
        text = _exponent(text)
    return text.translate(_TO_CLDR) if style == "cldr" else text


def percent(share: float, style: str) -> str:
    """A share as a percentage with one decimal; 0 and 100 are written only when exactly so."""
    if share in (0, 1):
        text = "100" if share else "0"
    else:
        text = f"{min(max(round(100 * share, 1), 0.1), 99.9):.1f}"
    return f"%{text.translate(_TO_CLDR)}" if style == "cldr" else f"{text}%"


def relative(share: float, style: str) -> str:
    """A relative change as a percentage, which may be negative or over 100: `30%`, `-4.9%`, `0.03%`."""
    value = 100 * share
    text = f"{value:,.1f}".removesuffix(".0") if abs(value) >= 0.1 or not value else f"{value:.1g}"
    return f"%{text.translate(_TO_CLDR)}" if style == "cldr" else f"{text}%"


def points(difference: float, style: str) -> str:
    """A difference of two shares in percentage points, with its sign."""
    text = f"{100 * difference:+.1f}".replace("-", "−")
    return text.translate(_TO_CLDR) if style == "cldr" else text


def rate(value: float) -> str:
    """A learning rate as people type it into code, in either style: `5e-5`, `3e-4`, `0.01`."""
    if value == 0 or 1e-2 <= abs(value) < 1e4:
        return f"{value:.6g}"
    mantissa, _, exponent = f"{value:.5e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def _exponent(text: str) -> str:
    mantissa, mark, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if mark else text


def day(iso: str, style: str) -> str:
    """A day: `2025-01-15` as the user writes it, or `15 Ocak 2025`."""
    if style != "cldr":
        return iso
    found = date.fromisoformat(iso)
    return f"{found.day} {_MONTHS[found.month - 1]} {found.year}"


def upper(text: str) -> str:
    """Capital letters: i becomes İ, ı becomes I."""
    return text.replace("i", "İ").upper()


def lower(text: str) -> str:
    """Small letters: İ becomes i, I becomes ı."""
    return text.replace("İ", "i").replace("I", "ı").lower()


def sentence_case(text: str) -> str:
    """The text with a capital first letter."""
    return upper(text[:1]) + text[1:]
