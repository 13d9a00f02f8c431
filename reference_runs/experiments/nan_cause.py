"""What makes a loss no number: the learning rate, or weights and optimizer states in fp16.

Trainings of a few steps at the stated rate and at a high one: all in fp16, in fp16 with a larger epsilon, in fp32.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reference_runs.experiments import _trainings
from reference_runs.recipe import Recipe
from reference_runs.records import Claim, Finding, Hardware, Job, Result
from scanner.records import Figure

VARIANTS: dict[str, dict[str, Any]] = {
    "pure_fp16": {"precision": "pure_fp16"},
    "pure_fp16_large_epsilon": {"precision": "pure_fp16", "adam_epsilon": 1e-4},
    "fp32": {},
}


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """Each variant at each rate."""
    size = {"batch_size": 4, "sequence_length": 32, "n_samples": 64, "steps": claim.settings["steps"]}
    return {
        _trainings.job_name(name, rate, 1): Recipe(
            **{"base": "quick", "learning_rate": rate, "warmup_ratio": 0.0, **size, **changes}
        ).job()
        for name, changes in VARIANTS.items()
        for rate in _rates(claim)
    }


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """Whether fp16 alone gives NaN at the stated rate while nothing else does at any, then the first NaN's step."""
    first = {
        name: {rate: results[_trainings.job_name(name, rate, 1)]["first_nan"] for rate in _rates(claim)}
        for name in VARIANTS
    }
    stated = claim.quantity["learning_rate"]
    by_precision = first["pure_fp16"][stated] is not None
    by_rate = any(step is not None for name in ("fp32", "pure_fp16_large_epsilon") for step in first[name].values())
    steps = [Figure(f"first_nan_at_{rate:g}", step) for rate, step in first["pure_fp16"].items()]
    run = results[_trainings.job_name("fp32", stated, 1)]
    scope = {
        "n_parameters": run["n_parameters"],
        "steps": claim.settings["steps"],
        "optimizer": "AdamW",
        "precision": ", ".join(VARIANTS),
        "learning_rate": ", ".join(f"{rate:g}" for rate in _rates(claim)),
        "device": "cpu",
    }
    return Finding("measured", (Figure("nan_by_precision", float(by_precision and not by_rate)), *steps), scope=scope)


def _rates(claim: Claim) -> list[float]:
    return sorted({claim.quantity["learning_rate"], claim.settings["high_rate"]})
