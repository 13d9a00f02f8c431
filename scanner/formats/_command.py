"""One command line to what it launches: the program, its options, its launcher's options, its configuration files.

    CUDA_VISIBLE_DEVICES=0,1 torchrun --nproc_per_node=2 -m src.train --lr 1e-4 --fp16 trainer.max_epochs=3
    nohup accelerate launch --num_processes 4 train.py --config configs/base.yaml

`None` where nothing is launched that could be a training: other programs, `python -c "..."`, `python -`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import NamedTuple

from scanner.formats import _command_tools as tools
from scanner.formats._shell_vars import Item

_NUMBER = re.compile(r"^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$")
_OPTION = re.compile(r"^--?[A-Za-z][\w.\-/]*(?:=|$)")
_OVERRIDE = re.compile(r"^[+~]{0,2}(?P<key>[A-Za-z_][\w./@-]*)=(?P<value>.*)$", re.DOTALL)
_ENVIRONMENT = re.compile(r"^[A-Za-z_]\w*=")
_SCRIPT = re.compile(r"^[^\s=:;,()<>|]*\.py[cw]?$")


class Option(NamedTuple):
    """An option and its value; True for a flag, False for a negated one."""

    key: str
    value: Item | bool
    line: int
    is_override: bool = False
    """Whether it was written `key=value`."""
    more: tuple[Item, ...] = ()
    """Further words behind the value."""

    @property
    def name(self) -> str:
        """The key in lower case with underscores and without leading dashes."""
        return self.key.lstrip("-+~").replace("-", "_").lower()


@dataclass(slots=True)
class Launch:
    """What a command line launches."""

    text: str
    line: int
    program: str = ""
    """Path of the script as written; a module as a path; "" where the program is a tool."""
    tool: str = ""
    """Command line of a program that trains by itself ("llamafactory-cli train")."""
    is_shell: bool = False
    frameworks: list[str] = field(default_factory=list)
    launcher: list[Option] = field(default_factory=list)
    launcher_name: str = ""
    options: list[Option] = field(default_factory=list)
    positionals: list[Item] = field(default_factory=list)


def parse(arguments: Sequence[Item]) -> Launch | None:
    """What a command's arguments launch, or None."""
    words = list(arguments)
    while words and _ENVIRONMENT.match(words[0].text):
        words = words[1:]
    if not words:
        return None
    launch = Launch(" ".join(item.text for item in words), words[0].line)
    tool = _tool(words, launch)
    if tool is not None:
        return tool
    for _ in range(8):
        if not words:
            return None
        name = _base(words[0].text)
        if tools.PYTHON.match(name):
            return _python(words[1:], launch)
        if name in tools.SHELLS:
            return _shell(words[1:], launch)
        if words[0].text.endswith(".sh"):
            return _shell(words, launch)
        if _SCRIPT.match(words[0].text):
            return _script(words, launch)
        if name not in tools.WRAPPERS:
            return None
        launch.launcher_name = (
            name if name in ("torchrun", "accelerate", "deepspeed", "horovodrun") else launch.launcher_name
        )
        if name in ("accelerate", "deepspeed"):
            launch.frameworks.append(name)
        if name == "accelerate" and not (len(words) > 1 and words[1].text == "launch"):
            return None
        inner = _inner(words)
        if inner is None:
            return None
        own = words[1:inner]
        if launch.launcher_name == name:
            launch.launcher += options(own)[0]
        words = words[inner:]
        if words[0].text in ("-m", "--module", "--wrap"):
            return _python(words, launch)
        tool = _tool(words, launch)
        if tool is not None:
            return tool
    return None


def _base(text: str) -> str:
    return text.replace("\\", "/").rsplit("/", 1)[-1]


def _inner(words: list[Item]) -> int | None:
    """Index of the program that a wrapper starts: the first word that can be one."""
    for n, item in enumerate(words[1:], 1):
        name = _base(item.text)
        if item.text in ("-m", "--module") and _base(words[0].text) in ("torchrun", "accelerate", "deepspeed"):
            return n
        if tools.PYTHON.match(name) or name in tools.SHELLS or name in tools.WRAPPERS:
            if n > 1 and words[n - 1].text in ("-n", "--name", "-J", "-N", "--job-name", "-S", "-p"):
                continue
            return n
        if _SCRIPT.match(item.text) or item.text.endswith(".sh"):
            return n
        if _trainer(words[n:]) is not None:
            return n
    return None


def _trainer(words: Sequence[Item]) -> tuple[str, str] | None:
    """(the words that name it, framework) of a program that trains by itself, when the words begin with one."""
    if not words:
        return None
    text = " ".join([_base(words[0].text), *(item.text for item in words[1:40])])[:600]
    for pattern, framework in tools.TRAINERS:
        match = pattern.match(text)
        if match:
            return match.group(), framework
    return None


def _tool(words: list[Item], launch: Launch) -> Launch | None:
    """The launch of a program that trains by itself, or None."""
    found = _trainer(words)
    if found is None:
        return None
    named, framework = found
    spoken = list(takewhile(lambda word: word[:1] != "-" and "=" not in word, named.split()[:3]))
    launch.tool = " ".join(spoken)
    launch.frameworks += [framework] if framework else []
    launch.options, launch.positionals = options(words[len(spoken) :])
    if framework == "torchtune":
        launch.launcher += launch.options  # `tune run` takes the launcher's options itself
    count = launch.positionals[1] if len(launch.positionals) > 1 else None
    if launch.tool == "dist_train.sh" and count is not None and count.is_known and count.text.isdigit():
        launch.launcher.append(Option("num_processes", count, count.line))
    if words[0].text.endswith(".sh"):
        launch.program = words[0].text
    return launch


def _python(words: list[Item], launch: Launch) -> Launch | None:
    """What an interpreter runs: a script, a module, or a launcher module that runs one of them."""
    n = 0
    while n < len(words):
        text = words[n].text
        if text in ("-m", "--module") and n + 1 < len(words):
            return _module(words[n + 1 :], launch)
        if text in ("-c", "-") or (text.startswith("-c") and len(text) > 2):
            return None
        if text in ("-W", "-X"):
            n += 2
        elif text.startswith("-"):
            n += 1
        else:
            break
    return _script(words[n:], launch) if n < len(words) and _SCRIPT.match(words[n].text) else None


def _module(words: list[Item], launch: Launch) -> Launch | None:
    name = words[0].text
    if name in tools.LAUNCHER_MODULES:
        framework = tools.LAUNCHER_MODULES[name]
        launch.frameworks += [framework] if framework else []
        launch.launcher_name = name
        inner = next(
            (n for n, w in enumerate(words[1:], 1) if _SCRIPT.match(w.text) or w.text in ("-m", "--module")), None
        )
        if inner is None:
            return None
        launch.launcher += options(words[1:inner])[0]
        return _python(words[inner:], launch)
    tool = _tool(words, launch)
    if tool is not None:
        return tool
    if name in tools.FOREIGN_MODULES or not words[0].name_is_known or not re.fullmatch(r"[A-Za-z_][\w.]*", name):
        return None
    launch.program = name.replace(".", "/") + ".py"
    launch.options, launch.positionals = options(words[1:])
    return launch


def _script(words: list[Item], launch: Launch) -> Launch | None:
    if not words[0].name_is_known:
        return None
    launch.program = words[0].text
    launch.options, launch.positionals = options(words[1:])
    return launch


def _shell(words: list[Item], launch: Launch) -> Launch | None:
    """Another launcher script: `bash train.sh`, `sbatch --time=1:00 train.sh 1e-4`."""
    inner = next(
        (n for n, w in enumerate(words) if w.text.endswith((".sh", ".slurm", ".sbatch", ".pbs", ".job"))), None
    )
    if inner is None or not words[inner].name_is_known or any(w.text == "-c" for w in words[:inner]):
        return None
    launch.program, launch.is_shell = words[inner].text, True
    launch.options, launch.positionals = options(words[inner + 1 :])
    return launch


def options(words: Sequence[Item]) -> tuple[list[Option], list[Item]]:
    """(options, positional arguments) of a program's words."""
    found: list[Option] = []
    positionals: list[Item] = []
    n = 0
    while n < len(words):
        item = words[n]
        n += 1
        if _OPTION.match(item.text):
            key, is_assigned, value = item.text.partition("=")
            if is_assigned:
                found.append(Option(key, Item(value, item.is_known, item.line), item.line))
                continue
            following: list[Item] = []
            while n < len(words) and not _OPTION.match(words[n].text) and not _OVERRIDE.match(words[n].text):
                following.append(words[n])
                n += 1
            if not following:
                found.append(_flag(key, item.line))
            else:
                found.append(Option(key, following[0], item.line, more=tuple(following[1:])))
                positionals += following[1:]
        elif override := _OVERRIDE.match(item.text):
            value_item = Item(override["value"], item.is_known, item.line)
            found.append(Option(override["key"], value_item, item.line, is_override=True))
        else:
            positionals.append(item)
    return found, positionals


def _flag(key: str, line: int) -> Option:
    bare = key.lstrip("-")
    for prefix in ("no-", "no_"):
        if bare.startswith(prefix):
            return Option(f"--{bare.removeprefix(prefix)}", False, line)
    return Option(key, True, line)
