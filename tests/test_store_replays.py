"""Verdicts and forecasts on disk: nothing is lost, and no scan takes them away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scanner import pipeline, store
from scanner.errors import StoreError
from scanner.settings import Settings
from tests.made_verdicts import FORECAST, VERDICTS


def _scanned(tmp_path: Path) -> Settings:
    tree = tmp_path / "tree"
    (tree / "a").mkdir(parents=True)
    (tree / "a/train.log").write_text("epoch 1 loss 2.0\nRuntimeError: CUDA out of memory.\n")
    settings = Settings((tree,), tmp_path / "out", 1)
    pipeline.scan(settings, lambda _: None)
    return settings


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    """Figures without a value, intervals, truth values, a claim without a place; in an empty folder."""
    store.save_verdicts(tmp_path, VERDICTS)
    store.save_forecasts(tmp_path, [FORECAST])
    order = ["K2", "M7", "M10", "O1", "X1"]
    assert store.load_verdicts(tmp_path) == tuple(sorted(VERDICTS, key=lambda v: order.index(v.claim)))
    assert store.load_forecasts(tmp_path) == (FORECAST,)


def test_same_records_same_bytes(tmp_path: Path) -> None:
    """Whatever the order in which they came."""
    store.save_verdicts(tmp_path / "a", VERDICTS)
    for verdict in reversed(VERDICTS):
        store.save_verdicts(tmp_path / "b", [verdict])
    name = "learnings/data/verdicts.parquet"
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_replay_of_one_claim_leaves_the_others(tmp_path: Path) -> None:
    """It takes the place of its own claim's verdict alone."""
    store.save_verdicts(tmp_path, VERDICTS)
    again = replace(VERDICTS[1], status="inconclusive", basis="measured")
    store.save_verdicts(tmp_path, [again])
    found = {verdict.claim: verdict for verdict in store.load_verdicts(tmp_path)}
    assert found == {verdict.claim: verdict for verdict in VERDICTS} | {"M7": again}


def test_a_scan_keeps_what_a_replay_wrote(tmp_path: Path) -> None:
    """A scan into the folder of a replay, and another one; the snapshots of scans hold neither table."""
    store.save_verdicts(tmp_path / "out", VERDICTS)
    before = (tmp_path / "out/learnings/data/verdicts.parquet").read_bytes()
    settings = _scanned(tmp_path)
    assert (tmp_path / "out/learnings/data/verdicts.parquet").read_bytes() == before
    pipeline.scan(settings, lambda _: None)
    assert {v.claim for v in store.load(settings.out).verdicts} == {v.claim for v in VERDICTS}
    assert not list((tmp_path / "out/learnings/history").rglob("verdicts.parquet"))


def test_forecasts_of_vanished_runs_are_not_loaded(tmp_path: Path) -> None:
    """Only those of runs that the newest scan found."""
    settings = _scanned(tmp_path)
    run_id = store.load(settings.out).runs[0].run_id
    store.save_forecasts(settings.out, [FORECAST, replace(FORECAST, run_id=run_id)])
    assert [forecast.run_id for forecast in store.load(settings.out).forecasts] == [run_id]


def test_an_unreadable_table_says_what_to_do(tmp_path: Path) -> None:
    """One clear line with the file's name."""
    store.save_verdicts(tmp_path, VERDICTS)
    (tmp_path / "learnings/data/verdicts.parquet").write_bytes(b"PAR1 no table")
    with pytest.raises(StoreError, match=r"verdicts\.parquet: unreadable .*replay again"):
        store.load_verdicts(tmp_path)
