"""What many runs teach: figures, intervals, boundaries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.learn._experiments import moment_of
from scanner.learn._figures import wilson
from scanner.learn.fair import newcombe
from scanner.learn.scales import decade
from scanner.records import Figure, Learning, Scalar, Snapshot
from tests.made_runs import Made, a_bit_of_everything, made, snapshot


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


# ------------------------------------------------------------------------------------ experiments and comparisons


def _pair(n: int, **changed: float) -> list[Made]:
    """A failed run and, an hour later, the success of the same script with other values."""
    script, model = f"p{n}/train.py", "tiny"
    before = {"learning_rate": 1e-3, "batch_size": 16}
    return [
        made(f"p{n}/b", "success", start=f"2026-10-0{n}T11:00:00", script=script, model=model, **(before | changed)),
        made(
            f"p{n}/a", "failed", failure="oom_gpu", start=f"2026-10-0{n}T10:00:00", script=script, model=model, **before
        ),
    ]


def test_what_changed_between_a_failure_and_the_next_success() -> None:
    """Field by field over all pairs, which way, and each pair with its values; order is time, not the table's."""
    found = snapshot(*_pair(1, batch_size=4), *_pair(2, batch_size=8, learning_rate=1e-2), *_pair(3))
    head, batch, rate = _one(found, "sequels"), _one(found, "sequel_field", "batch_size"), "learning_rate"
    assert [(f.name, f.value) for f in head.figures] == [
        ("pairs", 3),
        ("unchanged", 1),
        ("missing", 0),
        ("without_times", 0),
    ]
    assert [f.value for f in batch.figures] == [2, 3, 2, 0]
    assert [f.value for f in _one(found, "sequel_field", rate).figures] == [1, 3, 0, 1]
    pairs = [x for x in found.learnings if x.id == "sequel"]
    assert [x.run_ids for x in pairs] == [("p1/a", "p1/b"), ("p2/a", "p2/b")]
    assert [f.value for f in pairs[0].figures] == ["oom_gpu", "batch_size", 16, 4]


def test_few_pairs_say_how_many_are_missing() -> None:
    """Below the minimum of evidence there is a number to reach, not a rule."""
    assert _figure(_one(snapshot(*_pair(1, batch_size=4)), "sequels"), "missing").value == 2


def test_without_times_nothing_comes_after_anything() -> None:
    """The order of the table is no order of time; clocks with and without a zone are not compared."""
    runs = [made("p/1", "failed", failure="oom_gpu", script="t.py"), made("p/2", "success", script="t.py")]
    assert _figure(_one(snapshot(*runs), "sequels"), "without_times").value == 1
    mixed = [
        made("p/1", "failed", failure="oom_gpu", script="t.py", start="2026-10-01T10:00:00"),
        made("p/2", "success", script="t.py", start="2026-10-01T12:00:00+00:00"),
    ]
    assert _subjects(snapshot(*mixed), "sequel") == [] and _subjects(snapshot(*mixed), "sequels") == []


def test_other_scripts_and_models_are_other_experiments() -> None:
    """A success of something else fixes nothing."""
    failed = made("p/1", "failed", failure="oom_gpu", script="a.py", model="m", start="2026-10-01T10:00:00")
    for script, model in (("b.py", "m"), ("a.py", "n")):
        other = made("p/2", "success", script=script, model=model, start="2026-10-01T12:00:00")
        assert _subjects(snapshot(failed, other), "sequels") == []


@pytest.mark.parametrize(
    ("k", "n", "m", "o", "low", "high"),
    [(56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090), (10, 10, 0, 20, 0.6791, 1.0)],
)
def test_newcombe_against_published_values(k: int, n: int, m: int, o: int, low: float, high: float) -> None:
    """The score interval without continuity correction in Newcombe's table II (1998)."""
    assert newcombe(k, n, m, o) == pytest.approx((low, high), abs=5e-5)


def _many(optimizer: str, success: int, failed: int, model: str = "m") -> list[Made]:
    ends = [("success", n) for n in range(success)] + [("failed", n) for n in range(failed)]
    return [made(f"{optimizer}{s}{n}", s, failure="nan_loss", model=model, optimizer=optimizer) for s, n in ends]


def test_fair_comparisons_stay_within_a_model_and_need_evidence() -> None:
    """A difference with its interval; below five decided runs a side how many are missing; other models do not mix."""
    found = snapshot(*_many("AdamW", 9, 1), *_many("SGD", 3, 7), *_many("Lion", 2, 0), *_many("Adam", 9, 0, "other"))
    rows = {(_figure(x, "a").value, _figure(x, "b").value): x for x in found.learnings if x.id == "fair_optimizer"}
    assert set(rows) == {("AdamW", "SGD"), ("AdamW", "Lion"), ("SGD", "Lion")}
    told = _figure(rows["AdamW", "SGD"], "difference")
    assert (told.value, told.n) == (pytest.approx(0.6), 20) and told.low is not None and told.low > 0
    assert _figure(rows["AdamW", "Lion"], "difference") == Figure("difference", None, n=12)
    assert _figure(rows["AdamW", "Lion"], "missing").value == 3


def test_speed_only_between_equal_settings() -> None:
    """Steps a second of the same experiment on two devices; another batch size is another thing."""
    same: dict[str, Scalar] = {"model": "m", "batch_size": 8, "steps_done": 100}
    slow = made("p/1", script="t.py", device="cpu", gpu_name="T4", duration_s=100.0, **same)
    fast = made("p/2", script="t.py", device="cuda", gpu_name="T4", duration_s=20.0, **same)
    other = made("p/3", script="t.py", device="cuda", gpu_name="A100", duration_s=1.0, **(same | {"batch_size": 64}))
    found = snapshot(slow, fast, other)
    speed = [x for x in found.learnings if x.id == "speed"]
    assert [{f.name: f.value for f in x.figures} for x in speed] == [
        {"slow": "cpu", "fast": "T4", "ratio": 5.0, "slow_rate": 1.0, "fast_rate": 5.0}
    ]
    hours = {x.subject: _figure(x, "hours").value for x in found.learnings if x.id == "hours"}
    assert hours == {"cpu": 100 / 3600, "T4": 20 / 3600, "A100": 1 / 3600}


def test_useful_epochs() -> None:
    """The epoch of the lowest validation loss beside the last one; two points are no curve."""
    found = snapshot(
        made("1", curves={"eval_loss": [3.0, 1.0, 2.0, 2.5]}),
        made("2", curves={"eval_loss": [3.0, 2.0, 1.0]}),
        made("3", curves={"eval_loss": [3.0, 2.0]}),
    )
    learning = _one(found, "useful_epochs")
    assert (learning.run_ids, _figure(learning, "best").low, _figure(learning, "best").high) == (("1", "2"), 2, 3)
    assert (_figure(learning, "last").high, _figure(learning, "before_last").value) == (4, 1)


def test_experiments_without_a_success() -> None:
    """Numbered runs of one model are one experiment; one that succeeded once is finished."""
    found = snapshot(
        made("runs/exp", model="yolo"),
        made("runs/exp2", "failed", failure="oom_gpu", model="yolo"),
        made("runs/exp3", model="other"),
        made("x", "success"),
    )
    assert [(x.subject, len(x.run_ids)) for x in found.learnings if x.id == "unfinished"] == [
        ("runs/exp", 2),
        ("runs/exp", 1),
    ]


def test_suggestions_come_from_gaps() -> None:
    """Memory that nothing saved, a success that stands alone, one decade of rates, a recipe that never ran."""
    found = snapshot(
        made("1", "failed", failure="oom_gpu", model="m", learning_rate=1e-4),
        made("2", "success", model="m", learning_rate=2e-4),
        made("3", model="m", learning_rate=3e-4),
        made("4", "declared", model="r"),
        made("5", "failed", failure="oom_gpu", model="saved"),
        made("6", model="saved", lora_r=8),
    )
    tries = [(x.id, x.subject, x.run_ids) for x in found.learnings if x.id.startswith("try_")]
    assert tries == [
        ("try_memory", "m", ("1",)),
        ("try_again", "m", ("2",)),
        ("try_rates", "m", ("1", "2", "3")),
        ("try_recipe", "r", ("4",)),
    ]


def test_moments_keep_the_day_that_was_written() -> None:
    """A zone moves the point in time, not the date on the page."""
    found = moment_of("2026-03-01T00:30:00+03:00")
    assert found is not None and (found.has_zone, found.day, found.month) == (True, "2026-03-01", "2026-03")
    assert moment_of("1026-03-01") is None
