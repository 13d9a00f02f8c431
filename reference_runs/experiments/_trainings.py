"""Fine-tunings as jobs: variants of one recipe, each at its own learning rates, with the same seeds.

[settings]
base = "quick"
seeds = [1, 2, 3]
[settings.variants.adamw]                   # a variant: learning rates to try, and what it changes in a recipe
rates = [1e-4, 1e-3]
weight_decay = 0.01
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import mean, stdev
from typing import Any

from scipy.stats import t

from reference_runs.base import Base
from reference_runs.recipe import Recipe, base_job
from reference_runs.records import Claim, Job, Result
from scanner.records import Figure

SIZES: dict[Base, dict[str, int]] = {
    "quick": {"steps": 40, "batch_size": 8, "sequence_length": 64},
    "full": {"steps": 60, "batch_size": 8, "sequence_length": 128},
}
"""How long a fine-tuning of a base is; one place, so that claims share their runs."""

BASE = "base"
"""Name of the job that measures the base as it comes."""


def training_jobs(claim: Claim) -> dict[str, Job]:
    """The base's own losses and one training for each variant, rate and seed."""
    settings = claim.settings
    size = SIZES[settings["base"]]
    found = {BASE: base_job(settings["base"], size["sequence_length"])}
    for name, variant in settings["variants"].items():
        changes = {key: value for key, value in variant.items() if key != "rates"}
        for rate in variant["rates"]:
            for seed in settings["seeds"]:
                recipe = Recipe(**{"base": settings["base"], **size, "learning_rate": rate, "seed": seed, **changes})
                found[job_name(name, rate, seed)] = recipe.job()
    return found


def job_name(variant: str, rate: float, seed: int) -> str:
    """The name of one training in an experiment."""
    return f"{variant} {rate:g} {seed}"


def loss(result: Result, domain: str = "speeches") -> float:
    """Held-out loss of a training; infinite when it is no number."""
    value = result["loss"][domain]
    return math.inf if value is None else float(value)


def losses(
    claim: Claim, results: Mapping[str, Result], variant: str, domain: str = "speeches"
) -> dict[float, list[float]]:
    """Held-out losses by rate, in the order of the seeds."""
    return {
        rate: [loss(results[job_name(variant, rate, seed)], domain) for seed in claim.settings["seeds"]]
        for rate in claim.settings["variants"][variant]["rates"]
    }


def best_rate(by_rate: Mapping[float, Sequence[float]]) -> float:
    """The rate with the lowest mean loss."""
    return min(by_rate, key=lambda rate: mean(by_rate[rate]))


def estimate(name: str, samples: Sequence[float]) -> Figure:
    """The mean of the seeds' values with its 95% interval (Student's t)."""
    if len(samples) < 2 or not all(map(math.isfinite, samples)):
        return Figure(name, mean(samples), n=len(samples))
    half = float(t.ppf(0.975, len(samples) - 1)) * stdev(samples) / math.sqrt(len(samples))
    return Figure(name, mean(samples), mean(samples) - half, mean(samples) + half, len(samples))


def scope(claim: Claim, results: Mapping[str, Result]) -> dict[str, Any]:
    """What a verdict over trainings is about."""
    size = SIZES[claim.settings["base"]]
    return {
        "n_parameters": results[BASE]["n_parameters"],
        "steps": size["steps"],
        "batch_size": size["batch_size"],
        "sequence_length": size["sequence_length"],
        "tokens": math.prod(size.values()),
        "seeds": len(claim.settings["seeds"]),
        "precision": "fp32",
        "device": "cpu",
    }
