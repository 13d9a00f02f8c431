"""A month beside the one before: what counts into it, what changed since, for people and for machines."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scanner import store
from scanner.cli import main
from scanner.learn.monthly import month, months_before
from scanner.records import Figure, Learning, Snapshot
from tests.made_runs import Made, made, snapshot


def _month(name: str, now: Snapshot, before: Snapshot | None = None, **seen: str) -> tuple[Learning, ...]:
    return month(name, now, before, seen)


def _one(found: tuple[Learning, ...], name: str, subject: str = "") -> Learning:
    return next(x for x in found if (x.id, x.subject) == (name, subject))


def _figure(learning: Learning, name: str) -> Figure:
    return next(figure for figure in learning.figures if figure.name == name)


def test_months_by_evidence_and_by_first_sight_are_apart() -> None:
    """A stated date wins over the scan that met the run; without either a run is in no month."""
    now = snapshot(
        made("dated", "success", start="2026-10-03T10:00:00"),
        made("ended", day="2026-10-31T23:00:00Z"),
        made("other", "failed", failure="oom_gpu", start="2026-09-03T10:00:00"),
        made("undated", "failed", failure="oom_gpu"),
        made("never_seen"),
        made("recipe", "declared"),
    )
    found = _month("2026-10", now, None, dated="2026-11", undated="2026-10", other="2026-10")
    assert _one(found, "month", "2026-10").run_ids == ("dated", "ended", "undated")
    assert _one(found, "month_dated").run_ids == ("dated", "ended")
    assert _one(found, "month_seen").run_ids == ("undated",)
    trend = {x.subject: len(x.run_ids) for x in found if x.id == "month_trend"}
    assert trend == {"2026-05": 0, "2026-06": 0, "2026-07": 0, "2026-08": 0, "2026-09": 1, "2026-10": 3}


def test_months_before_a_january() -> None:
    """Over the turn of the year."""
    assert months_before("2026-02", 4) == ["2025-11", "2025-12", "2026-01", "2026-02"]


def test_new_failing_fixed_and_vanished() -> None:
    """By id, by the place of a log that went on, and by experiment for runs that are new."""
    before = snapshot(
        made("p/same", "success"),
        made("p/log"),
        made("p/gone", "success"),
        made("q/1", "failed", failure="oom_gpu", script="q/train.py"),
        made("r/1", "success", script="r/train.py"),
    )
    grown, outcome = made("p/log", "failed", failure="killed")
    now = snapshot(
        made("p/same", "success"),
        (type(grown)(**{f: getattr(grown, f) for f in grown.__slots__} | {"run_id": "grown"}), outcome),
        made("q/1", "failed", failure="oom_gpu", script="q/train.py"),
        made("q/2", "success", script="q/train.py"),
        made("r/1", "success", script="r/train.py"),
        made("r/2", "failed", failure="nan_loss", script="r/train.py"),
        made("s/1", "failed", failure="nan_loss", script="s/train.py"),
    )
    found = _month("2026-10", now, before)
    assert _one(found, "month_new").run_ids == ("q/2", "r/2", "s/1")
    assert _one(found, "month_failing").run_ids == ("grown", "r/2")
    assert _one(found, "month_fixed").run_ids == ("q/2",)
    assert _one(found, "month_vanished").run_ids == ("p/gone",)


def test_without_an_earlier_scan_nothing_is_called_new() -> None:
    """Nor vanished, nor changed."""
    found = _month("2026-10", snapshot(made("1")))
    assert not [x.id for x in found if x.id in ("month_new", "month_vanished", "month_change")]


def _runs(prefix: str, day: str, success: int, failed: int, failure: str = "oom_gpu") -> list[Made]:
    return [made(f"{prefix}/s{n}", "success", start=day) for n in range(success)] + [
        made(f"{prefix}/f{n}", "failed", failure=failure, start=day) for n in range(failed)
    ]


def test_the_share_and_its_trend_have_intervals() -> None:
    """And below five decided runs a side it says how many are missing."""
    found = _month("2026-10", snapshot(*_runs("a", "2026-09-01", 1, 9), *_runs("b", "2026-10-01", 9, 1)))
    assert _figure(_one(found, "month", "2026-10"), "success_share")._replace(low=None, high=None).value == 0.9
    told = _figure(_one(found, "month_difference"), "difference")
    assert told.value == pytest.approx(0.8) and told.low is not None and told.low > 0
    few = _one(_month("2026-10", snapshot(*_runs("b", "2026-10-01", 9, 1))), "month_difference")
    assert _figure(few, "missing").value == 5 and _figure(few, "difference").value is None


def test_new_failure_classes_are_those_that_no_earlier_run_shows() -> None:
    """Neither by date nor in the earlier scan."""
    runs = [
        *_runs("a", "2026-09-01", 0, 1),
        *_runs("b", "2026-10-01", 0, 2),
        *_runs("c", "2026-10-02", 0, 1, "nan_loss"),
    ]
    found = _month("2026-10", snapshot(*runs))
    assert {x.subject: _figure(x, "is_new").value for x in found if x.id == "month_failure"} == {
        "oom_gpu": False,
        "nan_loss": True,
    }
    old = snapshot(*_runs("c", "2026-10-02", 0, 1, "nan_loss"))
    again = _month("2026-10", snapshot(*runs), old)
    assert _figure(_one(again, "month_failure", "nan_loss"), "is_new").value is False


def test_targets_of_the_users_document() -> None:
    """100 successes, under 20 % failed, over all runs."""
    found = _month("2026-10", snapshot(*_runs("a", "2026-09-01", 100, 24)))
    success, failed = _one(found, "target", "success"), _one(found, "target", "failed")
    assert (_figure(success, "value").value, _figure(success, "reached").value) == (100, True)
    assert _figure(failed, "value").value == pytest.approx(24 / 124) and _figure(failed, "reached").value is True
    empty = _one(_month("2026-10", snapshot()), "target", "failed")
    assert (_figure(empty, "value").value, _figure(empty, "reached").value) == (None, False)


def test_the_three_learnings_that_changed_most() -> None:
    """A share that turned before one that moved a little; what did not change is none of them."""
    before = snapshot(*(made(f"a{n}", "success", optimizer="SGD", model="m", device="cpu") for n in range(10)))
    after = snapshot(
        *(made(f"a{n}", "success", optimizer="SGD", model="m", device="cpu") for n in range(10)),
        *(made(f"b{n}", "failed", failure="nan_loss", optimizer="SGD", model="m") for n in range(20)),
    )
    changes = [x for x in _month("2026-10", after, before) if x.id == "month_change"]
    assert len(changes) == 3
    assert (changes[0].figures[0].value, changes[0].subject) == ("failure", "nan_loss")
    assert "by_device" not in [x.figures[0].value for x in changes]
    assert not [x for x in _month("2026-10", before, before) if x.id == "month_change"]


# -------------------------------------------------------------------------------------------------- the command


def _run(*args: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in args])


def _store(found: Snapshot, out: Path, taken: str) -> None:
    """Store a scan as if it had been taken on that day."""
    rows = store.intake_rows(found.files, found.skips, (), (s for run in found.runs for s in run.series))
    rows |= store.run_rows(found.runs, found.outcomes, store.first_seen(out), store.next_number(out))
    folder = store.save(out, rows | store.learning_rows(found.learnings), found.roots)
    at = datetime.fromisoformat(taken).replace(tzinfo=UTC).timestamp()
    os.utime(folder / "scan.json", (at, at))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Scans of September, October (two) and December."""
    first = _runs("a", "2026-09-01", 3, 2)
    _store(snapshot(*first, made("gone", "success")), tmp_path, "2026-09-30")
    _store(snapshot(*first), tmp_path, "2026-10-02")
    second = [*first, *_runs("b", "2026-10-05", 6, 2, "nan_loss"), made("undated", "success")]
    _store(snapshot(*second), tmp_path, "2026-10-30")
    _store(snapshot(*second, made("later", "failed", failure="killed", start="2026-12-02")), tmp_path, "2026-12-03")
    return tmp_path


def test_month_report_of_the_stored_scans(out: Path) -> None:
    """The last scan of the month beside the last one before it, in Markdown and JSON, the same bytes twice."""
    done = _run("report", "--out", out, "--month", "2026-10")
    assert (done.exit_code, done.output.strip()) == (0, str(out / "learnings/monthly/2026-10.md"))
    text = (out / "learnings/monthly/2026-10.md").read_text("utf-8")
    assert "# Aylık Rapor: 2026-10" in text and "(tarama 3, karşılaştırma: tarama 1)" in text
    assert "- **Deneme**: 9 (✅ 7 · ❌ 2 · ❓ 0)" in text
    assert "Tarihi bilinmeyen, bu ay ilk kez görülen: 1 – `undated/train.log:1` (`undated`)" in text
    assert (
        "- **Yeni deneme**: 9" in text
        and "- **Kaybolan (önceki taramada vardı, artık bulunamıyor)**: 1 – `gone/" in text
    )
    assert "| NaN Loss | 2 | 🆕 evet |" in text
    assert "7 / 100" not in text and "10 / 100" in text
    found = json.loads((out / "learnings/monthly/2026-10.json").read_text("utf-8"))
    assert (found["month"], found["scan"], found["compared_with_scan"]) == ("2026-10", 3, 1)
    new = next(x for x in found["learnings"] if x["id"] == "month_new")
    assert new["figures"][0]["value"] == len(new["run_ids"]) == 9
    before = {p.name: p.read_bytes() for p in (out / "learnings/monthly").iterdir()}
    _run("report", "--out", out, "--month", "2026-10")
    assert {p.name: p.read_bytes() for p in (out / "learnings/monthly").iterdir()} == before


@pytest.mark.parametrize(
    ("name", "scans"),
    [("2026-08", "(tarama 1)"), ("2026-11", "(tarama 4, karşılaştırma: tarama 3)"), ("2027-01", "(tarama 4)")],
)
def test_months_without_a_scan_take_the_nearest(name: str, scans: str, out: Path) -> None:
    """The first one after the month; after all scans the last one, compared with nothing."""
    assert _run("report", "--out", out, "--month", name).exit_code == 0
    text = (out / f"learnings/monthly/{name}.md").read_text("utf-8")
    assert scans in text and "Bu aya ait bir deneme bulunamadı." in text


def test_the_gate_is_about_the_month(out: Path) -> None:
    """2 of 9 decided runs failed in October."""
    assert _run("report", "--out", out, "--month", "2026-10", "--fail-over", "25").exit_code == 0
    gate = _run("report", "--out", out, "--month", "2026-10", "--fail-over", "20")
    assert gate.exit_code == 1 and "22.2% of 9 decided runs failed (limit 20%)" in gate.output


@pytest.mark.parametrize("name", ["2026-13", "10-2026", "ekim", "../../x"])
def test_a_month_that_is_none_is_one_clear_line(name: str, out: Path) -> None:
    """With the way to write it."""
    done = _run("report", "--out", out, "--month", name)
    assert done.exit_code == 2 and "write it as 2026-10" in done.output
