"""MLflow's file store: one folder a run, one file a parameter, metric or tag.

    mlruns/0/05ce.../meta.yaml              run_id: 05ce...  run_name: calm-bat-917  status: 3  start_time: ...
    mlruns/0/05ce.../params/learning_rate   0.001
    mlruns/0/05ce.../metrics/train_loss     1731092442506 0.3250 0          (time in ms, value, step)
    mlruns/0/05ce.../tags/mlflow.source.name   model.py

A metric's name may hold slashes: it is a path then. Registered models and logged models have a `meta.yaml` too, but no
run id. Steps that are all the same count nothing. `mlflow.user` is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats import _program, _yaml
from scanner.formats._base import Document, Stated, parse_number
from scanner.formats._metric_rows import OTHER_SPLIT
from scanner.formats._tfevents_curves import counts_every

ID = "mlflow_files"
DESCRIPTION = "Runs in MLflow's file store (mlruns/)"
SAMPLE = """mlruns/0/0a1b2c3d4e5f60718293a4b5c6d7e8f9/metrics/train_loss
1731092442506 0.3250 0
1731092442510 0.3166 1"""

_PATH = re.compile(
    r"^(?P<folder>(?:.*/)?(?P<id>[0-9a-f]{32}))/(?:(?P<meta>meta\.yaml)|(?P<part>params|metrics|tags)/(?P<key>.+))$"
)
_RATE = re.compile(r"(?:^|[._/])(?:lr|learning_?rate)(?:$|_init$)", re.IGNORECASE)
_TAGS = frozenset({"mlflow.source.name", "mlflow.runName", "mlflow.autologging"})
_FRAMEWORKS = {"tensorflow": "tensorflow", "keras": "keras", "pytorch": "lightning", "xgboost": "xgboost"}
_FRAMEWORKS |= {"lightgbm": "xgboost", "sklearn": "sklearn", "transformers": "hf-trainer", "fastai": "fastai"}


def wants(document: Document) -> bool:
    """Files of a run's folder by their place; a folder of another purpose has no such names."""
    if document.is_embedded:
        return False
    found = _PATH.match(document.path)
    if found is None:
        return False
    if found["meta"]:
        return document.mentions("run_uuid:", "run_id:") and document.mentions("artifact_uri:")
    return found["part"] != "tags" or found["key"] in _TAGS


def read(document: Document) -> Iterator[Stated]:
    """The run's folder and id, and what the file states."""
    found = _PATH.match(document.path)
    assert found is not None
    stated = list(_parts(document, found))
    if stated or found["meta"]:
        yield Stated("run_folder", found["folder"], 1, "fact", origin="reported", raw=document.path)
        yield Stated("tracker_run", f"mlflow:{found['id']}", 1, "fact", origin="reported", raw=document.path)
    yield from stated


def _parts(document: Document, found: re.Match[str]) -> Iterator[Stated]:
    value = document.lines[0].strip() if document.lines else ""
    if found["meta"]:
        yield from _meta(document)
    elif found["part"] == "metrics":
        yield from _metric(document, found["key"])
    elif not value:
        return
    elif found["part"] == "params" and len(document.text().strip()) <= 250:
        key = found["key"]
        yield Stated(key, value, 1, origin="reported", raw=f"{key}: {value}")
        if _RATE.search(key) and parse_number(value) is not None:
            yield Stated("training_program", f"parameter {key}", 1, "fact", origin="reported", raw=f"{key}: {value}")
    elif found["key"] == "mlflow.source.name":
        yield from _program.stated(value, 1)
    elif found["key"] == "mlflow.runName":
        yield Stated("run_name", value, 1, "fact", origin="reported")
    elif found["key"] == "mlflow.autologging" and value in _FRAMEWORKS:
        yield Stated("framework", _FRAMEWORKS[value], 1, origin="reported", raw=f"mlflow.autologging: {value}")


def _meta(document: Document) -> Iterator[Stated]:
    for leaf in _yaml.leaves(document.text()):
        key, value = leaf.path[-1] if len(leaf.path) == 1 else "", leaf.value
        raw = f"{key}: {value}"
        if value is None or value == "":
            continue
        if key == "status":
            yield Stated("tracker_status", f"mlflow:{value}", leaf.line, "fact", origin="reported", raw=raw)
        elif key in ("start_time", "end_time") and isinstance(value, int) and value > 0:
            fact = "started_at" if key == "start_time" else "ended_at"
            yield Stated(fact, value / 1000, leaf.line, "fact", origin="reported", raw=raw)
        elif key in ("run_name", "name"):
            yield Stated("run_name", str(value), leaf.line, "fact", origin="reported", raw=raw)


def _metric(document: Document, key: str) -> Iterator[Stated]:
    points: list[tuple[int, float, float | None]] = []
    for line, text in enumerate(document.lines, 1):
        parts = text.split()
        value = parse_number(parts[1]) if len(parts) >= 2 and parts[0].isdigit() else None
        if value is not None:
            points.append((line, value, parse_number(parts[2]) if len(parts) > 2 else None))
    steps = {step for _, _, step in points}
    counts = len(steps) > 1 or (len(points) == 1 and steps != {0.0})
    # Where validation is logged as well, every whole number from the first on is an epoch: nobody logs each update so.
    validated = any(OTHER_SPLIT.search(name) for name in (key, *document.siblings))
    by_epoch = validated and counts_every([step for _, _, step in points if step is not None])
    for line, value, step in points:
        axis = step if counts else None
        yield Stated(
            key, value, line, "metric", None if by_epoch else axis, axis if by_epoch else None, origin="reported"
        )
    if not counts and len(points) > 1 and "loss" in key.lower() and not OTHER_SPLIT.search(key):
        # Logged again and again without a step: something was trained, and nothing was counted.
        yield Stated("training_start", key, 1, "mark", origin="reported", raw=document.lines[0])
