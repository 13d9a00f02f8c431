"""Launcher scripts: what a shell, batch or job file would start, read without running it.

    #SBATCH --output=train.out
    LR=1e-4
    torchrun --nproc_per_node=2 train.py --config configs/base.yaml --lr $LR --fp16 2>&1 | tee train.log

Every launched command is a recipe of its own (a segment), with the variables it uses put in. What is given to a
scheduler (`--gres=gpu:4`) is a request and states no device. Variables from outside, loop variables of several values
and the results of other commands are not known and state nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from scanner.formats import _command, _command_stated
from scanner.formats._base import Document, Stated
from scanner.formats._command import Launch
from scanner.formats._shell_lex import dialect_of
from scanner.formats._shell_vars import Item
from scanner.formats._shell_walk import invocations

ID = "shell_launcher"
DESCRIPTION = "Shell, batch and job scripts that launch trainings"
SAMPLE = """LR=1e-4
torchrun --nproc_per_node=2 train.py --lr $LR > train.log 2>&1"""

_DIRECTIVE = re.compile(
    r"^\s*#(?:SBATCH|BSUB|PBS|\$)\s+(?:(?P<output>--output|--error|-oo?|-eo?)(?:=|\s+)(?P<path>\S+)"
    r"|(?:--job-name|-J|-N)(?:=|\s+)(?P<name>[\w.-]+))(?:\s+#.*)?\s*$"
)
_PLACEHOLDER = re.compile(r"[%$]")


def wants(document: Document) -> bool:
    """Shell scripts that start a program."""
    return document.kind == "shell"


def read(document: Document) -> Iterator[Stated]:
    """Each launched command with its facts and settings."""
    launches: list[tuple[Launch, list[Item]]] = []
    for invocation in invocations(document.lines, dialect_of(document.name)):
        launch = _command.parse(invocation.arguments)
        if launch is not None:
            launches.append((launch, invocation.logs))
    shared = Counter(item.text for _, logs in launches for item in logs)
    for segment, (launch, logs) in enumerate(launches):
        yield from _command_stated.stated(launch, segment)
        for item in logs:
            # A file that several commands write holds several executions; it cannot be told which is whose.
            if item.name_is_known and shared[item.text] == 1 and not _command_stated.evaluates(launch):
                yield Stated("log_file", item.text, item.line, "fact", segment=segment, raw=f"> {item.text}")
    training = [n for n, (launch, _) in enumerate(launches) if not _command_stated.evaluates(launch)]
    if len(training) == 1:
        yield from _directives(document, training[0])


def _directives(document: Document, segment: int) -> Iterator[Stated]:
    """Where the scheduler puts the console, and the job's name; of use where one command alone writes it."""
    for number, line in enumerate(document.lines, 1):
        directive = _DIRECTIVE.match(line) if "#" in line[:8] else None
        if directive is None:
            continue
        if directive["path"] and not _PLACEHOLDER.search(directive["path"]):
            yield Stated("log_file", directive["path"], number, "fact", segment=segment, raw=line.strip())
        elif directive["path"] and "$" not in directive["path"]:
            pattern = directive["path"].replace("%x", _job_name(document))
            yield Stated("log_pattern", pattern, number, "fact", segment=segment, raw=line.strip())
        elif directive["name"]:
            yield Stated("run_name", directive["name"], number, "fact", segment=segment, raw=line.strip())


def _job_name(document: Document) -> str:
    """The name that `%x` stands for: the directive's, else the script's (sbatch, "filename pattern")."""
    for line in document.lines:
        directive = _DIRECTIVE.match(line) if "#" in line[:8] else None
        if directive is not None and directive["name"]:
            return directive["name"]
    return document.path.rsplit("/", 1)[-1]
