"""What MLflow records of one run, whatever store keeps it: parameters, tags, state, and the points of a metric.

Steps that are all the same count nothing. Where validation is logged as well, every whole number from the first on is
an epoch: nobody logs each update so. `mlflow.user` is not read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from scanner.formats import _program
from scanner.formats._base import Stated, parse_number
from scanner.formats._metric_rows import OTHER_SPLIT
from scanner.formats._tfevents_curves import counts_every

TAGS = frozenset({"mlflow.source.name", "mlflow.runName", "mlflow.autologging"})
"""The tags that say something of the training."""

MAX_PARAMETER = 250
"""Characters of a parameter's value; what is longer is a dump."""

_RATE = re.compile(r"(?:^|[._/])(?:lr|learning_?rate)(?:$|_init$)", re.IGNORECASE)
_FRAMEWORKS = {"tensorflow": "tensorflow", "keras": "keras", "pytorch": "lightning", "xgboost": "xgboost"}
_FRAMEWORKS |= {"lightgbm": "xgboost", "sklearn": "sklearn", "transformers": "hf-trainer", "fastai": "fastai"}


class Point(NamedTuple):
    """One logged value of a metric."""

    value: float
    step: float | None
    line: int
    raw: str


def parameter(key: str, value: str, line: int) -> Iterator[Stated]:
    """A parameter; a learning rate says that the program trains."""
    raw = f"{key}: {value}"
    yield Stated(key, value, line, origin="reported", raw=raw)
    if _RATE.search(key) and parse_number(value) is not None:
        yield Stated("training_program", f"parameter {key}", line, "fact", origin="reported", raw=raw)


def tag(key: str, value: str, line: int) -> Iterator[Stated]:
    """One of TAGS."""
    if key == "mlflow.source.name":
        yield from _program.stated(value, line)
    elif key == "mlflow.runName":
        yield name(value, line)
    elif key == "mlflow.autologging" and value in _FRAMEWORKS:
        yield Stated("framework", _FRAMEWORKS[value], line, origin="reported", raw=f"mlflow.autologging: {value}")


def name(written: str, line: int, raw: str = "") -> Stated:
    """The name that a person or MLflow gave the run."""
    return Stated("run_name", written, line, "fact", origin="reported", raw=raw)


def identity(run_id: str, folder: str, line: int, raw: str) -> Iterator[Stated]:
    """The run's place and id."""
    yield Stated("run_folder", folder, line, "fact", origin="reported", raw=raw)
    yield Stated("tracker_run", f"mlflow:{run_id}", line, "fact", origin="reported", raw=raw)


def state(key: str, value: object, line: int) -> Iterator[Stated]:
    """`status`, `start_time` and `end_time` (milliseconds)."""
    raw = f"{key}: {value}"
    if key == "status" and value not in (None, ""):
        yield Stated("tracker_status", f"mlflow:{value}", line, "fact", origin="reported", raw=raw)
    elif key in ("start_time", "end_time") and isinstance(value, int) and value > 0:
        fact = "started_at" if key == "start_time" else "ended_at"
        yield Stated(fact, value / 1000, line, "fact", origin="reported", raw=raw)


def metric(key: str, points: Sequence[Point], names: Collection[str]) -> Iterator[Stated]:
    """The curve of one metric; `names` are those of all metrics of the run."""
    steps = {point.step for point in points}
    counts = len(steps) > 1 or (len(points) == 1 and steps != {0.0})
    validated = any(OTHER_SPLIT.search(other) for other in (key, *names))
    by_epoch = validated and counts_every([point.step for point in points if point.step is not None])
    for value, step, line, raw in points:
        axis = step if counts else None
        yield Stated(
            key,
            value,
            line,
            "metric",
            None if by_epoch else axis,
            axis if by_epoch else None,
            origin="reported",
            raw=raw,
        )
    if not counts and len(points) > 1 and "loss" in key.lower() and not OTHER_SPLIT.search(key):
        # Logged again and again without a step: something was trained, and nothing was counted.
        yield Stated("training_start", key, points[0].line, "mark", origin="reported", raw=points[0].raw or key)
