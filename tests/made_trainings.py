"""Results of trainings as a made-up landscape of losses gives them, for the jobs that an experiment asks for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from reference_runs.records import Claim, Finding, Hardware, Job, Result

NO_GPU = Hardware("a CPU", 2, 24.0, False, "", 0.0, ())
START = 6.0
Landscape = Callable[[Mapping[str, Any]], float]
"""Held-out loss of a training, from its settings."""


def valley(settings: Mapping[str, Any], lowest: float = 4.5, at: float = 3e-3) -> float:
    """A loss that rises on both sides of a rate by half a nat a power of ten, never above the start."""
    return min(START, lowest + 0.5 * abs(math.log10(settings["learning_rate"] / at)))


def finding(claim: Claim, landscape: Landscape, **changes: Any) -> Finding:
    """What the claim's experiment makes of such trainings."""
    experiment = import_module(f"reference_runs.experiments.{claim.experiment}")
    results = {name: _result(job, landscape, changes) for name, job in experiment.jobs(claim, NO_GPU).items()}
    found: Finding = experiment.measure(claim, results, NO_GPU)
    return found


def _result(job: Job, landscape: Landscape, changes: Mapping[str, Any]) -> Result:
    if job.kind == "base_loss":
        return Result({"loss": {"prose": 4.5, "speeches": START}, "n_parameters": 1000})
    loss = landscape(job.settings)
    values = {
        "loss": {"prose": 4.6, "speeches": loss},
        "train_losses": [START, START, START, loss],
        "first_nan": None,
        "n_parameters": 1000,
        "n_trainable": 10,
    }
    return Result(values | changes)


def jobs(claim: Claim) -> list[Job]:
    """What the claim's experiment asks for."""
    experiment = import_module(f"reference_runs.experiments.{claim.experiment}")
    return list(experiment.jobs(claim, NO_GPU).values())
