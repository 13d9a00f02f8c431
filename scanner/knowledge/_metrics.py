"""Metric names: which key of a metric line measures what, on which split."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Literal, NamedTuple

from scanner.knowledge._read import normalize_key, read_toml


class MetricName(NamedTuple):
    """What a key of a metric line is."""

    kind: Literal["metric", "counter", "companion"]
    name: str
    """Canonical, with its split where one is written: "train_loss", "eval_accuracy", "accuracy", "epoch"."""


@cache
def _tables() -> tuple[dict[str, str], dict[str, str], dict[str, str], dict[str, str]]:
    table = read_toml("metrics")
    metrics = {normalize_key(s): row["name"] for row in table["metric"] for s in (row["name"], *row["spellings"])}
    splits = {normalize_key(s): split for split, found in table["splits"].items() for s in found}
    counters = {normalize_key(s): name for name, found in table["counters"].items() for s in found}
    companions = {normalize_key(s): name for name, found in table["companions"].items() for s in found}
    return metrics, splits, counters, companions


@lru_cache(maxsize=65536)
def name_metric(key: str) -> MetricName | None:
    """What a key measures: `val_loss` -> eval_loss, `Training Loss` -> train_loss, `epoch` -> a counter, or None."""
    metrics, splits, counters, companions = _tables()
    parts = [part for part in normalize_key(key).split("_") if part]
    whole = "_".join(parts)
    if whole in counters:
        return MetricName("counter", counters[whole])
    if whole in companions:
        return MetricName("companion", companions[whole])
    split = ""
    for _ in range(4):
        name = "_".join(parts)
        if name in metrics:
            return MetricName("metric", _with_split(metrics[name], split))
        if name in companions and split in ("", "train"):
            return MetricName("companion", companions[name])
        if name in counters and split in ("", "train"):
            return MetricName("counter", counters[name])
        if not parts:
            return None
        first, last = splits.get(parts[0]), splits.get(parts[-1])
        if first and len(parts) > 1:
            split, parts = _stronger(split, first), parts[1:]
        elif last and len(parts) > 1:
            split, parts = _stronger(split, last), parts[:-1]
        else:
            return None
    return None


def _stronger(old: str, new: str) -> str:
    """`avg_val_loss` is of the validation split although `avg` alone would say training."""
    order = {"": 0, "train": 1, "test": 2, "eval": 3}
    return new if order[new] > order[old] else old


def _with_split(name: str, split: str) -> str:
    if name == "loss":
        return f"{split or 'train'}_loss"
    return f"{split}_{name}" if split else name


@cache
def _rows() -> dict[str, tuple[str, int]]:
    return {row["name"]: (row["goal"], row["rank"]) for row in read_toml("metrics")["metric"]}


def _base(name: str) -> str:
    split, _, rest = name.partition("_")
    return rest if split in ("eval", "test", "train") and rest in _rows() else name


def metric_goal(name: str) -> str:
    """ "max" or "min" of a canonical metric name."""
    return _rows()[_base(name)][0]


def metric_rank(name: str) -> int:
    """How much of a headline a canonical metric is, low first: validation, test, no split (beside a split one it is the
    training's), and training last."""
    split = name.partition("_")[0]
    penalty = {"eval": 0, "test": 1000, "train": 5000}.get(split if _base(name) != name else "", 2000)
    return penalty + _rows()[_base(name)][1]
