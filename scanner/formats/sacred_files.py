"""Sacred's file storage: one numbered folder a run, `_sources/` with the programs beside it.

    sacred/1/config.json     {"lr": 0.01, "epochs": 3, "optimizer": {"name": "adam"}, "seed": 523770517}
    sacred/1/run.json        {"experiment": {"mainfile": "train.py", "sources": [["train.py", "_sources/train_b4.py"]]},
                              "command": "main", "status": "COMPLETED", "start_time": "2024-...", "fail_trace": [...]}
    sacred/1/metrics.json    {"train.loss": {"steps": [0, 1], "timestamps": [...], "values": [1.0, 0.5]}}
    sacred/1/cout.txt        the console; what it says is read by the formats of its text

Told by the files that stand together. A value that is no plain number was pickled to JSON (`{"value": 0.5, ...}`).
Hosts and paths of the machine are not read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from scanner.formats import _json, _program, _recorded_config, _tracked_curve
from scanner.formats._base import Document, Stated
from scanner.formats._json import Leaf

ID = "sacred_files"
DESCRIPTION = "Run folders of Sacred's file storage"
SAMPLE = """sacred/1/metrics.json
{"train.loss": {"steps": [0, 1], "timestamps": ["...", "..."], "values": [1.0, 0.5]}}"""

_TOGETHER = frozenset({"run.json", "config.json", "cout.txt"})
_FILES = _TOGETHER | {"metrics.json"}
_EVALUATES = re.compile(r"^(?:test|eval|evaluate|predict|infer|inference)(?:_|$)", re.IGNORECASE)
_OWN_COMMANDS = frozenset({"print_config", "print_dependencies", "print_named_configs", "save_config"})
_MIB_A_GIB = 1024


def wants(document: Document) -> bool:
    """The files of a run's folder."""
    return not document.is_embedded and document.name in _FILES and document.siblings >= _TOGETHER


def read(document: Document) -> Iterator[Stated]:
    """Which run the file belongs to, and what it states."""
    folder, line = document.folder, 1 if document.kind == "json" else max(1, len(document.lines))
    yield Stated("run_folder", folder, line, "fact", origin="reported", raw=document.path)
    yield Stated("tracker_run", f"sacred:{folder}", line, "fact", origin="reported", raw=document.path)
    if document.kind != "json":
        return
    leaves = list(_json.leaves(document.text())) if document.text().strip() else []
    if document.name == "config.json":
        yield from _recorded_config.stated(leaves)
    elif document.name == "metrics.json":
        yield from _curves(leaves)
    else:
        for leaf in leaves:
            yield from _run(leaf)
        yield from _failure(leaves)


def _run(leaf: Leaf) -> Iterator[Stated]:
    path, value, line, pointer = leaf.path, leaf.value, leaf.line, leaf.pointer
    if path == ("experiment", "mainfile") or (path[:2] == ("experiment", "sources") and path[2:] == (0, 1)):
        if isinstance(value, str):
            yield from _program.stated(value, line, pointer)
    elif path == ("command",) and isinstance(value, str):
        if _EVALUATES.match(value) or value in _OWN_COMMANDS:
            yield Stated("evaluates", value, line, "fact", origin="reported", pointer=pointer, raw=value)
    elif path == ("status",) and isinstance(value, str):
        status = f"sacred:{value}"
        yield Stated("tracker_status", status, line, "fact", origin="reported", pointer=pointer, raw=f"status: {value}")
    elif path in (("start_time",), ("stop_time",)) and isinstance(value, str):
        key = "started_at" if path == ("start_time",) else "ended_at"
        yield Stated(key, value, line, "fact", origin="reported", pointer=pointer, raw=value)
    elif path[:2] == ("host", "gpus") and path[-2:] == (0, "model") and isinstance(value, str):
        yield Stated("gpu_name", value, line, origin="reported", pointer=pointer)
    elif path[:2] == ("host", "gpus") and path[-2:] == (0, "total_memory") and isinstance(value, int):
        size = round(value / _MIB_A_GIB, 2)
        yield Stated("gpu_memory_gib", size, line, origin="reported", pointer=pointer, raw=f"{value} MiB")


def _failure(leaves: list[Leaf]) -> Iterator[Stated]:
    """The last words of the exception that ended the run."""
    trace = [leaf for leaf in leaves if leaf.path[:1] == ("fail_trace",) and isinstance(leaf.value, str)]
    if trace:
        last = trace[-1]
        words = str(last.value).strip().splitlines()[-1] if str(last.value).strip() else ""
        if words:
            yield Stated("exception", words, last.line, "fact", origin="reported", pointer=last.pointer, raw=words)


def _curves(leaves: list[Leaf]) -> Iterator[Stated]:
    steps: dict[tuple[str, object], float] = {}
    values: dict[str, list[tuple[object, float, Leaf]]] = defaultdict(list)
    for leaf in leaves:
        if len(leaf.path) < 3 or isinstance(leaf.value, bool) or not isinstance(leaf.value, int | float):
            continue
        key, column, index = str(leaf.path[0]), leaf.path[1], leaf.path[2]
        if column == "steps" and len(leaf.path) == 3:
            steps[key, index] = float(leaf.value)
        elif column == "values" and (len(leaf.path) == 3 or leaf.path[3:] == ("value",)):
            values[key].append((index, float(leaf.value), leaf))
    for key, found in values.items():
        points = [_tracked_curve.Point(v, steps.get((key, i)), leaf.line, leaf.pointer) for i, v, leaf in found]
        yield from _tracked_curve.stated(key, points, values.keys())
