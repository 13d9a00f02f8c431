"""What many runs teach: figures, intervals, boundaries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.learn._figures import wilson
from scanner.learn.scales import decade
from scanner.records import Figure, Learning, Snapshot
from tests.made_runs import a_bit_of_everything, made, snapshot


def _one(found: Snapshot, name: str, subject: str = "") -> Learning:
    return next(x for x in found.learnings if (x.id, x.subject) == (name, subject))


def _figure(learning: Learning, name: str) -> Figure:
    return next(figure for figure in learning.figures if figure.name == name)


def _subjects(found: Snapshot, name: str) -> list[str]:
    return [x.subject for x in found.learnings if x.id == name]


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (10, 20, 0.29930, 0.70070),
        (0, 10, 0.0, 0.27753),
        (10, 10, 0.72247, 1.0),
        (1, 1, 0.20654, 1.0),
        (87, 841, 0.08465, 0.12582),
    ],
)
def test_wilson_against_known_values(k: int, n: int, low: float, high: float) -> None:
    """The 95 % interval as statistics packages give it."""
    assert wilson(k, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share(pair: tuple[int, int]) -> None:
    """0 <= low <= k/n <= high <= 1 for every share."""
    k, n = pair
    low, high = wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1


@given(st.floats(1e-10, 1e7))
def test_decade_holds_its_number(number: float) -> None:
    """10^d <= number < 10^(d+1), as the printed condition compares."""
    d = decade(number)
    assert float(f"1e{d}") <= number < float(f"1e{d + 1}")


def test_totals_add_up() -> None:
    """Executed = success + failed + unknown; met = read + skipped; declared runs and copies are counted apart."""
    found = a_bit_of_everything()
    runs, files = _one(found, "runs"), _one(found, "files")
    counts = {f.name: f.value for f in runs.figures}
    assert (counts["executed"], counts["success"], counts["failed"], counts["unknown"]) == (10, 6, 3, 1)
    assert counts["declared"] == 1
    assert _figure(runs, "success_share")._replace(low=None, high=None) == Figure("success_share", 6 / 9, None, None, 9)
    read = {f.name: f.value for f in files.figures}
    assert read["met"] == read["read"] + read["skipped"] == 13  # type: ignore[operator]
    assert (read["folders"], read["parts"], read["copies"]) == (1, 1, 1)


def test_small_groups_have_no_share() -> None:
    """Under five decided runs a group's share is null and its n is given; with five it is there."""
    found = a_bit_of_everything()
    assert _figure(_one(found, "by_optimizer", "SGD"), "success_share") == Figure("success_share", None, n=2)
    assert _figure(_one(found, "by_optimizer", "AdamW"), "success_share").value == 5 / 7


def test_declared_runs_enter_no_share() -> None:
    """A recipe is counted as such and decides nothing."""
    figures = _one(a_bit_of_everything(), "by_model", "mistral-7b").figures
    assert [(f.name, f.value) for f in figures[:6]] == [
        ("executed", 0),
        ("declared", 1),
        ("success", 0),
        ("failed", 0),
        ("unknown", 0),
        ("success_share", None),
    ]


def test_most_used_comes_first_then_by_name() -> None:
    """The order of the user's own list, without ties left to chance."""
    found = snapshot(made("1", model="b"), made("2", model="a"), made("3", model="c"), made("4", model="c"))
    assert _subjects(found, "by_model") == ["c", "a", "b"]


def test_family_joins_spellings() -> None:
    """Two sizes of a family are one row that names both."""
    found = snapshot(
        made("1", model="gpt2", model_family="GPT-2"), made("2", model="gpt2-medium", model_family="GPT-2")
    )
    learning = _one(found, "by_model", "GPT-2")
    assert [f.value for f in learning.figures if f.name == "name"] == ["gpt2", "gpt2-medium"]


def test_a_median_is_a_value_that_some_run_had() -> None:
    """Of two rates an order apart, the one in between was never tried."""
    found = snapshot(made("1", "success", learning_rate=1e-5), made("2", "success", learning_rate=1e-3))
    assert _figure(_one(found, "successful_rates"), "learning_rate") == Figure("learning_rate", 1e-5, 1e-5, 1e-3, 2)


def test_oom_boundary() -> None:
    """The smallest batch that did not fit beside the largest that did, of the same model."""
    learning = _one(a_bit_of_everything(), "oom_boundary", "GPT-2")
    assert _figure(learning, "oom_batch") == Figure("oom_batch", 16.0, 16, 32, 2)
    assert _figure(learning, "fitting_batch") == Figure("fitting_batch", 4.0, 4, 4, 5)


def test_memory_needs_gpu_model_and_batch() -> None:
    """The VRAM table holds measured runs alone."""
    assert _subjects(a_bit_of_everything(), "memory") == ["NVIDIA A100"]
    assert _subjects(snapshot(made("1", "success", model="a", batch_size=4)), "memory") == []


def test_failures_and_mere_issues_are_apart() -> None:
    """What decided an outcome is not mixed with what was handled or came after the end."""
    found = a_bit_of_everything()
    assert _subjects(found, "failure") == ["oom_gpu", "nan_loss"]
    assert _subjects(found, "issue") == ["exception", "oom_gpu", "overfitting"]
    assert _one(found, "issue", "oom_gpu").run_ids == ("yarim",)


def test_overfitting_names_the_epoch_of_the_minimum() -> None:
    """Read from the curve at the place that the issue names."""
    found = a_bit_of_everything()
    learning = next(x for x in found.learnings if x.id == "overfitting")
    assert _figure(learning, "epoch").value == 2.0
    assert _figure(learning, "step").value is None
    assert (_figure(learning, "lowest").value, _figure(learning, "last").value) == (1.5, 2.5)


def test_best_configuration_is_the_most_complete_success() -> None:
    """One a model; failed runs and runs that state next to nothing are none."""
    found = snapshot(
        made("1", "success", model="a", learning_rate=1e-4, batch_size=4),
        made("2", "success", model="a", learning_rate=1e-4, batch_size=4, optimizer="AdamW"),
        made("3", "failed", failure="nan_loss", model="a", learning_rate=1.0, batch_size=4, optimizer="SGD", seed=1),
        made("4", "success", model="b", seed=3),
    )
    assert [x.run_ids for x in found.learnings if x.id == "configuration"] == [("2",)]


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-03-04T05:06:07Z", "2026-03-04"),
        ("2026-03-04 05:06:07.123", "2026-03-04"),
        ("1772600767.5", "2026-03-04"),
        ("yesterday", None),
        ("12", None),
    ],
)
def test_newest_day(written: str, day: str | None) -> None:
    """ISO 8601 or epoch seconds; anything else is no date."""
    found = [x for x in snapshot(made("1", day=written)).learnings if x.id == "newest"]
    assert [x.figures[0].value for x in found] == ([] if day is None else [day])


def test_nothing_found_divides_by_nothing() -> None:
    """An empty scan has totals of zero and no shares."""
    found = snapshot()
    assert _figure(_one(found, "runs"), "success_share") == Figure("success_share", None, n=0)
    assert {f.value for f in _one(found, "files").figures} == {0}
