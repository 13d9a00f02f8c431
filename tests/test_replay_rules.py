"""The decision rules: what a finding must show for a claim to hold."""

from __future__ import annotations

from typing import Any

import pytest

from reference_runs.records import Claim, Finding
from reference_runs.rules import Decision, decide
from scanner.errors import ReplayError
from scanner.records import Figure

STRADDLES = Decision("inconclusive", "interval_straddles")


def _claim(rule: str, quantity: dict[str, float], **settings: Any) -> Claim:
    return Claim("M1", "written", 1, "asks", "memory", "quick", quantity, rule, settings, {})


def _found(value: float, low: float | None = None, high: float | None = None) -> Finding:
    return Finding("measured", (Figure("statistic", value, low, high),))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.21, 0.39, Decision("confirmed")),
        (0.41, 0.50, Decision("refuted")),
        (0.05, 0.19, Decision("refuted")),
        (0.35, 0.45, STRADDLES),
        (0.10, 0.50, STRADDLES),
    ],
)
def test_near_a_stated_number(low: float, high: float, expected: Decision) -> None:
    """Wholly inside the tolerance, wholly outside, or neither."""
    claim = _claim("near", {"saving": 0.30}, tolerance=0.10)
    assert decide(claim, _found((low + high) / 2, low, high)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(5e-5, "confirmed"), (1e-4, "confirmed"), (3e-3, "refuted"), (1e-5, "refuted")],
)
def test_near_a_stated_range(value: float, expected: str) -> None:
    """The range's ends belong to it; a figure without an interval is a point."""
    assert decide(_claim("near", {"low": 5e-5, "high": 1e-4}), _found(value)).status == expected


@pytest.mark.parametrize(
    ("rule", "low", "high", "expected"),
    [
        ("at_least", 1.31, 2.0, Decision("confirmed")),
        ("at_least", 1.0, 1.29, Decision("refuted")),
        ("at_least", 1.2, 1.4, STRADDLES),
        ("at_most", 1.0, 1.3, Decision("confirmed")),
        ("at_most", 1.31, 1.4, Decision("refuted")),
        ("at_most", 1.2, 1.4, STRADDLES),
    ],
)
def test_a_bound(rule: str, low: float, high: float, expected: Decision) -> None:
    """The whole interval is on the claim's side, or on the other, or on both."""
    assert decide(_claim(rule, {"ratio": 1.3}), _found((low + high) / 2, low, high)) == expected


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ((4.70, 4.71, 4.70), (4.75, 4.74, 4.73), Decision("confirmed")),
        ((4.75, 4.74, 4.73), (4.70, 4.71, 4.70), Decision("refuted")),
        ((4.70, 4.71, 4.70), (4.71, 4.72, 4.71), Decision("inconclusive", "no_difference_shown")),
        ((4.70, 4.71, 4.70), (4.75, 4.74, 4.66), Decision("inconclusive", "no_difference_shown")),
    ],
)
def test_an_order_of_variants(ours: tuple[float, ...], theirs: tuple[float, ...], expected: Decision) -> None:
    """The margin and the same sign in every pair, either way; anything else shows no difference."""
    claim = _claim("ordered", {"margin": 0.02}, better="adamw", worse=["adam"])
    found = Finding("measured", (Figure("gap", 0.0),), samples={"adamw": ours, "adam": theirs})
    assert decide(claim, found) == expected


def test_the_best_of_several_must_beat_each() -> None:
    """One variant that is better in every pair refutes, one that is equal leaves it open."""
    samples = {"cosine": (4.70, 4.70), "linear": (4.80, 4.80), "constant": (4.60, 4.60), "none": (4.70, 4.71)}
    found = Finding("measured", (Figure("gap", 0.0),), samples=samples)
    said = {
        worse: decide(_claim("ordered", {"margin": 0.02}, better="cosine", worse=list(worse)), found).status
        for worse in [("linear",), ("linear", "none"), ("linear", "constant")]
    }
    assert said == {
        ("linear",): "confirmed",
        ("linear", "none"): "inconclusive",
        ("linear", "constant"): "refuted",
    }


def test_what_is_documented_runs_or_not() -> None:
    """One error refutes."""
    claim = _claim("runs", {})
    assert decide(claim, Finding("measured", (Figure("families", 3),))).status == "confirmed"
    assert decide(claim, Finding("measured", (), errors=(("gpt2", "ValueError: no"),))).status == "refuted"


@pytest.mark.parametrize(
    ("largest", "expected"), [(0, "refuted"), (1, "confirmed"), (3, "confirmed"), (4, "inconclusive")]
)
def test_an_advised_batch(largest: int, expected: str) -> None:
    """Advice of 1-2 holds when 1 fits and 4 does not; when much more fits, it is no boundary."""
    assert decide(_claim("batch_range", {"low": 1, "high": 2}), _found(largest)).status == expected


@pytest.mark.parametrize(("extent", "expected"), [(9.0, "confirmed"), (0.0, "refuted"), (-2.0, "refuted")])
def test_a_window_exists(extent: float, expected: str) -> None:
    """An extent larger than zero."""
    assert decide(_claim("exists", {"batch_fails": 16}), _found(extent)).status == expected


def test_a_rule_without_its_settings_is_one_clear_error() -> None:
    """The claim's file is named."""
    with pytest.raises(ReplayError, match=r"claims/M1\.toml: rule 'ordered' lacks 'better'"):
        decide(_claim("ordered", {"margin": 0.02}), _found(1.0))
