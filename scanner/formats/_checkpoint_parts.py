"""Parts of a checkpoint that every trainer writes alike: an optimizer's state, a bag of settings, the folder.

    optimizer  {"state": {0: {"step": ..., "exp_avg": ...}}, "param_groups": [{"lr": 0.001, "weight_decay": 0.01, ...}]}

`initial_lr` is there where a scheduler was attached, and is the rate that was asked for. Without it `lr` is that rate
unless a loop changed it, which a rate with many digits shows. Groups that differ in their rate tell of none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from scanner.formats._base import Document, Stated, to_float
from scanner.formats._torch_file import MAX_LEAVES, leaves, mapping, plain
from scanner.records import Scalar

MAX_GROUPS = 1000
MAX_DIGITS = 4
_NO_NAME = re.compile(
    r"^(?:(?:epochs?|ep|e|steps?|iters?|it|iterations?|updates?|checkpoints?|ckpt|models?|nets?|network|weights?|state|dict|"
    r"best|last|final|latest|newest|current|global|trained|save[dn]?|v|"
    r"val|valid|validation|train|test|dev|loss|acc|accuracy|acc1|f1|auc|miou|map|bleu|score|psnr|top1)?"
    r"\d*|\d+e|\d+th)$"
)
"""Words of a checkpoint's name that name no training: counters, measured values, which of several it is."""
_BETWEEN = re.compile(r"[-_.=+ @()]+|(?<=\d)(?=[a-z])")
_RATES = frozenset({"lr", "learning_rate", "base_lr", "lr0", "blr", "max_lr", "peak_lr", "init_lr", "initial_lr"})
_CLIPPING = re.compile(r"clip|grad_norm")
"""Set to 0 where there is none."""
_PLANS = re.compile(r"epoch|batch|bsz|max_steps|max_iters|num_steps|max_update|total_steps")


class Optimizer(NamedTuple):
    """One optimizer's state dictionary."""

    groups: list[dict[Any, Any]]
    has_state: bool
    """Whether it has accumulated anything: it has stepped."""


def optimizer_of(value: Any) -> Optimizer | None:
    """The optimizer that a value is the state of; None when it is none."""
    entries = mapping(value) or {}
    groups, state = entries.get("param_groups"), entries.get("state")
    if isinstance(value, dict) and groups is None and isinstance(entries.get("base_optimizer_state"), dict):
        return optimizer_of(entries["base_optimizer_state"])
    if not isinstance(groups, list) or not groups or not all(isinstance(g, dict) for g in groups[:MAX_GROUPS]):
        return None
    return Optimizer(groups[:MAX_GROUPS], bool(state))


def stated_by(optimizers: Sequence[Optimizer], pointer: str, is_rate_known: bool = False) -> Iterator[Stated]:
    """Rate, decay and class, where all groups of all optimizers agree."""
    groups = [group for optimizer in optimizers for group in optimizer.groups]
    rates = {_rate(group) for group in groups}
    rate = rates.pop() if len(rates) == 1 else None
    if rate is not None and not is_rate_known:
        key, value = rate
        yield say(key, value, f"{_groups(pointer)}/0/{key}")
    written = (group.get("weight_decay") for group in groups)
    decays: set[int | float] = {d for d in written if isinstance(d, (int, float)) and not isinstance(d, bool)}
    # Biases and norms are commonly left out of it.
    found = decays - {0} or decays
    if len(found) == 1:
        yield say("weight_decay", found.pop(), f"{_groups(pointer)}/0/weight_decay")
    names = {optimizer_class(group) for group in groups}
    name = names.pop() if len(names) == 1 else None
    if name is not None:
        yield say("optimizer", name, f"{_groups(pointer)}/0")


def _groups(pointer: str) -> str:
    return f"{pointer}/param_groups" if pointer else "param_groups"


def _rate(group: dict[Any, Any]) -> tuple[str, float] | None:
    for key in ("initial_lr", "lr"):
        value = group.get(key)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
            return (key, value) if key == "initial_lr" or is_asked_for(value) else None
    return None


def is_asked_for(rate: float) -> bool:
    """Whether somebody may have written the rate: one that a schedule has made has many digits."""
    return len(f"{rate:.12e}".partition("e")[0].rstrip("0")) <= MAX_DIGITS + 1


def optimizer_class(group: dict[Any, Any]) -> str | None:
    """The class, where only one class of PyTorch or Transformers has such options."""
    keys = {key for key in group if isinstance(key, str)}
    if {"momentum", "dampening", "nesterov"} <= keys:
        return "SGD"
    if {"alpha", "centered", "momentum"} <= keys:
        return "RMSprop"
    if {"scale_parameter", "relative_step", "warmup_init"} <= keys:
        return "Adafactor"
    if {"betas", "amsgrad", "decoupled_weight_decay"} <= keys:
        return "AdamW" if group["decoupled_weight_decay"] is True else "Adam"
    return None


def settings(value: Any, pointer: str, is_certain: bool = False) -> list[Stated]:
    """The scalars of a bag of settings; none where it is not a training's (a model's configuration has no rate)."""
    found = list(islice(leaves(value), MAX_LEAVES))
    names = [path[-1].lower() for path, _ in found]
    if not is_certain and not (_RATES & set(names) and any(_PLANS.search(name) for name in names)):
        return []
    return [
        say(".".join(path), scalar, "/".join((pointer, *path)))
        for path, scalar in found
        if not _says_nothing(scalar) and not (scalar == 0 and _CLIPPING.search(path[-1]))
    ]


def has_rate(found: Sequence[Stated]) -> bool:
    """Whether any of the settings is a rate."""
    return any(stated.key.rpartition(".")[2].lower() in _RATES for stated in found)


def _says_nothing(scalar: Scalar) -> bool:
    return isinstance(scalar, str) and (not scalar or len(scalar) > 300)


def without_decay(found: Sequence[Stated], optimizers: Sequence[Optimizer]) -> list[Stated]:
    """The settings without the decay that was asked for, where the optimizer shows the one that it has."""
    if not any("weight_decay" in group for optimizer in optimizers for group in optimizer.groups):
        return list(found)
    return [stated for stated in found if stated.key.rpartition(".")[2].lower() not in ("weight_decay", "wd")]


def say(key: str, value: Scalar, pointer: str) -> Stated:
    """A setting that the checkpoint records."""
    return Stated(key, value, 0, origin="reported", pointer=pointer, raw=f"{key}: {value}")


def fact(key: str, value: Scalar, pointer: str = "") -> Stated:
    """A fact that the checkpoint records."""
    return Stated(key, value, 0, "fact", origin="reported", pointer=pointer, raw=f"{key}: {value}")


def mark(key: str, value: Scalar, pointer: str) -> Stated:
    """A mark."""
    return Stated(key, value, 0, "mark", origin="reported", pointer=pointer, raw=pointer)


def number(value: Any) -> float | None:
    """A plain number."""
    found = plain(value)
    return to_float(found) if isinstance(found, (int, float)) and not isinstance(found, bool) else None


def shared_place(document: Document) -> Iterator[Stated]:
    """The folder, which may hold checkpoints of several trainings: those of one have a name in common."""
    yield fact("run_folder", document.folder)
    stem = document.name.removesuffix(".tar").rpartition(".")[0]
    words = [word for word in _BETWEEN.split(stem) if not _NO_NAME.match(word)]
    yield fact("run_key", "checkpoint:" + "-".join(words))
