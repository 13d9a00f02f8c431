"""Variants of a training, each at its own best learning rate, seed by seed.

[settings.variants.cosine]                  # names that the rule `ordered` sorts into `better` and `worse`
rates = [1e-3, 3e-3]
[settings]
each_rate = true                            # compare at every rate instead of at the best
"""

from __future__ import annotations

from collections.abc import Mapping

from reference_runs.experiments import _trainings
from reference_runs.records import Claim, Finding, Hardware, Job, Result
from scanner.records import Figure


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """The grid of variants, rates and seeds."""
    return _trainings.training_jobs(claim)


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """How much lower the loss of the variant `better` is than the lowest of the others, in nats; then every loss."""
    samples: dict[str, tuple[float, ...]] = {}
    rates: dict[str, str] = {}
    for variant in claim.settings["variants"]:
        by_rate = _trainings.losses(claim, results, variant)
        used = list(by_rate) if claim.settings.get("each_rate") else [_trainings.best_rate(by_rate)]
        samples[variant] = tuple(each for rate in used for each in by_rate[rate])
        rates[variant] = ", ".join(f"{rate:g}" for rate in used)
    own, others = claim.rule_settings["better"], claim.rule_settings["worse"]
    lowest = [min(samples[name][i] for name in others) for i in range(len(samples[own]))]
    gaps = [other - mine for mine, other in zip(samples[own], lowest, strict=True)]
    figures = (
        _trainings.estimate("difference", gaps),
        *(_loss(variant, values) for variant, values in samples.items()),
    )
    scope = {**_trainings.scope(claim, results), **{f"learning_rate_{name}": rate for name, rate in rates.items()}}
    return Finding("measured", figures, scope=scope, samples=samples)


def _loss(variant: str, values: tuple[float, ...]) -> Figure:
    return _trainings.estimate(f"eval_loss_{variant}", values)
