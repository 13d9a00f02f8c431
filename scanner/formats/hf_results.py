"""Result files in the Trainer's output folder, and the log that LLaMA-Factory writes there.

    out/train_results.json    {"epoch": 3.0, "train_loss": 2.2, "train_runtime": 12.3, "train_samples": 1000, ...}
    out/eval_results.json     {"epoch": 3.0, "eval_loss": 2.1, "eval_runtime": 0.2, ...}
    out/all_results.json      both
    out/trainer_log.jsonl     {"current_steps": 5, "total_steps": 240, "loss": 2.09, "lr": 0.0005, "epoch": 0.44, ...}

`train_loss` is the mean over the run and is not yielded. A folder in which only an evaluation or a prediction left its
results is no training's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from scanner.formats import _json
from scanner.formats._base import Document, Stated, to_float
from scanner.formats._hf_folder import run_folder
from scanner.formats._json import Leaf

ID = "hf_results"
DESCRIPTION = "Result files of the Hugging Face Trainer and the step log of LLaMA-Factory"
SAMPLE = '{"epoch": 3.0, "train_loss": 2.2, "train_runtime": 12.3, "train_samples": 1000}'

_NAME = re.compile(r"(?:all|train|eval|test|predict)_results\.json$")
_OF_TRAINER = re.compile(r'"(?:train|eval|test|predict)\w*_(?:runtime|samples_per_second|steps_per_second)"\s*:')
_SIGNS_OF_TRAINING = frozenset({"train_results.json", "trainer_state.json", "trainer_log.jsonl"})
_LOG_NAME = "trainer_log.jsonl"
_LOG_METRICS = ("loss", "eval_loss", "lr", "learning_rate", "reward", "accuracy")


def wants(document: Document) -> bool:
    """The files' names, and the keys that only the Trainer writes."""
    if document.name == _LOG_NAME:
        return document.mentions('"current_steps"') and document.mentions('"total_steps"')
    return (
        document.kind == "json"
        and _NAME.match(document.name) is not None
        and _OF_TRAINER.search(document.text()[:20_000]) is not None
    )


def read(document: Document) -> Iterator[Stated]:
    """What the files state, with the folder they belong to."""
    yield from _log(document) if document.name == _LOG_NAME else _results(document)


def _results(document: Document) -> Iterator[Stated]:
    leaves = {str(leaf.path[0]): leaf for leaf in _json.leaves(document.text()) if len(leaf.path) == 1}
    yield Stated("run_folder", run_folder(document.folder), 1, "fact", origin="reported")
    yield Stated("framework", "hf-trainer", 1, origin="reported", raw=document.path)
    trained = "train_runtime" in leaves
    epoch = _number(leaves.get("epoch"))
    if trained:
        yield _stated(leaves["train_runtime"], "training_end", True)._replace(role="mark", epoch=epoch)
        for key in ("train_runtime", "train_samples"):
            leaf = leaves.get(key)
            if leaf is not None and leaf.value is not None:
                yield _stated(leaf, key, leaf.value)
        if epoch:
            yield _stated(leaves["epoch"], "epoch", epoch)._replace(role="metric", epoch=epoch)
    elif not _SIGNS_OF_TRAINING & document.siblings:
        yield Stated("evaluates", document.name, 1, "fact", origin="reported")
        return
    for key, leaf in leaves.items():
        value = _number(leaf)
        if key.startswith("eval_") and value is not None:
            yield _stated(leaf, key, value)._replace(role="metric", epoch=epoch or None)


def _number(leaf: Leaf | None) -> float | None:
    value = leaf.value if leaf is not None else None
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _stated(leaf: Leaf, key: str, value: str | float | int | bool) -> Stated:
    raw = f'"{leaf.path[-1]}": {leaf.value}'
    return Stated(key, value, leaf.line, origin="reported", pointer=leaf.pointer, raw=raw)


def _log(document: Document) -> Iterator[Stated]:
    """A line for each log; the last has no loss. Prediction counts its batches in the same file, without losses."""
    rows = [(line, row) for line, text in enumerate(document.lines, 1) if (row := _row(text)) is not None]
    if not any(row.get("loss") is not None for _, row in rows):
        return
    yield Stated("run_folder", run_folder(document.folder), 1, "fact", origin="reported")
    yield Stated("framework", "llama-factory", 1, origin="reported", raw=document.path)
    planned: object = None
    for line, row in rows:
        text = document.lines[line - 1]
        if row["total_steps"] != planned and row.get("loss") is not None:
            planned = row["total_steps"]
            yield Stated("total_steps", row["total_steps"], line, origin="reported", raw=text)
        step, epoch = to_float(row["current_steps"]), row.get("epoch")
        at = float(epoch) if _is_number(epoch) and epoch else None
        for key in _LOG_METRICS:
            if _is_number(row.get(key)):
                # Preference training logs the accuracy and reward of its own batches.
                name = f"train/{key}" if key == "accuracy" and "loss" in row else key
                yield Stated(name, row[key], line, "metric", step, at, "reported", raw=text)


def _row(text: str) -> dict[str, Any] | None:
    """One line's object, where it counts steps; a line that is no JSON was cut off in writing."""
    try:
        row = json.loads(text) if text.lstrip().startswith("{") and len(text) < 20_000 else None
    except (ValueError, RecursionError):
        return None
    counted = isinstance(row, dict) and _is_number(row.get("current_steps")) and _is_number(row.get("total_steps"))
    return row if counted else None


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
