"""Python source to a syntax tree, line by line where it stood, whatever a notebook or an old interpreter put into it.

    !pip install peft          -> a blank line
    %%bash                     -> the whole cell is blank
    files = !ls                -> pass
    print "epoch", epoch       -> pass

Lines keep their numbers. Nothing is executed; what Python cannot parse after a few repairs is refused.
"""

from __future__ import annotations

import ast
import re
import warnings

from scanner.formats._base import Document

MAX_CHARACTERS = 3_000_000
MAX_LINE = 500
MAX_REPAIRS = 12
"""How many broken lines are taken out before a source is given up."""

_MAGIC = re.compile(r"^(?P<indent>\s*)(?:[!%?].*|[\w.]+\?{1,2}\s*)$")
_CAPTURED = re.compile(r"^(?P<indent>\s*)[\w\s,.]+=\s*(?:!|%\w).*$")
_FOREIGN_CELL = re.compile(
    r"^\s*%%(?:bash|sh|script|html|javascript|js|latex|markdown|svg|perl|ruby|writefile|file|R|cmd|sql|cython|"
    r"python2)\b"
)
_OLD_PRINT = re.compile(
    r"^(?P<indent>\s*)(?:print|exec)\s+[^=(\s].*$|^(?P<bare>\s*)print\s*>>.*$|^(?P<alone>\s*)print\s*$"
)
_OLD_EXCEPT = re.compile(r"^(\s*except\s+[\w.()\s,]+?),\s*(\w+)\s*:")


def parse(document: Document) -> ast.Module:
    """The syntax tree of a document. Raises ValueError where there is none."""
    # `\f` and `\r` within a line would shift Python's own count of lines.
    lines = [line.replace("\r", "").replace("\f", " ").replace("\x1c", " ") for line in document.lines]
    if sum(map(len, lines)) > MAX_CHARACTERS:
        raise ValueError("a source too long to be read")
    tree, error = _try(lines)
    if tree is None:
        lines = _without_magics(document, lines)
        tree, error = _try(lines)
    if tree is None:
        lines = [_modern(line) for line in lines]
        tree, error = _try(lines)
    for _ in range(MAX_REPAIRS):
        if tree is not None or error is None or not 0 < error <= len(lines) or lines[error - 1].strip() in ("", "pass"):
            break
        broken = lines[error - 1]
        lines[error - 1] = broken[: len(broken) - len(broken.lstrip())] + "pass"
        tree, error = _try(lines)
    if tree is None:
        raise ValueError(f"no Python that can be read (line {error or '?'})")
    return tree


def _try(lines: list[str]) -> tuple[ast.Module | None, int | None]:
    """(tree, None), or (None, the line at which parsing stopped)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse("\n".join(lines)), None
    except SyntaxError as error:
        return None, error.lineno
    except (ValueError, MemoryError, RecursionError) as error:
        raise ValueError(f"no Python that can be read: {type(error).__name__}") from error


def _modern(line: str) -> str:
    """A statement of Python 2 as one that Python 3 parses."""
    if len(line) > MAX_LINE or not any(word in line for word in ("print", "exec", "except")):
        return line
    return _OLD_EXCEPT.sub(r"\1 as \2:", _placeholder(_OLD_PRINT, line))


def _placeholder(pattern: re.Pattern[str], line: str) -> str:
    found = pattern.match(line)
    if found is None:
        return line
    return next((indent for indent in found.groups() if indent is not None), "") + "pass"


def _without_magics(document: Document, lines: list[str]) -> list[str]:
    """The lines with a notebook's own syntax taken out."""
    cell, is_foreign, goes_on = "", False, False
    for n, line in enumerate(lines):
        pointer = document.address(n + 1)[1]
        if pointer != cell or n == 0:
            cell, is_foreign, goes_on = pointer, False, False
        if line.lstrip().startswith("%%"):
            is_foreign = _FOREIGN_CELL.match(line) is not None
        if is_foreign or goes_on:
            goes_on = goes_on and line.rstrip().endswith("\\")
            lines[n] = ""
            continue
        found = (_MAGIC.match(line) or _CAPTURED.match(line)) if len(line) <= MAX_LINE else None
        if found is not None:
            goes_on = line.rstrip().endswith("\\")
            lines[n] = found["indent"] + "pass" if found["indent"] else ""
    return lines
