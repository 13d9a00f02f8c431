"""Experiments that rest on trainings, judged on made-up losses: what they find, and what their claims' rules say."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from reference_runs.claims import catalogue
from reference_runs.experiments import nan_cause, rate_tolerance, width
from reference_runs.recipe import Recipe
from reference_runs.records import Claim, Result
from reference_runs.rules import decide
from tests.made_trainings import NO_GPU, START, finding, jobs, valley

CLAIMS = {claim.id: claim for claim in catalogue("quick")}


def _stating(claim: Claim, **quantity: float) -> Claim:
    return replace(claim, quantity={**claim.quantity, **quantity})


@pytest.mark.parametrize(
    ("claim", "quantity", "status"),
    [
        ("L3", {}, "refuted"),
        ("L3", {"low": 1e-3, "high": 1e-2}, "confirmed"),
        ("L3", {"low": 1e-4, "high": 2e-3}, "inconclusive"),  # the lowest point may lie on either side of its end
        ("L4", {}, "confirmed"),
        ("L4", {"share": 0.0, "learning_rate": 1e-3}, "refuted"),
        ("P2", {}, "refuted"),
        ("P2", {"share": 0.3}, "confirmed"),
        ("P3", {}, "refuted"),
        ("P3", {"low": 5e-3, "high": 5e-2}, "confirmed"),
        ("O2", {}, "confirmed"),
        ("O2", {"margin": 0.5}, "inconclusive"),
        ("S2", {}, "inconclusive"),
        ("O4", {}, "confirmed"),
        ("O4", {"ratio": 3.0}, "refuted"),
    ],
)
def test_what_a_claim_states_decides_its_verdict(claim: str, quantity: dict[str, float], status: str) -> None:
    """Full trainings are best at 3e-3, LoRA reaches 60% of that at 2e-2, SGD stays 0.2 nats above."""
    stated = _stating(CLAIMS[claim], **quantity)
    assert decide(stated, finding(stated, _landscape)).status == status


def _landscape(settings: Any) -> float:
    if settings["lora_r"]:
        return valley(settings, lowest=START - 0.6 * 1.5, at=2e-2)
    if settings["optimizer"].startswith("sgd"):
        return valley(settings, lowest=4.7, at=0.3) + 0.5 * abs(math.log10(settings["learning_rate"] / 0.3))
    return valley(settings)


@pytest.mark.parametrize(
    ("loss", "nan", "status"), [(5.0, None, "refuted"), (6.6, None, "confirmed"), (None, 7, "confirmed")]
)
def test_an_explosion_is_a_loss_above_the_start_or_none(loss: float | None, nan: int | None, status: str) -> None:
    """L1: half a nat above where it began, or no number."""
    found = finding(CLAIMS["L1"], lambda _: math.nan, loss={"prose": loss, "speeches": loss}, first_nan=nan)
    assert decide(CLAIMS["L1"], found).status == status


@pytest.mark.parametrize(
    ("losses", "spikes"),
    [
        ([6.0, 5.9, 5.8, 5.9, 5.7], 0),
        ([6.0, 5.9, 6.6, 5.9, 5.7], 1),
        ([6.0, 5.9, None, None], 2),
        ([6.0, *[5.0] * 12, 5.6], 1),  # the start lies out of the window
    ],
)
def test_a_spike_is_a_loss_above_the_steps_before(losses: list[float | None], spikes: int) -> None:
    """L5: half a nat above the median of the ten steps before, or no number; three seeds."""
    figure = finding(CLAIMS["L5"], lambda _: 5.0, train_losses=losses).figures[0]
    assert (figure.name, figure.value) == ("spikes", 3 * spikes)


@pytest.mark.parametrize(
    ("where", "status"),
    [
        (lambda s: s["precision"] == "pure_fp16" and s["adam_epsilon"] < 1e-6, "confirmed"),
        (lambda s: s["learning_rate"] > 5e-4, "refuted"),
        (lambda s: s["precision"] == "pure_fp16", "refuted"),  # then a larger epsilon would not cure it
        (lambda s: False, "refuted"),
    ],
)
def test_nan_is_laid_to_precision_only_where_it_follows_it(where: Any, status: str) -> None:
    """L2: NaN in fp16 at the stated rate, and nowhere else."""
    claim = CLAIMS["L2"]
    results = {
        name: Result({"first_nan": 2 if where(job.settings) else None, "n_parameters": 1000})
        for name, job in nan_cause.jobs(claim, NO_GPU).items()
    }
    assert decide(claim, nan_cause.measure(claim, results, NO_GPU)).status == status


def test_claims_share_their_trainings() -> None:
    """One training is run once, whichever claims ask for it: the grid of AdamW serves four of them."""
    asked = {name: {job.digest() for job in jobs(CLAIMS[name])} for name in ("L3", "L4", "P2", "O4")}
    assert len(asked["L3"]) == 19  # six rates, three seeds, and the base as it comes
    assert asked["L3"] == asked["L4"] == asked["P2"] & asked["O4"]


@pytest.mark.parametrize(
    ("curve", "decades"),
    [
        ({1e-3: 5.0, 1e-2: 4.0, 1e-1: 5.0}, 0.2),
        ({1e-3: 4.05, 1e-2: 4.0, 1e-1: 5.0}, 1.1),
        ({1e-3: math.inf, 1e-2: 4.0, 1e-1: math.inf}, 0.0),
    ],
)
def test_the_width_of_a_band(curve: dict[float, float], decades: float) -> None:
    """Within a tenth of a nat of the lowest, lines drawn between the tried rates."""
    assert rate_tolerance.width(curve, 0.1) == pytest.approx(decades)


def test_the_lowest_point_between_tried_rates() -> None:
    """A parabola in the logarithm of the rate is found again; at an end of the grid the end is the answer."""
    rates = (1e-4, 1e-3, 1e-2, 1e-1)
    assert width.lowest({r: (math.log10(r) + 2.3) ** 2 for r in rates}) == pytest.approx(10**-2.3)
    assert width.lowest({r: r for r in rates}) == 1e-4


@pytest.mark.parametrize(("power", "status"), [(-1.0, "confirmed"), (0.5, "refuted")])
def test_the_slope_of_the_best_rate(power: float, status: str) -> None:
    """L6: the best rate of a made-up landscape goes with a power of the width."""
    (claim,) = (claim for claim in catalogue("full") if claim.id == "L6")

    def landscape(settings: Any) -> float:
        best = 5e-3 * (settings["width"] / 64) ** power
        return 4.0 + math.log10(settings["learning_rate"] / best) ** 2

    found = finding(claim, landscape)
    assert found.figures[0].value == pytest.approx(power, abs=0.02)
    assert decide(claim, found).status == status


@pytest.mark.parametrize(("harm", "status"), [(2.0, "confirmed"), (0.0, "refuted")])
def test_clean_against_noisy(harm: float, status: str) -> None:
    """X2: more samples help, noise harms; which weighs more is the landscape's."""
    (claim,) = (claim for claim in catalogue("full") if claim.id == "X2")
    found = finding(claim, lambda s: 5.0 - 0.1 * math.log10(s["n_samples"]) + harm * s["noise"])
    assert decide(claim, found).status == status


def test_equal_recipes_are_one_job() -> None:
    """A rate written 0.001 or 1e-3 is one training; another seed is another."""
    assert Recipe("quick", 5, 1e-3).job().digest() == Recipe("quick", 5, 0.001).job().digest()
    assert Recipe("quick", 5, 1e-3).job().digest() != Recipe("quick", 5, 1e-3, seed=2).job().digest()
