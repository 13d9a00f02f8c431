"""Facts that a Python source states: local modules that it imports, files that it reads and writes, its run's name."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

from scanner.formats import _python_vocabulary as words
from scanner.formats._base import Stated
from scanner.formats._python_scopes import Call, Program, dotted
from scanner.formats._python_values import Values

_CONFIG_FILE = re.compile(r"(?i)\.(?:ya?ml|toml|json|jsonc|py|ini|cfg)$")
_CONFIG_JSON = re.compile(r"(?i)config|cfg|conf|param|args|hparam|setting|deepspeed|ds_|zero\d|spec")
_LOG_FILE = re.compile(r"(?i)\.(?:log|out|txt|csv|jsonl|json|tsv)$")
_LOG_NAME = re.compile(r"(?i)log|history|metric|loss|train|result|progress")
_OPENERS = frozenset({
    "open", "load", "safe_load", "fromfile", "from_file", "from_yaml", "load_config", "read", "parse_file",
    "from_json_file", "get_config", "read_config", "load_yaml", "read_yaml", "load_json", "parse_config", "Config",
    "merge_from_file",
})  # fmt: skip
_FOLDERS = (
    "output_dir",
    "default_root_dir",
    "save_dir",
    "checkpoint_dir",
    "out_dir",
    "log_dir",
    "dirpath",
    "logging_dir",
)
_FOLDER_NAMES = re.compile(
    r"(?i)^(?:output|out|checkpoint|checkpoints|ckpt|save|result|results|model_save|log|logs|run|exp|"
    r"experiment)s?_?(?:dir|path|folder|root)$"
)


def imports(program: Program) -> Iterator[Stated]:
    """Modules that may be local: `from ..engine import train` -> "engine", "engine.train"."""
    seen: set[str] = set()
    for node, _ in program.statements:
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            head = node.module or ""
            # What is imported may be a module itself; a class hardly is.
            members = [f"{head}.{a.name}".lstrip(".") for a in node.names if a.name.islower() and a.name != "*"]
            named = [*([head] if head else []), *members]
        else:
            continue
        for name in named:
            top = name.split(".")[0]
            is_relative = isinstance(node, ast.ImportFrom) and node.level > 0
            if name not in seen and (is_relative or not (top in sys.stdlib_module_names or top in words.THIRD_PARTY)):
                seen.add(name)
                yield Stated("imports_module", name, node.lineno, "fact", raw=ast.unparse(node)[:200])


def files(program: Program, values: Values) -> Iterator[Stated]:
    """Configuration files, logs, output folders and names of runs that calls and defaults name."""
    for call in program.calls:
        if values.open_arms(call.place) is None:
            continue
        yield from _configuration(call, values)
        yield from _written(call, values)
        given = {k.arg: k.value for k in call.node.keywords}
        for key in _FOLDERS:
            if key in given:
                yield from _fact("output_dir", given[key], values)
        if call.tail.endswith("Arguments") and "output_dir" not in given and call.node.args:
            yield from _fact("output_dir", call.node.args[0], values)
        if (
            call.name in ("wandb.init", "mlflow.start_run")
            or call.tail in ("WandbLogger", "start_run")
            or call.tail.endswith("TrainingArguments")
        ):
            for key in ("run_name", "name"):
                if key in given:
                    yield from _fact("run_name", given[key], values)
        if call.tail == "SummaryWriter" and call.node.args:
            yield from _fact("output_dir", call.node.args[0], values)
        if {"project", "name", "data"} <= set(given):
            folders = [values.known(given[key]) for key in ("project", "name")]
            if all(folder is not None for folder in folders):
                yield Stated("output_dir", "/".join(str(f.value) for f in folders if f), call.node.lineno, "fact")
    for name, node in values.arguments.items():
        known = values.known(node)
        if known is None or not isinstance(known.value, str):
            continue
        if re.search(r"(?i)config|cfg|conf$|yaml|deepspeed", name) and _CONFIG_FILE.search(known.value):
            yield Stated("config_file", known.value, known.line, "fact")
        elif _FOLDER_NAMES.match(name):
            yield Stated("output_dir", known.value, known.line, "fact")
    for folder, bindings in program.module.bindings.items():
        if _FOLDER_NAMES.match(folder) and len(bindings) == 1 and folder in program.loaded:
            yield from _fact("output_dir", bindings[0].value, values)


def _configuration(call: Call, values: Values) -> Iterator[Stated]:
    given = {k.arg: k.value for k in call.node.keywords}
    if call.name == "hydra.main":
        hydra = values.known(given.get("config_name"))
        folder = values.known(given.get("config_path") or (call.node.args[0] if call.node.args else None))
        if hydra is not None:
            file = str(hydra.value) if _CONFIG_FILE.search(str(hydra.value)) else f"{hydra.value}.yaml"
            yield Stated("config_file", f"{folder.value}/{file}" if folder else file, hydra.line, "fact")
        return
    for key in ("deepspeed", "fsdp_config", "config_file", "cfg_file"):
        found = values.known(given.get(key))
        if found is not None and isinstance(found.value, str) and _CONFIG_FILE.search(found.value):
            yield Stated("config_file", found.value, found.line, "fact")
    if call.tail in _OPENERS and call.node.args and not _writes(call, values):
        found = values.known(call.node.args[0])
        if (
            found is not None
            and isinstance(found.value, str)
            and _CONFIG_FILE.search(found.value)
            and len(found.value) < 200
        ):
            name = found.value.rpartition("/")[2]
            if not name.lower().endswith((".json", ".py")) or _CONFIG_JSON.search(name) or call.tail == "fromfile":
                yield Stated("config_file", found.value, found.line, "fact")


def _writes(call: Call, values: Values) -> bool:
    given = {k.arg: k.value for k in call.node.keywords}
    mode = values.known(given.get("mode") or (call.node.args[1] if len(call.node.args) > 1 else None))
    return mode is not None and isinstance(mode.value, str) and mode.value[:1] in ("w", "a", "x")


def _written(call: Call, values: Values) -> Iterator[Stated]:
    given = {k.arg: k.value for k in call.node.keywords}
    first = call.node.args[0] if call.node.args else given.get("filename")
    if call.tail in ("FileHandler", "RotatingFileHandler", "CSVLogger", "basicConfig", "TimedRotatingFileHandler"):
        target = given.get("filename") if call.tail == "basicConfig" else first
    elif call.tail == "open" and _writes(call, values):
        target = first
    else:
        return
    found = values.known(target)
    if found is None or not isinstance(found.value, str) or not _LOG_FILE.search(found.value) or len(found.value) > 200:
        return
    if call.tail != "open" or _LOG_NAME.search(found.value.rpartition("/")[2]):
        yield Stated("log_file", found.value, found.line, "fact")


def _fact(key: str, node: ast.expr | None, values: Values) -> Iterator[Stated]:
    found = values.known(node)
    if (
        found is not None
        and isinstance(found.value, str)
        and 0 < len(found.value) <= 200
        and found.value not in (".", "./", "/")
    ):
        yield Stated(key, found.value, found.line, "fact", raw=f"{key}={found.value}")


def launches_training(program: Program) -> bool:
    """Whether a source that trains nothing itself hands over to a local module that may."""
    for call in program.calls:
        head = dotted(call.node.func).split(".")[0]
        origin = program.imports.get(head, "")
        is_ours = origin.startswith(".") or (bool(origin) and origin.split(".")[0] not in words.THIRD_PARTY
                                             and origin.split(".")[0] not in sys.stdlib_module_names)  # fmt: skip
        if is_ours and (
            words.is_training_name(call.tail)
            or call.tail in ("Trainer", "main", "run")
            or words.TRAINER_NAME.search(call.tail)
        ):
            return True
    return False
