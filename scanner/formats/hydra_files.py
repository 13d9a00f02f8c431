"""What Hydra leaves in the folder of each job: `.hydra/` with its configuration, and the job's log beside it.

    outputs/2024-01-01/12-00-00/.hydra/config.yaml       the composed configuration (read as a configuration file)
    outputs/2024-01-01/12-00-00/.hydra/overrides.yaml    - optimizer.lr=0.01          (the command line's arguments)
    outputs/2024-01-01/12-00-00/.hydra/hydra.yaml        hydra: {job: {name: train, config_name: config}, runtime: ...}
    outputs/2024-01-01/12-00-00/train.log                <job's name>.log; multirun/2024-01-01/13-00-00/0/ the same

The folder above `.hydra` is one execution's. Where a job is started again into the same folder its log grows and
`.hydra` is written anew: the folder is the last one's. A folder of nothing but the log is all that is recorded of its
job; where trackers and event files lie in it as well, they tell what it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats import _program, _yaml
from scanner.formats._base import Document, Stated

ID = "hydra_files"
DESCRIPTION = "Job folders of Hydra (.hydra/ and the job's log)"
SAMPLE = """outputs/2024-01-01/12-00-00/.hydra/overrides.yaml
- optimizer.lr=0.01"""

_OVERRIDE = re.compile(r"^\+{0,2}(?P<key>[A-Za-z_][\w./@-]*)=(?P<value>[^\[{$].*)$")
_BESIDE = re.compile(
    r"^\.hydra$|\.(?:log|pth?|ckpt|bin|safetensors|h5|keras|onnx|npy|npz|pkl|joblib|png|jpe?g|svg|pdf|txt|py)$",
    re.IGNORECASE,
)
"""What may lie beside the log without saying more of the job than the log does: weights, pictures, plain outputs."""


def wants(document: Document) -> bool:
    """Hydra's two files of a job (its configuration is a format of its own), and logs beside their folder."""
    if document.is_embedded:
        return False
    if document.kind == "log":
        return ".hydra" in document.siblings and document.name.endswith(".log")
    return document.folder.rsplit("/", 1)[-1] == ".hydra" and document.name in ("overrides.yaml", "hydra.yaml")


def read(document: Document) -> Iterator[Stated]:
    """The job's folder, its program and configuration file, and the arguments that it was given."""
    if document.kind == "log":
        yield from _log(document)
        return
    leaves = list(_yaml.leaves(document.text()))
    folder = document.folder.rpartition("/")[0]
    if document.name == "overrides.yaml":
        stated = [*_overrides((leaf.value, leaf.line) for leaf in leaves if len(leaf.path) == 1)]
    else:
        stated = [*_job({leaf.path: (leaf.value, leaf.line) for leaf in leaves})]
    if stated:
        yield Stated("run_folder", folder, 1, "fact", origin="reported", raw=document.path)
    yield from stated


def _log(document: Document) -> Iterator[Stated]:
    last = max(1, len(document.lines))
    yield Stated("run_folder", document.folder, last, "fact", origin="reported", raw=document.path)
    if all(_BESIDE.search(name) for name in document.siblings):
        yield Stated("tracker_run", f"hydra:{document.folder}", last, "fact", origin="reported", raw=document.path)


def _overrides(written: Iterator[tuple[object, int]]) -> Iterator[Stated]:
    for text, line in written:
        found = _OVERRIDE.match(text) if isinstance(text, str) else None
        if found is not None and isinstance(text, str):
            # `model@teacher=resnet` puts a part elsewhere; `model/head=mlp` is a part of a part.
            key = found["key"].replace("/", ".")
            if "@" not in key:
                yield Stated(key, found["value"].strip("'\""), line, origin="command_line", raw=text)


def _job(leaves: dict[tuple[str | int, ...], tuple[object, int]]) -> Iterator[Stated]:
    """The program is the file that Hydra took the job's name from, unless somebody gave it another."""
    name, line = leaves.get(("hydra", "job", "name"), (None, 0))
    given = [value for path, (value, _) in leaves.items() if path[:3] == ("hydra", "overrides", "hydra")]
    if isinstance(name, str) and not any("hydra.job.name=" in str(value) for value in given):
        yield from _program.stated(f"{name}.py", line)
    config, line = leaves.get(("hydra", "job", "config_name"), (None, 0))
    if isinstance(config, str):
        file = config if config.endswith((".yaml", ".yml")) else f"{config}.yaml"
        folder = _config_folder(leaves)
        path = f"{folder}/{file}" if folder else file
        yield Stated("config_file", path, line, "fact", origin="reported", raw=path)


def _config_folder(leaves: dict[tuple[str | int, ...], tuple[object, int]]) -> str:
    """The folder of the program's own configuration, without the machine's part of its path."""
    for path, (value, _) in leaves.items():
        if path[:3] == ("hydra", "runtime", "config_sources") and path[-1] == "provider" and value == "main":
            source, _ = leaves.get((*path[:-1], "path"), ("", 0))
            cwd, _ = leaves.get(("hydra", "runtime", "cwd"), ("", 0))
            text = str(source).replace("\\", "/")
            inside = text.removeprefix(str(cwd).replace("\\", "/").rstrip("/") + "/")
            return inside if inside != text else text.rsplit("/", 1)[-1]
    return ""
