"""DVCLive's folder: one execution's parameters, curves and last values, written anew by the next.

    dvclive/params.yaml                        lr: 0.01
    dvclive/metrics.json                       {"train": {"loss": 0.33}, "step": 2}        the last value of each
    dvclive/plots/metrics/train/loss.tsv       step, loss; 0, 1.0; 1, 0.5; ...   (older: scalars/train/loss.tsv)

A curve's name is its path below `metrics`; a column for the time may stand before the step. The folder may have another
name, under which only its curves are told. What the step counts is not said: where it takes every whole number and no
validation stands in the same folder, it may be epochs as well as updates, and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats import _json, _recorded_config, _tracked_curve, _yaml
from scanner.formats._base import Document, Stated, parse_number
from scanner.formats._metric_rows import OTHER_SPLIT
from scanner.formats._tfevents_curves import counts_every

ID = "dvclive_files"
DESCRIPTION = "Folders of DVCLive (parameters, curves, last values)"
SAMPLE = """dvclive/plots/metrics/train/loss.tsv
step	loss
0	1.0
1	0.5"""

_CURVE = re.compile(r"^(?P<folder>(?:.*/)?[^/]+)/(?:plots/metrics|scalars)/(?P<key>.+)\.tsv$")
_FOLDER = "dvclive"


def wants(document: Document) -> bool:
    """Curves by their place and header, and the two files beside them."""
    if document.is_embedded:
        return False
    if document.kind == "csv":
        return _CURVE.match(document.path) is not None and _columns(document) is not None
    return document.name in ("params.yaml", "metrics.json") and document.folder.rsplit("/", 1)[-1] == _FOLDER


def read(document: Document) -> Iterator[Stated]:
    """The execution's folder, and what the file states."""
    curve = _CURVE.match(document.path) if document.kind == "csv" else None
    folder = curve["folder"] if curve else document.folder
    yield Stated("run_folder", folder, 1, "fact", origin="reported", raw=document.path)
    if curve:
        yield from _curve(document, curve["key"])
    elif document.kind == "yaml":
        yield from _recorded_config.stated(_yaml.leaves(document.text()), with_pointer=False)
    else:
        yield from _last_values(document)


def _columns(document: Document) -> tuple[int, int] | None:
    """Where step and value stand; None where the table is another's."""
    header = document.lines[0].split("\t") if document.lines else []
    name = document.path.rsplit("/", 1)[-1].removesuffix(".tsv")
    if "step" not in header or header[-1] != name or set(header) - {"step", "timestamp", name}:
        return None
    return header.index("step"), len(header) - 1


def _curve(document: Document, key: str) -> Iterator[Stated]:
    columns = _columns(document)
    assert columns is not None
    points: list[_tracked_curve.Point] = []
    for line, text in enumerate(document.lines[1:], 2):
        cells = text.split("\t")
        value = parse_number(cells[columns[1]]) if len(cells) > columns[1] else None
        if value is not None:
            points.append(_tracked_curve.Point(value, parse_number(cells[columns[0]]), line))
    validates = any(OTHER_SPLIT.search(name) for name in (key, *document.siblings))
    if not validates and counts_every([point.step for point in points if point.step is not None]):
        points = [point._replace(step=None) for point in points]
    yield from _tracked_curve.stated(key, points, document.siblings)


def _last_values(document: Document) -> Iterator[Stated]:
    leaves = list(_json.leaves(document.text()))
    step = next((leaf.value for leaf in leaves if leaf.path == ("step",)), None)
    if isinstance(step, bool) or not isinstance(step, int | float):
        return
    for leaf in leaves:
        if leaf.path != ("step",) and isinstance(leaf.value, int | float) and not isinstance(leaf.value, bool):
            key = "/".join(map(str, leaf.path))
            yield Stated(key, leaf.value, leaf.line, "metric", origin="reported", pointer=leaf.pointer)
