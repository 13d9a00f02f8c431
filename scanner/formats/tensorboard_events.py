"""TensorBoard event files (`events.out.tfevents...`): the curves of one execution, and the settings sent along.

    runs/exp1/events.out.tfevents.1700000000.host     train/loss step 10 = 0.52
    logs/fit/train/events...  logs/fit/validation/events...                      (Keras: epoch_loss, by epoch from 0)
    out/runs/Nov08_10-00-00_host/events...                                       (Hugging Face: text `args`)

One folder is one execution's. Subfolders named after a split hold its part of the curves, and so does the subfolder
that `add_hparams` makes for a set of hyper-parameters. An empty file proves a start and nothing else. A session's end
that was written before any curve (PyTorch writes it together with the start) is no end. See `_tfevents_curves` for
subfolders and for what a step counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats import _tfevents_curves as curves
from scanner.formats import _tfevents_settings as settings
from scanner.formats._base import Document, Stated
from scanner.formats._json import Leaf
from scanner.formats._tfevents import Value, events

ID = "tensorboard_events"
DESCRIPTION = "TensorBoard event files"
SAMPLE = """runs/exp1/events.out.tfevents.1700000000.host.1.0
train/loss step 10 = 0.52"""

_NAME = re.compile(r"tfevents\.\d+\..+\.(?P<pid>\d+)\.\d+(?:\.v2)?$")


def wants(document: Document) -> bool:
    """By name: the writer's own mark stands in it."""
    return document.kind == "binary" and "tfevents" in document.name


def read(document: Document) -> Iterator[Stated]:
    """The folder, settings and curves."""
    if not document.data:
        yield Stated(
            "run_folder",
            curves.place(document.folder, frozenset()).folder,
            0,
            "fact",
            origin="reported",
            raw=document.path,
        )
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
    place = curves.place(document.folder, frozenset(value.tag for value in points))
    yield Stated("run_folder", place.folder, 0, "fact", origin="reported", raw=document.path)
    yield Stated("started_at", times[0], 0, "fact", origin="reported", pointer="wall_time")
    yield Stated("ended_at", max(times), 0, "fact", origin="reported", pointer="wall_time")
    process = _NAME.search(document.name)
    if process is not None:
        yield Stated("process_id", process["pid"], 0, "fact", origin="reported", raw=document.name)
    yield from curves.stated(points, place)
    if _only_evaluates(arguments, points):
        yield Stated("evaluates", "do_train: false", 0, "fact", origin="reported", pointer="args/do_train")


def _session_end(value: Value, has_points: bool) -> Iterator[Stated]:
    status = settings.end_status(value)
    if status is not None and has_points and status in (settings.SUCCESS, settings.FAILURE):
        word = "success" if status == settings.SUCCESS else "failure"
        yield Stated("tracker_status", f"tensorboard:{word}", 0, "fact", origin="reported", pointer="session_end_info")


def _only_evaluates(arguments: list[Leaf], points: list[Value]) -> bool:
    asked = {str(leaf.path[0]): leaf.value for leaf in arguments if len(leaf.path) == 1}
    trained = any(value.tag.startswith(("train/", "loss")) for value in points)
    return asked.get("do_train") is False and bool(asked.get("do_eval") or asked.get("do_predict")) and not trained
