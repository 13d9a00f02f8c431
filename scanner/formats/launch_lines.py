"""Launch commands that stand in a log: the shell's echo, a prompt, a launcher's announcement, LSF's copy of the job.

    + python train.py --lr 1e-4                                   set -x
    (venv) user@host:~/project$ python train.py --lr 1e-4         a terminal that was saved
    Running command: torchrun --nproc_per_node=2 train.py         a wrapper's announcement
    [runner.py:568:main] cmd = /usr/bin/python -u -m deepspeed.launcher.launch --world_info=... train.py --lr 1e-4
    process 4711 spawned with command: ['/usr/bin/python', '-u', 'train.py', '--local_rank=0', '--lr', '1e-4']
    # LSBATCH: User input

and `!python train.py --epochs 3` in a notebook's source. A command that begins a line without any such mark may be a
hint to the reader ("python train.py --resume"), and usage texts and tracebacks quote commands: none is a launch.
The same program announced again before anything has happened (by its launcher, by every rank) is the same launch.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from scanner.formats import _command, _command_stated
from scanner.formats._base import Document, Stated
from scanner.formats._command import Launch
from scanner.formats._shell_vars import Item
from scanner.formats._shell_walk import invocations

ID = "launch_lines"
DESCRIPTION = "Launch commands in logs and notebook cells"
SAMPLE = """+ python train.py --lr 1e-4
Running command: torchrun --nproc_per_node=2 train.py --lr 1e-4"""

MAX_LINE = 8000
_HINTS = (".py", " -m ", "yolo ", "llamafactory-cli", "axolotl train", "tune run", "trl ", "fairseq-", "LSBATCH")
_LEVEL = r"\[[^\]]{1,80}\]\s*|\d{4}-\d\d-\d\d[T ][\d:.,]+\s*(?:-\s*)?|(?:INFO|DEBUG)\s*[:\-|]\s*"
_VENV = r"(?:\([\w./ -]{1,40}\)\s*)?"
_PROMPT = (
    rf"{_VENV}(?:\[?[\w.-]{{1,40}}@[\w.-]{{1,60}}[:\s][^$#%>]{{0,120}}\]?[$#%]|[\w.~/-]{{0,80}}[$%])\s+"
    rf"|{_VENV}(?:PS )?[A-Z]:\\[^>\n]{{0,160}}>\s*"
)
_WORD = (
    r"(?:(?:the|full|exact|launch|running|run|executed|executing|training|train) ){0,4}"
    r"(?:command(?: line)?|cmd|cmdline|invocation)(?: (?:is|was|used|executed))?"
    r"|running|executing|exec|launching|run_cmd"
)
_PREFIX = re.compile(
    rf"^(?:{_LEVEL})*(?:(?P<echo>\++)\s+|{_PROMPT}|(?:{_WORD})\s*(?:[:=]|->|\$)\s*"
    r"|(?:running|executing|launching)(?: command| the command)?\s+"
    r"(?=[`'\"]?(?:python|torchrun|accelerate|deepspeed|/\S+/python)))(?P<command>\S.*)$",
    re.IGNORECASE,
)
_SPAWNED = re.compile(r"\bspawned with command: (?P<list>\[.*\])\s*$")
_QUOTED_HINT = re.compile(r"^\s*(?:usage|try|example|e\.g\.|hint|note|tip|please|to \w+)\b", re.IGNORECASE)
_HAPPENING = re.compile(r"loss|epoch|\bstep\b|traceback|\d+%\||\bit/s\b|error", re.IGNORECASE)
_CELL = re.compile(r"^\s*(?:!|%run\s+|%sh\s+|!\s*time\s+)\s*(?P<command>\S.*)$")
_CELL_NAME = re.compile(r"\$\{__cell_(\w+)\}")
_WINDOWS = re.compile(r"(?:^|[\s=\"'])(?:[A-Za-z]:|\.{1,2}|\w+)\\[\w.]")
"""A path of Windows: its backslashes escape nothing."""
_LSF_BEGIN = "# LSBATCH: User input"
_RULE = re.compile(r"^-{20,}\s*$")


def wants(document: Document) -> bool:
    """Logs, and a notebook's source, that name a program."""
    if document.kind == "python":
        return document.is_embedded and document.mentions("!", "%run", "%sh")
    return document.kind == "log" and document.mentions(*_HINTS)


def read(document: Document) -> Iterator[Stated]:
    """Launches with their settings."""
    yield from _cells(document) if document.kind == "python" else _log(document)


def _cells(document: Document) -> Iterator[Stated]:
    number = 0
    while number < len(document.lines):
        number += 1
        line = document.lines[number - 1]
        found = _CELL.match(line) if line.lstrip()[:1] in "!%" else None
        if found is None:
            continue
        text = [found["command"] if not line.lstrip().startswith("%run") else f"python {found['command']}"]
        first = number
        while text[-1].rstrip().endswith("\\") and number < len(document.lines):
            text.append(document.lines[number])
            number += 1
        # `{name}` is Python's, put in by the notebook.
        if any("{" in part for part in text):
            text = [re.sub(r"(?<!\$)\{(\w+)\}", r"${__cell_\1}", part) for part in text]
        for launch in _launches(text, first):
            yield from _stated(launch, is_new=not _command_stated.evaluates(launch))


def _log(document: Document) -> Iterator[Stated]:
    last_program, last_line, has_launched = "", 0, False
    in_job: list[str] | None = None
    hints = [hint for hint in _HINTS if document.mentions(hint)]
    for number, line in enumerate(document.lines, 1):
        if in_job is not None:
            if _RULE.match(line) or len(in_job) > 500:
                yield from _job(in_job, number - len(in_job))
                in_job = None
            else:
                in_job.append(line)
            continue
        if not any(hint in line for hint in hints):
            continue
        if line.startswith(_LSF_BEGIN):
            in_job = []
            continue
        launch = next((x for frame in line.split("\r") if (x := _announced(frame, number)) is not None), None)
        if launch is None:
            continue
        happened = any(_HAPPENING.search(between[:400]) for between in document.lines[last_line : number - 1])
        program = launch.program.replace("\\", "/").rsplit("/", 1)[-1] or launch.tool
        last_line = number
        if program == last_program and not happened:
            continue  # by its launcher, or by another rank
        # Above the first launch of a file stands its own header, unless a training has already spoken there.
        yield from _stated(launch, is_new=has_launched or happened)
        last_program, has_launched = program, True


def _announced(frame: str, number: int) -> Launch | None:
    """The launch that a line announces, or None."""
    if len(frame) > MAX_LINE or not any(hint in frame for hint in _HINTS):
        return None
    spawned = _SPAWNED.search(frame)
    if spawned:
        return _listed(spawned["list"], number)
    found = _PREFIX.match(frame.rstrip())
    if found is None or _QUOTED_HINT.match(frame) or (found["echo"] and "$" in found["command"][:1]):
        return None
    command = found["command"].strip()
    if command[:1] == "[":
        return _listed(command, number)
    if command[:1] in "`'\"" and command[-1:] == command[:1]:
        command = command[1:-1]
    return next(_launches([command], number), None)


def _listed(text: str, number: int) -> Launch | None:
    """A command printed as a Python list of its words."""
    try:
        words = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return None
    launch = _command.parse([Item(word, True, number) for word in words])
    return launch if launch is not None and not launch.is_shell else None


def _launches(lines: list[str], first_line: int) -> Iterator[Launch]:
    is_windows = len(lines) == 1 and _WINDOWS.search(lines[0]) is not None
    for invocation in invocations(lines, "cmd" if is_windows else "posix", first_line):
        launch = _command.parse(invocation.arguments)
        if launch is not None and not launch.is_shell:
            yield launch


def _stated(launch: Launch, *, is_new: bool) -> Iterator[Stated]:
    """The mark first: what the command states belongs to the process that begins with it."""
    if is_new:
        yield Stated("launch", True, launch.line, "mark", origin="command_line", raw=launch.text[:400])
    for found in _command_stated.stated(launch):
        value = _CELL_NAME.sub(r"{\1}", found.value) if isinstance(found.value, str) else found.value
        yield found._replace(origin="command_line", value=value)


def _job(lines: list[str], first_line: int) -> Iterator[Stated]:
    """LSF repeats the submitted script around the job's output; of use where it launches one program."""
    launches = [launch for launch in _launches(lines, first_line) if not _command_stated.evaluates(launch)]
    if len(launches) == 1:
        yield from _stated(launches[0], is_new=False)
