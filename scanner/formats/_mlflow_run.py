"""What MLflow records of one run, whatever store keeps it: parameters, tags and state. `mlflow.user` is not read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats import _program
from scanner.formats._base import Stated, parse_number, to_float

TAGS = frozenset({"mlflow.source.name", "mlflow.runName", "mlflow.autologging"})
"""The tags that say something of the training."""

MAX_PARAMETER = 250
"""Characters of a parameter's value; what is longer is a dump."""

_RATE = re.compile(r"(?:^|[._/])(?:lr|learning_?rate)(?:$|_init$)", re.IGNORECASE)
_FRAMEWORKS = {"tensorflow": "tensorflow", "keras": "keras", "pytorch": "lightning", "xgboost": "xgboost"}
_FRAMEWORKS |= {"lightgbm": "xgboost", "sklearn": "sklearn", "transformers": "hf-trainer", "fastai": "fastai"}


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
        yield Stated(fact, to_float(value) / 1000, line, "fact", origin="reported", raw=raw)
