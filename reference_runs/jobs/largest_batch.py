"""The largest batch whose predicted peak fits. Settings: `shape` (without batch_size), `gpu_memory_gib`, `most`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reference_runs.memory.answer import answer
from reference_runs.memory.shape import TrainingShape


def run(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """`certain`: the largest that fits for certain; `possible`: the largest that is not refused; 0 for none.

    By bisection over traced steps up to `most`: a line through two traces misleads where the peak moves from the
    backward pass to the optimizer's step.
    """
    from reference_runs.memory.trace import trace

    known: dict[int, str] = {}

    def said(batch: int) -> str:
        if batch not in known:
            found = trace(TrainingShape(batch_size=batch, **settings["shape"]))
            known[batch] = answer(found["allocated_gib"], found["reserved_gib"], settings["gpu_memory_gib"])
        return known[batch]

    most = int(settings["most"])
    return {
        "certain": _largest(lambda batch: said(batch) == "fits", most),
        "possible": _largest(lambda batch: said(batch) != "does_not_fit", most),
        "n_traces": len(known),
    }


def _largest(holds: Callable[[int], bool], most: int) -> int:
    """The largest of 1..most for which something holds that stops holding once; 0 when it does not for 1."""
    low, high = 0, 1
    while high <= most and holds(high):
        low, high = high, 2 * high
    high = min(high, most + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
