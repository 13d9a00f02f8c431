"""A launch as what formats yield: program, configuration files, settings, and whether it trains or evaluates.

An evaluating command states nothing but that it evaluates: its batch size is no training's. A value that the text does
not fix (a loop variable, `$1`), a list of alternatives, and a request to a scheduler (`--gres=gpu:4`) state nothing.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator

from scanner.formats import _command_tools as tools
from scanner.formats._base import Stated
from scanner.formats._command import Launch, Option
from scanner.formats._shell_vars import Item

MAX_COMMAND = 2000
_NUMBER = re.compile(r"^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$")
_ALTERNATIVES = re.compile(r"^[\[({].*[,:].*[\])}]$|^(?:[\d.eE+-]+,)+[\d.eE+-]+$|\$|^(?:choice|range|interval)\(")


def evaluates(launch: Launch) -> bool:
    """Whether the launched program only evaluates, predicts, serves or converts."""
    if launch.tool:
        return any(_is_mode(option) for option in launch.options)
    name = launch.program.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    if tools.EVALUATION_NAME.search(name) and not tools.TRAINING_NAME.search(name):
        return True
    given = {option.name: option for option in launch.options}
    if "do_train" in given:
        return not _is_on(given["do_train"])
    if any(key in given and _is_on(given[key]) for key in ("do_eval", "do_predict")):
        return True
    return any(_is_on(o) for key, o in given.items() if key in tools.EVALUATION_FLAGS) or any(
        _is_mode(option) for option in launch.options
    )


def _is_on(option: Option) -> bool:
    if isinstance(option.value, bool):
        return option.value
    # `--test data/test.csv` names a file, `--eval True` switches.
    return option.value.text.lower() in ("true", "1", "yes", "on")


def _is_mode(option: Option) -> bool:
    return (
        option.name in tools.MODE_KEYS
        and isinstance(option.value, Item)
        and option.value.text.lower() in tools.EVALUATION_MODES
    )


def stated(launch: Launch, segment: int | None = None) -> Iterator[Stated]:
    """Facts and settings of a launch."""
    for found in _stated(launch):
        yield found._replace(segment=segment)


def _stated(launch: Launch) -> Iterator[Stated]:
    text = launch.text[:MAX_COMMAND]
    yield Stated("command", text, launch.line, "fact", raw=text)
    program = launch.program or launch.tool
    if evaluates(launch):
        yield Stated("evaluates", program, launch.line, "fact", raw=text)
        return
    yield Stated("program", program, launch.line, "fact", raw=text)
    if launch.tool:
        yield Stated("trains", launch.tool, launch.line, "fact", raw=text)
    for framework in launch.frameworks[-1:]:
        yield Stated("framework", framework, launch.line, raw=text)
    yield from _devices(launch)
    yield from _configs(launch)
    steps = [o for o in launch.options if o.name == "max_steps" and isinstance(o.value, Item) and _is_positive(o.value)]
    for option in launch.options:
        if option.name == "num_train_epochs" and steps:
            continue  # the Trainer ignores the epochs then
        yield from _option(option)
    for option in launch.launcher:
        if option.name == "mixed_precision":
            yield from _option(option)


def _is_positive(item: Item) -> bool:
    return item.text.isdigit() and int(item.text) > 0


def _option(option: Option) -> Iterator[Stated]:
    value = option.value
    if isinstance(value, bool):
        yield Stated(option.key, value, option.line, raw=f"{option.key}{'' if value else ' (negated)'}")
        return
    raw = f"{option.key}{'=' if option.is_override else ' '}{value.text}"
    if option.name in tools.OUTPUT_KEYS:
        if value.name_is_known and value.text:
            yield Stated("output_dir", value.text, value.line, "fact", raw=raw)
        return
    if not value.is_known or not value.text or _ALTERNATIVES.search(value.text):
        return
    if option.name in tools.NAME_KEYS:
        yield Stated("run_name", value.text, value.line, "fact", raw=raw)
        return
    if any(_NUMBER.match(item.text) or not item.is_known for item in option.more) and _NUMBER.match(value.text):
        return  # `--lr 1e-4 1e-5`
    yield Stated(option.key, value.text, value.line, raw=raw)


def _configs(launch: Launch) -> Iterator[Stated]:
    folder = next((o.value.text for o in launch.options if o.name in ("config_dir", "config_path", "cd", "cp")
                   and isinstance(o.value, Item) and o.value.name_is_known), "")  # fmt: skip
    for option in (*launch.launcher, *launch.options):
        value = option.value
        if isinstance(value, bool) or not value.name_is_known:
            continue
        if option.name in ("config_name", "cn") and not option.is_override:
            name = value.text if value.text.endswith(tools.CONFIG_ENDINGS) else f"{value.text}.yaml"
            yield _config(f"{folder.rstrip('/')}/{name}" if folder else name, value.line, option.key)
        elif value.text.lower().endswith(tools.CONFIG_ENDINGS) and _names_config(option):
            yield _config(value.text, value.line, option.key)
    for item in launch.positionals:
        if item.name_is_known and item.text.lower().endswith(tools.CONFIG_ENDINGS):
            yield _config(item.text, item.line, "")
        elif item.name_is_known and item.text.endswith(".py") and "config" in item.text.lower():
            yield _config(item.text, item.line, "")


def _names_config(option: Option) -> bool:
    name = option.name.replace(".", "_")
    short = name in ("c", "f", "cfg", "opt")
    return short or (tools.CONFIG_KEY.search(name) is not None and tools.DATA_KEY.search(name) is None)


def _config(path: str, line: int, key: str) -> Stated:
    return Stated("config_file", path, line, "fact", raw=f"{key} {path}".strip())


def _devices(launch: Launch) -> Iterator[Stated]:
    """Processes that a launcher was told to start: per node times nodes, where both are written."""
    given = {option.name: option for option in launch.launcher}
    for key, nodes in (
        ("nproc_per_node", ("nnodes",)),
        ("num_gpus", ("num_nodes",)),
        ("num_processes", ()),
        ("np", ()),
    ):
        option = given.get(key)
        if option is None or isinstance(option.value, bool) or not option.value.is_known:
            continue
        counts = [option.value.text, *(_text(given[node]) for node in nodes if node in given)]
        if all(re.fullmatch(r"\d{1,5}", count) for count in counts):
            total = 1
            for count in counts:
                total *= int(count)
            raw = " ".join(f"{o.key} {_text(o)}" for o in [option, *(given[n] for n in nodes if n in given)])
            if total > 0:
                yield Stated("num_devices", total, option.line, raw=raw)
            return
    include = given.get("include")
    if include is not None and isinstance(include.value, Item) and include.value.is_known:
        hosts = re.fullmatch(r"[\w.-]+:(?P<slots>\d+(?:,\d+)*)", include.value.text)
        if hosts:
            listed = len(set(hosts["slots"].split(",")))
            yield Stated("num_devices", listed, include.line, raw=f"{include.key} {include.value.text}")

    world = given.get("world_info")
    if world is not None and isinstance(world.value, Item):
        slots = _slots(world.value.text)
        if slots:
            yield Stated("num_devices", slots, world.line, raw=f"{world.key}={world.value.text}"[:200])


def _slots(encoded: str) -> int:
    """Processes of DeepSpeed's `--world_info`: hosts with their device numbers, JSON in base64."""
    try:
        hosts = json.loads(base64.urlsafe_b64decode(encoded))
    except (ValueError, binascii.Error):
        return 0
    if not isinstance(hosts, dict) or not all(isinstance(slots, list) for slots in hosts.values()):
        return 0
    return sum(map(len, hosts.values()))


def _text(option: Option) -> str:
    return option.value.text if isinstance(option.value, Item) and option.value.is_known else "?"
