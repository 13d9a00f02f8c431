"""Files of PyTorch Lightning's loggers: `metrics.csv`, `hparams.yaml` and the CLI's `config.yaml` of a version folder.

    lightning_logs/version_3/metrics.csv      epoch,step,train_loss,val_loss
    lightning_logs/version_3/hparams.yaml     lr: 0.001

A version folder is known by its name or by what lies beside the file, so that a repository's own `hparams.yaml` stays a
configuration. Epochs and steps are counted from 0 and stay so. A row of the test loop stands behind the last epoch and
counts none of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats import _table, _yaml
from scanner.formats._base import Document, Stated, parse_number
from scanner.formats._json import Leaf

ID = "lightning_files"
DESCRIPTION = "Version folders of PyTorch Lightning's loggers"
SAMPLE = """epoch,step,train_loss,val_loss
0,49,0.52,
0,62,,0.48"""

_VERSION = re.compile(r"(?:^|/)version_[\w-]{1,40}$")
_MONITORED_RATE = re.compile(r"^lr-(?P<optimizer>[A-Za-z]\w*?)(?:/pg1)?$")
_OTHER_GROUP = re.compile(r"^lr-|-(?:momentum|weight_decay)$|/dataloader_idx_[1-9]")
_CLASS_KEYS = {"model": "model_class", "optimizer": "optimizer", "lr_scheduler": "lr_scheduler"}


def wants(document: Document) -> bool:
    """The logger's files by name, in a folder that is one execution's."""
    if document.kind == "csv":
        return document.name == "metrics.csv" and _has_axis(document)
    return document.kind == "yaml" and document.name in ("hparams.yaml", "config.yaml") and _is_version(document)


def read(document: Document) -> Iterator[Stated]:
    """The folder, and what the file states."""
    yield Stated("run_folder", document.folder, 1, "fact", origin="reported")
    yield Stated("framework", "lightning", 1, origin="reported", raw=document.path)
    if document.kind == "csv":
        yield from _metrics(document)
    elif document.name == "config.yaml":
        yield from _cli_config(document)
    else:
        for leaf in _yaml.leaves(document.text()):
            yield from _setting(".".join(map(str, leaf.path)), leaf)


def _is_version(document: Document) -> bool:
    """Whether the folder is a logger's: by its name, or because event files, metrics or checkpoints lie in it."""
    names = document.siblings
    logs = "metrics.csv" in names or any(name.startswith("events.out.tfevents") for name in names)
    if document.name == "config.yaml":
        return logs and "hparams.yaml" in names
    return logs or _VERSION.search(document.folder) is not None or "checkpoints" in names


def _has_axis(document: Document) -> bool:
    header = _table.cells(document.lines[0], ",") if document.lines else []
    named = {"epoch", "step"} <= set(header)
    return named and ("hparams.yaml" in document.siblings or _VERSION.search(document.folder) is not None)


def _metrics(document: Document) -> Iterator[Stated]:
    header = _table.cells(document.lines[0], ",")
    epoch_at, step_at = header.index("epoch"), header.index("step")
    yield Stated("first_epoch", 0, 1, "mark", origin="reported", raw=document.lines[0])
    keys = [_column(name) for name in header]
    for name in header:
        rate = _MONITORED_RATE.match(name)
        if rate:
            yield Stated("optimizer", rate["optimizer"], 1, origin="reported", raw=name)
    for line, row in _table.rows(document, 2, ","):
        if len(row) != len(header):
            continue
        found = [(key, cell) for key, cell in zip(keys, row, strict=True) if key and cell]
        is_test = bool(found) and all(key.startswith("test") for key, _ in found)
        epoch = None if is_test else parse_number(row[epoch_at])
        step = None if is_test else parse_number(row[step_at])
        raw = document.lines[line - 1]
        for key, cell in found:
            if parse_number(cell) is not None:
                yield Stated(key, cell, line, "metric", step, epoch, origin="reported", raw=raw)


def _column(name: str) -> str | None:
    """The metric that a column holds; None for counters and for second groups and loaders."""
    if name in ("epoch", "step", "created_at"):
        return None
    if _MONITORED_RATE.match(name):
        return "lr"
    return None if _OTHER_GROUP.search(name) else name.removesuffix("/dataloader_idx_0")


def _cli_config(document: Document) -> Iterator[Stated]:
    accelerator: str | None = None
    for leaf in _yaml.leaves(document.text()):
        key = ".".join(map(str, leaf.path))
        if leaf.path[-1:] == ("class_path",) and leaf.path[0] in _CLASS_KEYS and isinstance(leaf.value, str):
            if leaf.path.index("class_path") == 1:
                name = leaf.value.rsplit(".", 1)[-1]
                yield Stated(
                    _CLASS_KEYS[str(leaf.path[0])], name, leaf.line, origin="reported", raw=f"{key}: {leaf.value}"
                )
        elif key == "trainer.devices" and isinstance(leaf.value, int) and leaf.value > 0 and accelerator != "cpu":
            yield Stated("num_devices", leaf.value, leaf.line, origin="reported", raw=f"{key}: {leaf.value}")
        else:
            accelerator = str(leaf.value) if key == "trainer.accelerator" else accelerator
            yield from _setting(key, leaf)


def _setting(key: str, leaf: Leaf) -> Iterator[Stated]:
    if leaf.value is not None:
        yield Stated(key, leaf.value, leaf.line, origin="reported", raw=f"{key}: {leaf.value}")
