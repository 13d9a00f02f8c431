"""Folders of Ultralytics trainings: `args.yaml` (or `opt.yaml` and `hyp.yaml` of the older trainer) and `results.csv`.

    runs/detect/train9/args.yaml      task: detect / mode: train / model: yolov8n.pt / epochs: 30
    runs/detect/train9/results.csv    epoch,time,train/box_loss,...,metrics/mAP50-95(B),...,lr/pg0

The arguments are written at launch: a folder that holds nothing else is an execution that left nothing else.
Box, class and distribution losses are parts; a total is not printed. `time` is the seconds since the start.
"""

from __future__ import annotations

from collections.abc import Iterator

from scanner.formats import _table, _yaml
from scanner.formats import _ultralytics_args as args
from scanner.formats._base import Document, Stated, parse_number

ID = "ultralytics_files"
DESCRIPTION = "Run folders of Ultralytics (YOLO) trainings"
SAMPLE = """task: detect
mode: train
model: yolov8n.pt
epochs: 30"""


def wants(document: Document) -> bool:
    """The trainer's files by name and first lines."""
    if document.kind == "csv":
        return document.name.startswith("results") and _is_results(document)
    if document.kind != "yaml":
        return False
    if document.name == "args.yaml":
        return document.mentions("task:") and document.mentions("mode: train", 'mode: "train"', "mode: 'train'")
    if document.name == "opt.yaml":
        return document.mentions("weights:") and document.mentions("epochs:") and document.mentions("hyp:")
    return document.name == "hyp.yaml" and "opt.yaml" in document.siblings and document.mentions("lr0:")


def read(document: Document) -> Iterator[Stated]:
    """The folder, and what the file states."""
    yield Stated("run_folder", document.folder, 1, "fact", origin="reported")
    yield Stated("framework", "ultralytics", 1, origin="reported", raw=document.path)
    if document.kind == "csv":
        yield from _results(document)
        return
    # The older trainer nests its hyper-parameters under `hyp`; names do not clash.
    leaves = [leaf for leaf in _yaml.leaves(document.text()) if len(leaf.path) == 1 or leaf.path[:1] == ("hyp",)]
    arguments = {str(leaf.path[-1]): args.Argument(leaf.value, leaf.line) for leaf in leaves}
    lists: dict[str, list[str]] = {}
    for leaf in _yaml.leaves(document.text()):
        if len(leaf.path) == 2 and leaf.path[0] == "device":
            lists.setdefault("device", []).append(str(leaf.value))
            arguments["device"] = args.Argument(",".join(lists["device"]), leaf.line)
    yield from args.stated(arguments)
    if document.name != "hyp.yaml":
        task = arguments.get("task", args.Argument("train", 1))
        yield Stated("training_program", f"mode=train task={task.value}", task.line, "fact", origin="reported")


def _is_results(document: Document) -> bool:
    header = _table.cells(document.lines[0], ",") if document.lines else []
    return bool(header) and header[0] == "epoch" and any(cell.startswith("train/") for cell in header)


def _results(document: Document) -> Iterator[Stated]:
    header = _table.cells(document.lines[0], ",")
    rate_at = {"x/lr0": "lr"}
    clock: tuple[int, str] | None = None
    is_first = True
    for line, row in _table.rows(document, 2, ","):
        epoch = parse_number(row[0]) if len(row) == len(header) else None
        if epoch is None:
            continue
        if is_first and epoch == 0:
            yield Stated("first_epoch", 0, line, "mark", origin="reported")
        is_first = False
        raw = document.lines[line - 1]
        yield Stated("epoch", epoch, line, "metric", epoch=epoch, origin="reported", raw=raw)
        for key, cell in zip(header[1:], row[1:], strict=True):
            if key == "time":
                clock = (line, cell)
            elif parse_number(cell) is not None:
                yield Stated(rate_at.get(key, key), cell, line, "metric", epoch=epoch, origin="reported", raw=raw)
    if clock is not None:
        yield Stated("training_time_s", clock[1], clock[0], origin="reported", raw=f"time: {clock[1]}")
