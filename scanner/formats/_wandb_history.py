"""Rows of metrics as W&B keeps them: which counters of a row are its axis, and which values are measurements.

    {"train/loss": 0.61, "train/global_step": 400, "train/epoch": 1.2, "_step": 41, "_runtime": 812.4}

Keys that begin with `_` are the tracker's own. Non-finite numbers arrive as the strings "NaN" and "Infinity". The
closing statistics of Hugging Face's Trainer (`train_runtime` beside `train_loss`) hold the mean loss of the run, which
is no point of the curve.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scanner.formats._base import Stated, Vocabulary
from scanner.formats._metric_rows import OTHER_SPLIT

Cell = tuple[str, str | float | int | bool | None, int, str]
"""(key, value, line, pointer)."""

_NOT_FINITE = frozenset({"NaN", "Infinity", "-Infinity"})
_CLOSING = frozenset(
    {"train_loss", "train_runtime", "train_samples_per_second", "train_steps_per_second", "total_flos"}
)
_COUNTERS = {
    "epoch": re.compile(r"^(?:(?:train|trainer)[/_])?epoch$", re.IGNORECASE),
    "step": re.compile(r"^(?:(?:train|trainer)[/_])?(?:global_?step|step|iter(?:ation)?)$", re.IGNORECASE),
}
"""The usual counters, for documents that come without a vocabulary."""


class History:
    """The rows of one execution, as they come."""

    def __init__(self, naming: Vocabulary) -> None:
        self._naming = naming
        self._seen_losses = 0
        self._has_axis = False
        self._line, self._first = 0, ""

    def row(self, cells: Sequence[Cell]) -> Iterator[Stated]:
        """The measurements of one row, each with the row's counters."""
        keys = {_leaf(key) for key, *_ in cells}
        closes = "train_runtime" in keys
        told = {key.lower(): _number(value) for key, value, *_ in cells}
        step = self._counter(cells, "step")
        epoch = self._counter(cells, "epoch")
        for key, value, line, pointer in cells:
            number = _number(value)
            if key.startswith("_") or number is None:
                continue
            if closes and _leaf(key) in _CLOSING:
                if _leaf(key) == "train_runtime":
                    yield Stated(key, number, line, origin="reported", pointer=pointer)
                continue
            if key == "loss" and told.get("train_loss") == number:
                continue  # the same measurement under a second name
            yield Stated(key, number, line, "metric", step, epoch, origin="reported", pointer=pointer)
            if "loss" in key.lower() and not OTHER_SPLIT.search(key):
                if not self._seen_losses:
                    self._line, self._first = line, pointer
                self._seen_losses += 1
                self._has_axis = self._has_axis or step is not None or epoch is not None

    def end(self) -> Iterator[Stated]:
        """A loss that was logged again and again without any counter is a training that counts nothing."""
        if self._seen_losses >= 2 and not self._has_axis:
            yield Stated("training_start", "history", self._line, "mark", origin="reported", pointer=self._first)

    def _counter(self, cells: Sequence[Cell], name: str) -> float | None:
        for key, value, *_ in cells:
            number = _number(value)
            is_counter = self._naming(key) == name or _COUNTERS[name].search(key) is not None
            if number is not None and is_counter and not key.startswith("_"):
                return number
        return None


def _leaf(key: str) -> str:
    return key.rsplit("/", 1)[-1]


def _number(value: str | float | int | bool | None) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        return float(value) if value in _NOT_FINITE else None
    return value
