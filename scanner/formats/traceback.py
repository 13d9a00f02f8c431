"""Python tracebacks in logs: what was raised, and through which of the user's files.

    Traceback (most recent call last):
      File "/home/a/proje/train.py", line 30, in <module>
        main()
    ValueError: bad shape

Also with rank prefixes (`[rank1]: Traceback ...`), glued behind a progress bar, wrapped by PowerShell, chained ("During
handling of ..."), and as notebooks store them (`ValueError   Traceback (most recent call last)`). Whether it ended the
execution is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import Document, Stated

ID = "traceback"
DESCRIPTION = "Python tracebacks: the exception raised and the files it ran through"
SAMPLE = """Traceback (most recent call last):
  File "train.py", line 30, in <module>
    main()
ValueError: bad shape"""

_START = "Traceback (most recent call last)"
_PREFIX = re.compile(r"^(?:\[?(?:rank|default)?\s?\d+\]?:\s?|\(\w+ pid=\d+[^)]*\)\s?)+")
_FILE = re.compile(r'^\s*File "(?P<file>[^"\n]{1,400})", line (?P<line>\d+)(?:, in (?P<scope>\S{1,120}))?')
_CELL = re.compile(r"^(?:Cell In\[\d+\]|Input In \[\d+\]|<ipython-input-[\w-]+>|File )(?P<rest>.{0,300})")
_RAISED = re.compile(r"^(?P<type>(?:[A-Za-z_]\w*\.)*[A-Z]\w*)(?::\s?(?P<text>.*))?$")
_BARE = frozenset({"KeyboardInterrupt", "SystemExit", "MemoryError", "StopIteration", "BrokenPipeError"})
_SUFFIXES = (
    "Error",
    "Exception",
    "Interrupt",
    "Exit",
    "Warning",
    "Failure",
    "Abort",
    "Timeout",
    "Iteration",
    "NotFound",
    "Fault",
)
_LIBRARY = re.compile(
    r"site-packages|dist-packages|[/\\]lib[/\\]python\d|[/\\]Lib[/\\]\w+\.py|^<|ipykernel|[/\\]runpy\.py|importlib"
)
_CHAIN = ("During handling of the above exception", "The above exception was the direct cause")
MAX_LINES = 400


def wants(document: Document) -> bool:
    """Logs in which a traceback begins."""
    return document.kind == "log" and _START in document.text()


def read(document: Document) -> Iterator[Stated]:
    """For each traceback (a chain is one): where it begins, its user files, and the exception that ended it."""
    lines = document.lines
    at = 0
    while at < len(lines):
        if _START not in lines[at]:
            at += 1
            continue
        begin = at
        files, raised, at = _one(lines, at)
        while raised is not None and (following := _chained(lines, at)) is not None:
            more, last, at = _one(lines, following)
            files += more
            raised = last or raised
        yield Stated("traceback", True, begin + 1, "mark", raw=lines[begin][-160:].strip())
        for number, name in _own_files(files):
            yield Stated("traceback_file", name, number + 1, "fact", raw=lines[number].strip())
        for number, name, scope in files:
            if scope == "<module>" and not _LIBRARY.search(name):
                yield Stated("program", name, number + 1, "fact", raw=lines[number].strip())
                break
        if raised is not None:
            number, text = raised
            yield Stated("exception", text[:400], number + 1, "fact", raw=text)


_Frame = tuple[int, str, str]


def _one(lines: list[str], begin: int) -> tuple[list[_Frame], tuple[int, str] | None, int]:
    """Frames, (line, exception) and the index after the traceback that begins at a line."""
    indent = _PREFIX.match(lines[begin])
    prefix = indent.group() if indent else ""
    files: list[_Frame] = []
    in_notebook = _RAISED.match(lines[begin].split(_START)[0].strip()) is not None
    for at in range(begin + 1, min(len(lines), begin + MAX_LINES)):
        line = lines[at].removeprefix(prefix) if prefix else lines[at]
        frame = _FILE.match(line)
        if frame:
            files.append((at, frame["file"], frame["scope"] or ""))
            continue
        if _START in line and not in_notebook:
            return files, None, at
        if line[:1].isspace() or not line.strip():
            continue
        text = _raised(line)
        if text is not None:
            return files, (at, text), at + 1
    return files, None, min(len(lines), begin + MAX_LINES)


def _raised(line: str) -> str | None:
    """The exception that a line at the margin names."""
    match = _RAISED.match(line.rstrip())
    if match is None:
        return None
    name = match["type"].rsplit(".", 1)[-1]
    if match["text"] is None and name not in _BARE and not name.endswith(_SUFFIXES):
        return None
    if not name.endswith(_SUFFIXES) and "." not in match["type"] and name not in _BARE:
        return None
    return line.rstrip()


def _chained(lines: list[str], at: int) -> int | None:
    """Index of the next traceback of a chain, or None."""
    chained = False
    for number in range(at, min(len(lines), at + 8)):
        if any(text in lines[number] for text in _CHAIN):
            chained = True
        elif chained and _START in lines[number]:
            return number
    return None


def _own_files(files: list[_Frame]) -> Iterator[tuple[int, str]]:
    """The user's files in the order of the traceback, each once."""
    seen: set[str] = set()
    for number, name, _ in files:
        if name not in seen and not _LIBRARY.search(name):
            seen.add(name)
            yield number, name
