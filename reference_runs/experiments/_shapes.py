"""Peak memory of training steps as jobs: measured where a GPU is at hand and can, predicted elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reference_runs.records import Hardware, Job
from scanner.records import Basis

Shape = Mapping[str, Any]
"""Fields of a `memory.TrainingShape`."""


def peak_basis(shapes: Iterable[Shape], at_hand: Hardware) -> Basis:
    """What the peaks of shapes that are compared rest on: all are measured, or all are predicted."""
    can = bool(at_hand.gpu) and not any(shape.get("quantization") for shape in shapes)
    return "measured" if can else "predicted"


def peak_jobs(shapes: Mapping[str, Shape], at_hand: Hardware) -> dict[str, Job]:
    """A job a shape; each gives `allocated_gib`, `reserved_gib`, `n_parameters`, `n_trainable`."""
    kind = "peak" if peak_basis(shapes.values(), at_hand) == "measured" else "predict"
    return {name: Job(kind, dict(shape), limit_s=180.0, expected_s=4.0) for name, shape in shapes.items()}


def scope_of(shapes: Iterable[Shape]) -> dict[str, str]:
    """What a verdict over shapes is about: for each setting the values that occur, in the order written."""
    known = list(shapes)
    names = dict.fromkeys(name for shape in known for name in shape)
    return {name: ", ".join(dict.fromkeys(str(shape[name]) for shape in known if name in shape)) for name in names}
