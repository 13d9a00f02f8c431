"""Where the best learning rate lies, and how far a stated one gets.

[settings]
asks = "best"             # best | reach
variant = "adamw"         # which of the variants is judged
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean

from reference_runs.experiments import _trainings
from reference_runs.records import Claim, Finding, Hardware, Job, Result
from scanner.records import Figure


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """The grid of rates."""
    return _trainings.training_jobs(claim)


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """The best rate of the grid, between its neighbours; or the share of the best improvement that a rate reaches."""
    figures = _best(claim, results) if claim.settings["asks"] == "best" else _reach(claim, results)
    rates = claim.settings["variants"][claim.settings["variant"]]["rates"]
    scope = {**_trainings.scope(claim, results), "learning_rate": ", ".join(f"{rate:g}" for rate in rates)}
    return Finding("measured", figures, scope=scope)


def bracket(by_rate: Mapping[float, Sequence[float]]) -> Figure:
    """The rate with the lowest mean loss. Its interval reaches to the tried rates on both sides of each seed's best:
    a minimum between them cannot be told from it. At an end of the grid it reaches nowhere further."""
    rates = sorted(by_rate)
    n_seeds = len(by_rate[rates[0]])
    places = [min(range(len(rates)), key=lambda i: by_rate[rates[i]][seed]) for seed in range(n_seeds)]
    low, high = rates[max(0, min(places) - 1)], rates[min(len(rates) - 1, max(places) + 1)]
    return Figure("best_learning_rate", min(rates, key=lambda rate: mean(by_rate[rate])), low, high, n_seeds)


def _best(claim: Claim, results: Mapping[str, Result]) -> tuple[Figure, ...]:
    variant = claim.settings["variant"]
    tuned, kept = (_trainings.losses(claim, results, variant, domain) for domain in ("speeches", "prose"))
    found = bracket(tuned)
    start, kept_start = results[_trainings.BASE]["loss"]["speeches"], results[_trainings.BASE]["loss"]["prose"]
    inside = [rate for rate in tuned if claim.quantity["low"] <= rate <= claim.quantity["high"]]
    best = _trainings.best_rate(tuned)
    figures = [found, _trainings.estimate("improvement_best", [start - each for each in tuned[best]])]
    if inside:
        stated = min(inside, key=lambda rate: mean(tuned[rate]))
        figures.append(_trainings.estimate("improvement_stated", [start - each for each in tuned[stated]]))
        figures.append(_trainings.estimate("forgetting_stated", [each - kept_start for each in kept[stated]]))
    figures.append(_trainings.estimate("forgetting_best", [each - kept_start for each in kept[best]]))
    return tuple(figures)


def _reach(claim: Claim, results: Mapping[str, Result]) -> tuple[Figure, ...]:
    by_rate = _trainings.losses(claim, results, claim.settings["variant"])
    start = results[_trainings.BASE]["loss"]["speeches"]
    best, stated = _trainings.best_rate(by_rate), claim.quantity["learning_rate"]
    shares = [(start - own) / (start - most) for own, most in zip(by_rate[stated], by_rate[best], strict=True)]
    return _trainings.estimate("share", shares), Figure("best_learning_rate", best)
