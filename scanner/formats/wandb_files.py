"""Run folders of Weights & Biases: `wandb/run-<date>_<time>-<id>/` and `offline-run-...`, one execution each.

    files/config.yaml            learning_rate: {value: 2e-05}
    files/wandb-summary.json     {"train/loss": 0.61, "train/global_step": 400, "_step": 41, "_runtime": 812.4}
    files/wandb-metadata.json    {"program": "train.py", "args": ["--lr", "1e-3"], "gpu": "NVIDIA A40"}
    files/output.log             the console; what it says is read by the formats of its text
    logs/debug.log               ... config_cb None None {'learning_rate': 2e-05} ... got exitcode: 1
    run-<id>.wandb               all of it as records, with the whole history of the metrics
    wandb/sweep-<id>/config-<run's id>.yaml      what a sweep chose for one run, below what the run recorded

`_step` counts calls of `wandb.log`, not optimizer steps: only counters that the program itself logged are an axis.
A summary holds the last value of each metric. E-mail, user, host and paths of the machine are not read. `gpu_count` is
the machine's, not the run's. A folder called `latest-run` is a copy and carries its original's id. An item that a sweep
locks keeps the sweep's value in the recorded configuration, whatever the program set it to afterwards and trained with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats import _json, _literals, _recorded_config, _wandb_metadata, _wandb_store, _yaml
from scanner.formats._base import Document, Stated
from scanner.formats._json import Leaf
from scanner.formats._wandb_datastore import MAGIC
from scanner.formats._wandb_history import History

ID = "wandb_files"
DESCRIPTION = "Run folders of Weights & Biases (W&B)"
SAMPLE = """wandb/run-20240101_120000-a1b2c3d4/files/wandb-summary.json
{"epoch": 9, "train_loss": 0.12, "val_accuracy": 0.91, "_step": 9, "_runtime": 61.5}"""

_FOLDER = re.compile(
    r"^(?P<folder>(?:.*/)?(?:(?:offline-)?run-(?P<stamp>\d{8}_\d{6})-(?P<id>[\w-]+)|(?<=wandb/)latest-run))/(?P<inner>.+)$"
)
_STORE = re.compile(r"^run-(?P<id>[\w-]+)\.wandb$")
_SWEEP = re.compile(r"^(?:.*/)?wandb/sweep-[\w-]+/config-(?P<id>[\w-]+)\.yaml$")
_LOCKED = re.compile(r"Config item '(?P<key>[\w.\-/ ]{1,80})' was locked by '[^']{1,80}' \(ignored update\)")
_TEXTS = {
    "config.yaml": "config",
    "wandb-summary.json": "summary",
    "wandb-metadata.json": "metadata",
    "wandb-history.jsonl": "history",
    "output.log": "console",
}
_TEXTS |= {f"files/{name}": kind for name, kind in _TEXTS.items()} | {"logs/debug.log": "debug"}
"""Versions before 0.9 kept the files in the run folder itself, and the history as text."""
_EXIT = re.compile(r"got exitcode: (?P<code>-?\d+)")
_CONFIG = re.compile(r"(?:config_cb None None |^config: )(?P<literal>\{.*\})\s*$")
_LOGGED_ID = re.compile(r"[/\\](?:offline-)?run-\d{8}_\d{6}-(?P<id>[\w-]+)[/\\]logs[/\\]debug\.log")


def wants(document: Document) -> bool:
    """The known files of a run folder, and the record file wherever it lies."""
    if document.is_embedded:
        return False
    if document.kind == "binary":
        return document.data.startswith(MAGIC)
    found = _FOLDER.match(document.path)
    if found is None:
        return _SWEEP.match(document.path) is not None
    return found["inner"] in _TEXTS


def read(document: Document) -> Iterator[Stated]:
    """Which run the file belongs to, and what it states."""
    sweep = _SWEEP.match(document.path) if document.kind != "binary" else None
    if sweep is not None:
        yield from _choice(document, sweep["id"])
        return
    found = _FOLDER.match(document.path)
    kind = _TEXTS[found["inner"]] if found is not None and document.kind != "binary" else "store"
    if kind == "debug":
        segment = 1 if _tracker_failed_later(document) else None
        for stated in (*_identity(document, found), *_debug(document)):
            yield stated._replace(segment=segment)
        return
    yield from _identity(document, found)
    if kind == "store":
        yield from _wandb_store.stated(document)
    elif kind == "config":
        yield from _config(document)
    elif kind == "summary":
        yield from _summary(document)
    elif kind == "metadata":
        yield from _wandb_metadata.stated(_json.leaves(document.text()))
    elif kind == "history":
        yield from _text_history(document)
    elif kind == "console":
        yield from _locked(document)


def _identity(document: Document, found: re.Match[str] | None) -> Iterator[Stated]:
    line = 0 if document.kind == "binary" else 1
    folder = found["folder"] if found is not None else document.folder
    yield Stated("run_folder", folder, line, "fact", origin="reported", raw=document.path)
    store = _STORE.match(document.path.rsplit("/", 1)[-1])
    name = (found["id"] if found is not None else None) or (store["id"] if store is not None else None)
    if name:
        yield Stated("tracker_run", f"wandb:{name}", line, "fact", origin="reported", raw=document.path)


def _config(document: Document) -> Iterator[Stated]:
    leaves = list(_yaml.leaves(document.text()))
    for leaf in leaves:
        if leaf.path in (("_wandb", "value", "framework"), ("_wandb", "framework")):
            yield from _wandb_metadata.framework(leaf)
    own = [leaf._replace(path=(leaf.path[0], *leaf.path[2:])) for leaf in leaves if _is_value(leaf)]
    yield from _recorded_config.stated(own, with_pointer=False)


def _choice(document: Document, run_id: str) -> Iterator[Stated]:
    """A sweep's parameters for a run: what was asked for, so that the run's own record of them wins."""
    yield Stated("tracker_run", f"wandb:{run_id}", 1, "fact", origin="reported", raw=document.path)
    for leaf in _yaml.leaves(document.text()):
        if _is_value(leaf) and leaf.value is not None:
            key = ".".join(str(part) for n, part in enumerate(leaf.path) if n != 1)
            yield Stated(key, leaf.value, leaf.line, origin="command_line", raw=f"{key}: {leaf.value}")


def _is_value(leaf: Leaf) -> bool:
    return len(leaf.path) >= 2 and leaf.path[1] == "value"


def _summary(document: Document) -> Iterator[Stated]:
    history = History(document.naming)
    top = [leaf for leaf in _json.leaves(document.text()) if len(leaf.path) == 1]
    yield from history.row([(str(leaf.path[0]), leaf.value, leaf.line, leaf.pointer) for leaf in top])


def _locked(document: Document) -> Iterator[Stated]:
    """Items of the configuration that the program set and W&B did not take over."""
    if document.mentions("was locked by"):
        for line, text in document.frames():
            for found in _LOCKED.finditer(text):
                yield Stated("config_locked", found["key"], line, "fact", origin="reported", raw=found.group())


def _text_history(document: Document) -> Iterator[Stated]:
    history = History(document.naming)
    for number, text in enumerate(document.lines, 1):
        if text.startswith("{"):
            try:
                row = [leaf for leaf in _json.leaves(text) if len(leaf.path) == 1]
            except ValueError:
                continue  # the last line of a killed run is often cut
            yield from history.row([(str(leaf.path[0]), leaf.value, number, "") for leaf in row])
    yield from history.end()


def _tracker_failed_later(document: Document) -> bool:
    """Whether a traceback stands behind a start that succeeded: the tracker's own trouble, told apart from the run."""
    text = document.text()
    started = text.find("returning control to user process")
    return started >= 0 and text.find("Traceback (most recent call last)", started) >= 0


def _debug(document: Document) -> Iterator[Stated]:
    latest: tuple[int, str] | None = None
    config: tuple[int, str] | None = None
    for line, text in enumerate(document.lines, 1):
        if "got exitcode" in text and (code := _EXIT.search(text)):
            latest = (line, code["code"])
        elif "config" in text and (literal := _CONFIG.search(text)) and literal["literal"] != "{}":
            config = (line, literal["literal"])
        elif "debug.log" in text and (logged := _LOGGED_ID.search(text)):
            yield Stated("tracker_run", f"wandb:{logged['id']}", line, "fact", origin="reported", raw=logged.group())
    if config is not None:
        yield from _recorded_config.stated(_literals.expression_leaves(config[1], config[0]), with_pointer=False)
    if latest is not None:
        yield Stated("tracker_status", f"wandb:exit_{latest[1]}", latest[0], "fact", origin="reported")
