"""Peak memory of training steps as jobs: predicted on a CPU, measured where a GPU is at hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reference_runs.records import Hardware, Job
from scanner.records import Basis


def peak_job(shape: Mapping[str, Any], at_hand: Hardware) -> Job:
    """The job that gives the peak of a shape: `allocated_gib` and `reserved_gib`, with what else it knows."""
    kind = "peak" if at_hand.gpu else "predict"
    return Job(kind, dict(shape), limit_s=180.0, expected_s=4.0)


def peak_basis(at_hand: Hardware) -> Basis:
    """What such a peak rests on."""
    return "measured" if at_hand.gpu else "predicted"


def scope_of(shapes: list[Mapping[str, Any]]) -> dict[str, str]:
    """What a verdict over shapes is about: for each setting the values that occur, in the order written."""
    names = dict.fromkeys(name for shape in shapes for name in shape)
    return {name: ", ".join(dict.fromkeys(str(s[name]) for s in shapes if name in s)) for name in names}
