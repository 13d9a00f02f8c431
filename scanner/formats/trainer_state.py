"""`trainer_state.json`: what the Hugging Face Trainer knew when it saved a checkpoint, or when it ended.

    checkpoint-500/trainer_state.json    {"epoch": 0.57, "global_step": 500, "max_steps": 872, "num_train_epochs": 1,
                                          "log_history": [{"epoch": 0.01, "loss": 5.28, "step": 10}, ...], ...}

Each checkpoint repeats the history of the ones before. The executions that wrote into one output folder are told apart
by the steps they planned and by the first entry of their history (`run_key`); a state without history bears no key.

The epochs are a plan only where the steps follow from them. `train_batch_size` is the batch of one process: that of one
device only where every device has a process of its own, which the random states beside a checkpoint show. The closing
entry's `train_loss` is the mean over the run and is not yielded.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from scanner.formats import _hf_metrics, _hf_plan, _json
from scanner.formats._base import Document, Rows, Stated
from scanner.formats._hf_folder import run_folder
from scanner.formats._json import Leaf

ID = "trainer_state"
DESCRIPTION = "trainer_state.json of the Hugging Face Trainer, in checkpoints and output folders"
SAMPLE = """{"epoch": 0.57, "global_step": 500, "max_steps": 872, "num_train_epochs": 1,
 "log_history": [{"epoch": 0.01, "loss": 5.28, "step": 10}]}"""

MIN_ROWS = 64
"""Entries from which on their measurements are handed over as columns."""
_RANK_STATE = re.compile(r"rng_state_\d+\.pth$")
_COUNTERS = ("step", "epoch")
_STOPPING = ("stateful_callbacks", "EarlyStoppingCallback")


@dataclass(slots=True)
class _State:
    """The file's scalars: those of its top, of each log entry, of a search's trial, and of early stopping."""

    top: dict[str, Leaf] = field(default_factory=dict)
    history: list[dict[str, Leaf]] = field(default_factory=list)
    trial: dict[str, Leaf] = field(default_factory=dict)
    stopping: dict[str, Leaf] = field(default_factory=dict)

    def number(self, key: str) -> float | None:
        """A finite number of the top."""
        leaf = self.top.get(key)
        value = _number(leaf) if leaf is not None else None
        return value if value is not None and math.isfinite(value) else None


def wants(document: Document) -> bool:
    """By name, wherever it stands."""
    return document.kind == "json" and document.name == "trainer_state.json" and document.mentions('"log_history"')


def read(document: Document) -> Iterator[Stated | Rows]:
    """Identity, plan, progress and the history's curves."""
    state = _collect(document)
    step = state.number("global_step")
    trained = bool(step) or any("loss" in entry for entry in state.history)
    yield Stated("run_folder", run_folder(document.folder), 1, "fact", origin="reported")
    if not trained:
        if any(_hf_metrics.is_evaluation(entry) for entry in state.history):
            yield Stated("evaluates", "log_history", 1, "fact", origin="reported")
        return
    keys = {key for entry in state.history for key in entry}
    framework = "trl" if _hf_metrics.is_by_trl(keys) else "hf-trainer"
    yield Stated("framework", framework, 1, origin="reported", raw=document.path)
    yield from _identity(state)
    yield from _settings(state, document)
    yield from _progress(state)
    curves = list(_curves(state.history))
    if len(state.history) >= MIN_ROWS:
        yield from curves
    else:
        points = (point._replace(origin="reported") for curve in curves for point in curve.stated())
        yield from sorted(points, key=lambda point: point.line)
    yield from _end(state)


def _collect(document: Document) -> _State:
    state = _State()
    for leaf in _json.leaves(document.text()):
        path = leaf.path
        if not path:  # a text of one scalar
            continue
        if len(path) == 1:
            state.top[str(path[0])] = leaf
        elif path[0] == "log_history" and len(path) == 3 and isinstance(path[1], int):
            while len(state.history) <= path[1]:
                state.history.append({})
            state.history[path[1]][str(path[2])] = leaf
        elif path[0] == "trial_params" and len(path) == 2:
            state.trial[str(path[1])] = leaf
        elif path[:2] == _STOPPING:
            state.stopping[str(path[-1])] = leaf
    return state


def _number(leaf: Leaf) -> float | None:
    value = leaf.value
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _stated(leaf: Leaf, key: str, value: str | float | int | bool) -> Stated:
    raw = f'"{leaf.path[-1]}": {leaf.value}'
    return Stated(key, value, leaf.line, origin="reported", pointer=leaf.pointer, raw=raw)


def _identity(state: _State) -> Iterator[Stated]:
    """The key of the execution; none where no history tells it from others in the folder."""
    if not state.history:
        return
    entry = state.history[0]
    leaf = next((entry[key] for key in ("loss", "eval_loss", *sorted(entry)) if key in entry), None)
    value = _number(leaf) if leaf is not None else None
    if leaf is None or value is None:
        return
    at = _number(entry["step"]) if "step" in entry else None
    steps = state.number("max_steps")
    key = f"max_steps={steps or 0:g} first={value:.6g}" + (f"@{at:g}" if at is not None else "")
    yield _stated(leaf, "run_key", key)._replace(role="fact")


def _settings(state: _State, document: Document) -> Iterator[Stated]:
    steps, epochs = state.number("max_steps"), state.number("num_train_epochs")
    if steps is not None and steps > 0:
        yield _stated(state.top["max_steps"], "max_steps", int(steps))
        done, epoch = state.number("global_step"), state.number("epoch")
        possible = _hf_plan.steps_per_epoch_by_progress(done or 0, epoch or 0)
        if epochs is not None and _hf_plan.epochs_are_planned(int(epochs), int(steps), possible):
            yield _stated(state.top["num_train_epochs"], "num_train_epochs", int(epochs))
    batch = state.number("train_batch_size")
    if batch is not None and any(_RANK_STATE.match(name) for name in document.siblings):
        yield _stated(state.top["train_batch_size"], "train_batch_size", int(batch))
    for key, leaf in state.trial.items():
        if leaf.value is not None:
            yield _stated(leaf, key, leaf.value)


def _progress(state: _State) -> Iterator[Stated]:
    """The step and epoch at which the state was saved, also past the last entry of the history."""
    step, epoch = state.number("global_step"), state.number("epoch")
    if step:
        leaf = state.top["global_step"]
        yield _stated(leaf, "training_start", True)._replace(role="mark")
        yield _stated(leaf, "global_step", int(step))._replace(role="metric", step=step, epoch=epoch or None)


def _curves(history: Sequence[dict[str, Leaf]]) -> Iterator[Rows]:
    """The measurements of all entries but the closing one, key by key."""
    found: dict[str, list[tuple[int, float, float, float, str]]] = defaultdict(list)
    for index, entry in enumerate(history):
        if "train_runtime" in entry:
            continue
        step, epoch = (_number(entry[name]) if name in entry else None for name in _COUNTERS)
        at = math.nan if step is None else step, epoch or math.nan
        names = _hf_metrics.names_of(entry)
        for key, leaf in entry.items():
            if key not in _COUNTERS and (value := _number(leaf)) is not None:
                found[names[key]].append((leaf.line, value, *at, f"/log_history/{index}/{key}"))
    for key, points in found.items():
        lines, values, steps, epochs, pointers = zip(*points, strict=True)
        yield Rows((key,), lines, [values], epochs, steps, pointers=pointers)


def _end(state: _State) -> Iterator[Stated]:
    """The closing entry, or early stopping whose patience is used up."""
    last = next((entry for entry in reversed(state.history) if "loss" in entry or "train_runtime" in entry), {})
    if "train_runtime" in last:
        leaf = last["train_runtime"]
        yield _stated(leaf, "training_end", True)._replace(role="mark")
        if leaf.value is not None:
            yield _stated(leaf, "train_runtime", leaf.value)
    patience, counter = (state.stopping.get(f"early_stopping_patience{end}") for end in ("", "_counter"))
    if patience is not None and counter is not None:
        allowed, used = _number(patience), _number(counter)
        if allowed and used is not None and used >= allowed:
            yield _stated(counter, "early_stop", True)._replace(role="mark")
