"""Curves of event files: which folder they belong to, and whether their steps are steps or epochs.

    logs/fit/train, logs/fit/validation        subfolders of a split hold their part of the curves
    runs/exp1/1700000000.25                    add_hparams puts a set of hyper-parameters into a folder of its own
    runs/exp1/Loss_val, runs/exp1/Loss/val     add_scalars("Loss", {"val": ...}) makes a folder for each curve

The axis is called "step" whatever the program counts. It counts epochs where a trainer is known to do so (Keras's
`epoch_loss`, YOLO's `x/lr0`), and where a validation curve takes every whole number from the first on: nobody evaluates
after every single update.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from scanner.formats._base import Stated
from scanner.formats._metric_rows import OTHER_SPLIT
from scanner.formats._tfevents import Value

_SPLITS = {"train": "", "training": "", "validation": "val_", "valid": "val_", "val": "val_", "eval": "val_"}
_SPLITS |= {"evaluation": "val_", "test": "test_", "dev": "val_"}
_HPARAMS_FOLDER = re.compile(r"^\d{9,10}\.\d+$")
_OTHER_AXIS = re.compile(r"^evaluation_\w+_vs_iterations$")
_EPOCH_TRAINERS = frozenset({"x/lr0", "lr/pg0", "epoch_loss"})
_CLOSING = frozenset({"train/train_loss", "train/train_runtime", "train_loss", "train_runtime"})


class Place(NamedTuple):
    """Where a file's curves belong."""

    folder: str
    prefix: str = ""
    """What the folder says of the split, put before each tag."""
    suffix: str = ""
    """The name of the curve in its group, put behind each tag."""


def place(folder: str, tags: frozenset[str]) -> Place:
    """The run's folder and what the subfolder adds to the tags."""
    parts = folder.split("/")
    if len(parts) < 2:
        return Place(folder)
    parent, last = "/".join(parts[:-1]), parts[-1]
    if _HPARAMS_FOLDER.match(last):
        return Place(parent)
    if len(tags) == 1:
        tag = next(iter(tags))
        group = tag.replace("/", "_") + "_"
        if last.startswith(group) and last != group:
            return Place(parent, suffix="/" + last.removeprefix(group))
        if parent.endswith("/" + tag):
            return Place(parent.removesuffix("/" + tag), suffix="/" + last)
    prefix = _SPLITS.get(last.lower())
    return Place(folder) if prefix is None else Place(parent, prefix)


def stated(points: Sequence[Value], where: Place) -> Iterator[Stated]:
    """The curves. A scalar that counts epochs gives its epoch to all values of the same step."""
    epochs = {v.step: v.number for v in points if v.tag in ("epoch", "train/epoch") and v.number is not None}
    tags = {value.tag for value in points}
    closes = any(tag.endswith("train_runtime") for tag in tags)
    by_epoch = _epoch_tags(points, where)
    if by_epoch and min(value.step for value in points if value.tag in by_epoch) == 0:
        yield Stated("first_epoch", 0, 0, "mark", origin="reported", pointer="step")
    for value in points:
        if (closes and value.tag in _CLOSING) or _OTHER_AXIS.match(value.tag) or value.number is None:
            continue  # the Trainer's closing mean is no point of the curve; Keras repeats its metrics by iteration
        step: float | None = value.step
        epoch = epochs.get(value.step)
        if value.tag in by_epoch:
            step, epoch = None, float(value.step)
        key = where.prefix + value.tag + where.suffix
        yield Stated(key, value.number, 0, "metric", step, epoch, origin="reported", pointer=value.tag)


def _epoch_tags(points: Sequence[Value], where: Place) -> set[str]:
    """Tags whose steps are epochs."""
    steps: dict[str, list[int]] = defaultdict(list)
    for value in points:
        steps[value.tag].append(value.step)
    if "epoch" in steps or "train/epoch" in steps:
        return set()
    if _EPOCH_TRAINERS & steps.keys():
        return {tag for tag in steps if not tag.startswith("batch_")}
    whole = {tag for tag, found in steps.items() if counts_every(found)}
    evaluated = [tag for tag in whole if where.prefix or OTHER_SPLIT.search(tag + where.suffix)]
    longest = max((len(steps[tag]) for tag in evaluated), default=0)
    return {tag for tag in whole if len(steps[tag]) <= longest + 1} if evaluated else set()


def counts_every(steps: Sequence[float]) -> bool:
    """Whether the numbers are 0, 1, 2, ... or 1, 2, 3, ... without a gap, two of them at least."""
    return len(steps) > 1 and steps[0] in (0, 1) and all(b - a == 1 for a, b in pairwise(steps))
