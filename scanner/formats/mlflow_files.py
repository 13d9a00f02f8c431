"""MLflow's file store: one folder a run, one file a parameter, metric or tag.

    mlruns/0/05ce.../meta.yaml              run_id: 05ce...  run_name: calm-bat-917  status: 3  start_time: ...
    mlruns/0/05ce.../params/learning_rate   0.001
    mlruns/0/05ce.../metrics/train_loss     1731092442506 0.3250 0          (time in ms, value, step)
    mlruns/0/05ce.../tags/mlflow.source.name   model.py

A metric's name may hold slashes: it is a path then. Registered models and logged models have a `meta.yaml` too, but no
run id. What the parts mean is told in `_mlflow_run` and `_tracked_curve`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats import _mlflow_run, _tracked_curve, _yaml
from scanner.formats._base import Document, Stated, parse_number

ID = "mlflow_files"
DESCRIPTION = "Runs in MLflow's file store (mlruns/)"
SAMPLE = """mlruns/0/0a1b2c3d4e5f60718293a4b5c6d7e8f9/metrics/train_loss
1731092442506 0.3250 0
1731092442510 0.3166 1"""

_PATH = re.compile(
    r"^(?P<folder>(?:.*/)?(?P<id>[0-9a-f]{32}))/(?:(?P<meta>meta\.yaml)|(?P<part>params|metrics|tags)/(?P<key>.+))$"
)


def wants(document: Document) -> bool:
    """Files of a run's folder by their place; a folder of another purpose has no such names."""
    if document.is_embedded:
        return False
    found = _PATH.match(document.path)
    if found is None:
        return False
    if found["meta"]:
        return document.mentions("run_uuid:", "run_id:") and document.mentions("artifact_uri:")
    return found["part"] != "tags" or found["key"] in _mlflow_run.TAGS


def read(document: Document) -> Iterator[Stated]:
    """The run's folder and id, and what the file states."""
    found = _PATH.match(document.path)
    assert found is not None
    stated = list(_parts(document, found))
    if stated or found["meta"]:
        yield from _mlflow_run.identity(found["id"], found["folder"], 1, document.path)
    yield from stated


def _parts(document: Document, found: re.Match[str]) -> Iterator[Stated]:
    value = document.lines[0].strip() if document.lines else ""
    if found["meta"]:
        yield from _meta(document)
    elif found["part"] == "metrics":
        yield from _tracked_curve.stated(found["key"], _points(document), document.siblings)
    elif not value:
        return
    elif found["part"] == "tags":
        yield from _mlflow_run.tag(found["key"], value, 1)
    elif len(document.text().strip()) <= _mlflow_run.MAX_PARAMETER:
        yield from _mlflow_run.parameter(found["key"], value, 1)


def _meta(document: Document) -> Iterator[Stated]:
    for leaf in _yaml.leaves(document.text()):
        key = str(leaf.path[-1]) if len(leaf.path) == 1 else ""
        if key in ("run_name", "name") and leaf.value not in (None, ""):
            yield _mlflow_run.name(str(leaf.value), leaf.line, f"{key}: {leaf.value}")
        else:
            yield from _mlflow_run.state(key, leaf.value, leaf.line)


def _points(document: Document) -> list[_tracked_curve.Point]:
    points: list[_tracked_curve.Point] = []
    for line, text in enumerate(document.lines, 1):
        parts = text.split()
        value = parse_number(parts[1]) if len(parts) >= 2 and parts[0].isdigit() else None
        if value is not None:
            step = parse_number(parts[2]) if len(parts) > 2 else None
            points.append(_tracked_curve.Point(value, step, line))
    return points
