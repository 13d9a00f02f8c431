"""Files of OpenMMLab work folders: JSON-lines metrics of both generations, and configurations in Python.

    work_dirs/yolox/20230210_175449.log.json                {"mode": "train", "epoch": 1, "iter": 50, "loss": 657.6}
    work_dirs/yolox/20230210_175449/vis_data/scalars.json   {"lr": 0.02, "loss": 0.73, "epoch": 1, "iter": 5, "step": 5}
    work_dirs/yolox/yolox_s.py                              optimizer = dict(type='SGD', lr=0.003)

A configuration's own file is a recipe, wherever it lies; its base configurations are named as files that it pulls in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from scanner.formats import _literals
from scanner.formats import _openmmlab_config as config
from scanner.formats._base import Document, Stated, to_float
from scanner.formats.openmmlab import STAMP, run_folder

ID = "openmmlab_files"
DESCRIPTION = "Metrics (JSON lines) and configurations (Python) of OpenMMLab"
SAMPLE = """{"mode": "train", "epoch": 1, "iter": 50, "lr": 3e-05, "memory": 3298, "loss": 657.6}
{"mode": "val", "epoch": 1, "iter": 71, "lr": 0.0002, "mAP": 0.6113}"""

_CONFIG = re.compile(r"^(?:model|optimizer|optim_wrapper|runner|train_cfg|_base_) = ", re.MULTILINE)
_NO_METRIC = frozenset({"mode", "epoch", "iter", "step", "time", "data_time", "memory", "eta", "base_lr", "momentum"})
_OF_TRAINING = frozenset({"loss", "lr", "grad_norm"})


def wants(document: Document) -> bool:
    """Metrics by name or first line; Python files that assign a model and an optimizer as mappings."""
    if document.kind == "json":
        first = document.lines[0][:400] if document.lines else ""
        return document.name.endswith(".log.json") or '"env_info"' in first or _is_scalars(document, first)
    if document.kind != "python" or not document.mentions("dict(", "_base_"):
        return False
    return len(set(_CONFIG.findall(document.text()))) >= 2 and not document.mentions(
        "\ndef ", "\nclass ", "\nimport torch"
    )


def _is_scalars(document: Document, first: str) -> bool:
    return "/vis_data/" in document.path and first.startswith("{") and '"step"' in first


def read(document: Document) -> Iterator[Stated]:
    """A metrics file's points, or a configuration's settings."""
    if document.kind == "python":
        leaves = list(_literals.assignment_leaves(document.text()))
        yield from config.stated(leaves, "config_file")
        yield from config.bases(leaves)
        yield Stated("framework", "openmmlab", 1, origin="config_file", raw=document.path)
        return
    stamp = STAMP.search(document.path)
    if stamp is not None:
        yield Stated("run_folder", run_folder(document), 1, "fact", origin="reported")
        yield Stated("run_key", stamp["stamp"], 1, "fact", origin="reported")
    rows = list(_rows(document))
    if any("loss" in row or row.get("mode") == "train" for _, row in rows):
        yield Stated("framework", "openmmlab", 1, origin="reported", raw=document.path)
    yield from _points(document, rows)


def _rows(document: Document) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, text in enumerate(document.lines, 1):
        if text.startswith("{"):
            try:
                row = json.loads(text)
            except ValueError:
                continue  # the last line of a killed run is often cut
            if isinstance(row, dict):
                yield line, row


def _points(document: Document, rows: list[tuple[int, dict[str, Any]]]) -> Iterator[Stated]:
    train = [row for _, row in rows if _is_train(row)]
    iterations = [row["iter"] for row in train if isinstance(row.get("iter"), (int, float))]
    restarts = any(b <= a for a, b in pairwise(iterations))
    by_epoch = any("epoch" in row for row in train)
    longest = to_float(max(iterations, default=0)) + 1
    last_step: float | None = None
    for line, row in rows:
        if "env_info" in row or "config" in row:
            yield from _header(row, line)
            continue
        step, epoch = _number(row.get("step")), _number(row.get("epoch"))
        if _is_train(row):
            iteration = _number(row.get("iter"))
            if step is None and iteration is not None:
                # mmcv counts iterations within the epoch, unless the runner counts nothing else.
                if restarts and epoch is not None:
                    epoch = epoch - 1 + iteration / longest
                else:
                    step, epoch = iteration, None
            elif epoch is not None and iteration is not None and "mode" not in row:
                epoch = None  # mmengine's iterations go on over epochs: `step` says it all
            last_step = step if step is not None else last_step
            prefix = "train/"
        else:
            prefix = "val/"
            if "mode" not in row:
                step, epoch = (None, step) if by_epoch else (last_step, None)
            elif not restarts:
                step = last_step
            elif row["mode"] == "test":
                prefix = "test/"
        for key, value in row.items():
            if key not in _NO_METRIC and isinstance(value, (int, float)) and not isinstance(value, bool):
                if prefix == "train/":
                    name = key if key in _OF_TRAINING else f"train/{key}"
                elif key == "lr":
                    continue
                else:
                    name = prefix + key
                yield Stated(name, value, line, "metric", step, epoch, origin="reported", pointer=f"/{key}")


def _is_train(row: dict[str, Any]) -> bool:
    return row.get("mode") == "train" if "mode" in row else "lr" in row or "loss" in row


def _number(value: Any) -> float | None:
    return to_float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _header(row: dict[str, Any], line: int) -> Iterator[Stated]:
    """mmcv's first line: the environment, the seed and the whole configuration as text."""
    if isinstance(row.get("seed"), int):
        yield Stated("seed", row["seed"], line, origin="reported", pointer="/seed")
    written = row.get("config")
    if isinstance(written, str):
        try:
            leaves = list(_literals.assignment_leaves(written))
        except ValueError:
            return
        for found in config.stated([leaf._replace(line=line) for leaf in leaves], "reported"):
            yield found._replace(pointer="/config")
    for text in str(row.get("env_info", "")).split("\n"):
        if text.startswith("GPU ") and ": " in text and not text.startswith("GPU number"):
            yield Stated("gpu_name", text.partition(": ")[2], line, origin="reported", pointer="/env_info", raw=text)
