"""Text of the tree made safe for Markdown, code blocks and shell lines.

Names, paths and quotes come from folders that nobody vouches for: they may hold table bars, backticks, HTML, terminal
control sequences or marks that reverse the direction of writing.
"""

from __future__ import annotations

import json
import math
from decimal import Decimal


class Tree(str):
    """Text that was found in the tree; printed without a filter, it comes out as a code span."""

    __slots__ = ()


def visible(text: str, limit: int = 160) -> str:
    """The text in one line: what cannot be seen is written as an escape, what is too long is cut."""
    shown = "".join(c if c.isprintable() else _escaped(c) for c in text.strip())
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _escaped(c: str) -> str:
    if c in "\n\r\t\v\f\u2028\u2029":
        return " "
    code = ord(c)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def code(text: object, limit: int = 160) -> str:
    """A code span for running text: the fence is longer than any run of backticks inside."""
    shown = visible(str(text), limit) or '""'
    fence = "`"
    while fence in shown:
        fence += "`"
    return f"{fence} {shown} {fence}" if shown[0] == "`" or shown[-1] == "`" else f"{fence}{shown}{fence}"


def cell(text: object, limit: int = 80) -> str:
    """A code span for a table's cell, where a bar would end the cell and a backslash before it would free it again."""
    return code(text, limit).replace("\\|", "\\x5c|").replace("|", "\\|")


def literal(value: object) -> str:
    """A value as a Python literal in one visible line without backticks."""
    if isinstance(value, float):
        if value and value == int(value) and abs(value) < 1e6:
            return str(int(value))
        exact = Decimal(repr(value)) if math.isfinite(value) else None
        return f"{exact.normalize():e}" if exact and abs(value) < 1e-3 else repr(value)
    if not isinstance(value, str):
        return repr(value)
    text = json.dumps(visible(value, 400), ensure_ascii=False)
    return text.replace("`", "\\u0060")


def measure(value: object) -> str:
    """A measured number in six significant digits, as code writes it."""
    return f"{value:.6g}" if isinstance(value, float) else literal(value)


def comment(text: str) -> str:
    """Text for a comment inside a code block."""
    return visible(text).replace("`", "'")


def sql_text(value: str) -> str | None:
    """A text as an SQL string; None when it holds what cannot be typed."""
    return "'" + value.replace("'", "''") + "'" if value and value.isprintable() else None


def shell_text(text: str) -> str:
    """Text in double quotes as a shell reads it."""
    for mark in '\\"$`':
        text = text.replace(mark, "\\" + mark)
    return f'"{text}"'
