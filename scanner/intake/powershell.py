"""Undoing PowerShell 5's formatting of a native program's error stream: `python train.py 2>&1 > train.log`.

    python : 2024-04-06 10:14:49: I tensorflow/core/util/port.cc:153]
    oneDNN custom operations are on. You may see slightly different numerical
    At line:1 char:1
    + python train.py 2>&1 > train.log
        + CategoryInfo          : NotSpecified: (2024-04-06 10:1...ONEDNN_OPTS=0`.
        + FullyQualifiedErrorId : NativeCommandError

The shell takes the first line of stderr for an error of its own and wraps every line of stderr at the console's width,
in the middle of a word where it must. A wrapped line is put together again on its first line; the lines that it was
wrapped onto stay, empty, so that numbers are still those of an editor.
"""

from __future__ import annotations

MARK = "NativeCommandError"
_CATEGORY = "+ CategoryInfo "


def unwrap(lines: list[str]) -> list[str]:
    """The lines with wrapped ones put together; the same list where the shell has formatted nothing."""
    if not any(MARK in line for line in lines):
        return lines
    # The shell cuts this line to the width itself, so that it shows what the width was.
    width = max((len(line) for line in lines if _CATEGORY in line), default=0)
    if width < 40:
        return lines
    found: list[str] = []
    at = 0
    while at < len(lines):
        whole, n = lines[at], 1
        while at + n < len(lines) and _is_wrapped(lines[at + n - 1], lines[at + n], width):
            whole += lines[at + n]
            n += 1
        found += [whole, *[""] * (n - 1)]
        at += n
    return found


def _is_wrapped(line: str, following: str, width: int) -> bool:
    """Whether a line goes on in the next: it is full, or ends before a word that would not have fitted."""
    if not following.strip() or len(line) > width + 1:
        return False
    if line.endswith(" ") and line.strip():
        return len(line) + len(following.split(" ", 1)[0]) > width - 1
    return len(line) >= width
