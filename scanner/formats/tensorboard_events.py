"""TensorBoard event files (`events.out.tfevents...`): the curves of one execution, and the settings sent along.

    runs/exp1/events.out.tfevents.1700000000.host     train/loss step 10 = 0.52
    logs/fit/train/events...  logs/fit/validation/events...                      (Keras: epoch_loss, by epoch from 0)
    out/runs/Nov08_10-00-00_host/events...                                       (Hugging Face: text `args`)

One folder is one execution's. Subfolders named after a split hold its part of the curves, and so does the subfolder
that `add_hparams` makes for a set of hyper-parameters. An empty file proves a start and nothing else. A session's end
that was written before any curve (PyTorch writes it together with the start) is no end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats import _tfevents_settings as settings
from scanner.formats._base import Document, Stated
from scanner.formats._json import Leaf
from scanner.formats._tfevents import Value, events

ID = "tensorboard_events"
DESCRIPTION = "TensorBoard event files"
SAMPLE = """runs/exp1/events.out.tfevents.1700000000.host.1.0
train/loss step 10 = 0.52"""

_SPLITS = {"train": "", "training": "", "validation": "val_", "valid": "val_", "val": "val_", "eval": "val_"}
_SPLITS |= {"evaluation": "val_", "test": "test_", "dev": "val_"}
_HPARAMS_FOLDER = re.compile(r"^\d{9,10}\.\d+$")
_KERAS = re.compile(r"^(?:epoch_|evaluation_\w+_vs_iterations$)")
_NAME = re.compile(r"tfevents\.\d+\..+\.(?P<pid>\d+)\.\d+(?:\.v2)?$")
_CLOSING = frozenset({"train/train_loss", "train/train_runtime", "train_loss", "train_runtime"})


def wants(document: Document) -> bool:
    """By name: the writer's own mark stands in it."""
    return document.kind == "binary" and "tfevents" in document.name


def read(document: Document) -> Iterator[Stated]:
    """The folder, settings and curves."""
    folder, split = _place(document.folder)
    if not document.data:
        yield Stated("run_folder", folder, 0, "fact", origin="reported", raw=document.path)
        return
    points: list[Value] = []
    arguments: list[Leaf] = []
    times: list[float] = []
    for event in events(document.data):
        times.append(event.wall_time)
        for value in event.values:
            if value.plugin == "hparams":
                yield from settings.of_hparams(value)
                yield from _session_end(value, has_points=bool(points))
            elif value.text is not None:
                yield from settings.of_text(value, arguments)
            elif value.number is not None:
                points.append(value)
    if not times:
        return
    yield Stated("run_folder", folder, 0, "fact", origin="reported", raw=document.path)
    yield Stated("started_at", times[0], 0, "fact", origin="reported", pointer="wall_time")
    yield Stated("ended_at", max(times), 0, "fact", origin="reported", pointer="wall_time")
    process = _NAME.search(document.name)
    if process is not None:
        yield Stated("process_id", process["pid"], 0, "fact", origin="reported", raw=document.name)
    yield from _points(points, split)
    if _only_evaluates(arguments, points):
        yield Stated("evaluates", "do_train: false", 0, "fact", origin="reported", pointer="args/do_train")


def _place(folder: str) -> tuple[str, str]:
    """(run folder, prefix of the tags) of a folder with event files."""
    parts = folder.split("/")
    if len(parts) > 1 and _HPARAMS_FOLDER.match(parts[-1]):
        parts.pop()
    prefix = _SPLITS.get(parts[-1].lower())
    if prefix is None or len(parts) < 2:
        return "/".join(parts), ""
    return "/".join(parts[:-1]), prefix


def _session_end(value: Value, has_points: bool) -> Iterator[Stated]:
    status = settings.end_status(value)
    if status is not None and has_points and status in (settings.SUCCESS, settings.FAILURE):
        word = "success" if status == settings.SUCCESS else "failure"
        yield Stated("tracker_status", f"tensorboard:{word}", 0, "fact", origin="reported", pointer="session_end_info")


def _points(points: list[Value], split: str) -> Iterator[Stated]:
    """The curves. A scalar that counts epochs gives its epoch to all values of the same step."""
    epochs = {v.step: v.number for v in points if v.tag in ("epoch", "train/epoch") and v.number is not None}
    closes = any(value.tag.endswith("train_runtime") for value in points)
    by_epoch = any(value.tag.startswith("epoch_") for value in points)
    if by_epoch and min((value.step for value in points), default=1) == 0:
        yield Stated("first_epoch", 0, 0, "mark", origin="reported", pointer="step")
    for value in points:
        if closes and value.tag in _CLOSING:
            continue  # the Trainer's closing mean over the run is no point of the curve
        step: float | None = value.step
        epoch = epochs.get(value.step)
        if by_epoch and _KERAS.match(value.tag):
            step, epoch = None, float(value.step)
            if value.tag.startswith("evaluation_"):
                continue  # the same values by iteration
        assert value.number is not None
        yield Stated(split + value.tag, value.number, 0, "metric", step, epoch, origin="reported", pointer=value.tag)


def _only_evaluates(arguments: list[Leaf], points: list[Value]) -> bool:
    asked = {str(leaf.path[0]): leaf.value for leaf in arguments if len(leaf.path) == 1}
    trained = any(value.tag.startswith(("train/", "loss")) for value in points)
    return asked.get("do_train") is False and bool(asked.get("do_eval") or asked.get("do_predict")) and not trained
