"""The tables: nothing is lost between records and Parquet, and a snapshot is whole or absent."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from scanner import store
from scanner.errors import StoreError
from scanner.records import Figure, Learning, Skip, Snapshot, SourceFile
from scanner.store.rows import snapshot_of
from scanner.store.schema import FIELDS, TABLES
from tests.trees import hf_log, runs_of

LEARNINGS = (
    Learning(
        "totals", "", (Figure("share", 0.5, 0.1, 0.9, 4), Figure("name", "gpt2"), Figure("none", None)), ("a", "b")
    ),
    Learning("empty", "x", (), ()),
)


def _rows(tmp_path: Path) -> tuple[dict[str, list[dict[str, object]]], Snapshot]:
    found = runs_of(
        tmp_path / "tree",
        {
            "a/train.log": hf_log(losses=[2.0, 1.5, 1.0], epochs=3),
            "b/train.log": hf_log(losses=[2.0, 1.5], epochs=3, end=False) + "RuntimeError: CUDA out of memory.\n",
            "a/train.py": "# nothing\n",
        },
    )
    runs, outcomes = [r for r, _ in found], [o for _, o in found]
    files = (SourceFile("a/train.log", 3, "00", "utf-8", ("hf_console",), 2, 3),)
    skips = (Skip("x.png", "crawl", "image", ".png", 1),)
    series = [s for run in runs for s in run.series]
    rows = store.intake_rows(files, skips, [], series) | store.run_rows(runs, outcomes, {}, 1)
    rows |= store.learning_rows(LEARNINGS)
    return rows, Snapshot(("tree",), files, skips, tuple(runs), tuple(outcomes), LEARNINGS)


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    """save and load are inverse, down to the locator of every value."""
    rows, snapshot = _rows(tmp_path)
    assert len(snapshot.runs) == 2
    store.save(tmp_path / "out", rows, ("tree",))
    # By repr: a NaN in a curve is not equal to itself.
    assert repr(store.load(tmp_path / "out")) == repr(snapshot)
    assert repr(snapshot_of(rows, ("tree",))) == repr(snapshot)


def test_same_records_same_bytes(tmp_path: Path) -> None:
    """Two scans of one tree write identical tables, which one month keeps once and another month once more."""
    rows, _ = _rows(tmp_path)
    store.save(tmp_path / "out", rows, ("tree",))
    first = {p.name: p.read_bytes() for p in (tmp_path / "out/learnings/data").glob("*.parquet")}
    store.save(tmp_path / "out", rows, ("tree",))
    assert {p.name: p.read_bytes() for p in (tmp_path / "out/learnings/data").glob("*.parquet")} == first
    assert set(first) == {f"{name}.parquet" for name in TABLES}
    assert [p.name for p in store.snapshots(tmp_path / "out")] == ["0001"]
    os.utime(tmp_path / "out/learnings/history/0001/scan.json", (0, 0))
    store.save(tmp_path / "out", rows, ("tree",))
    assert [p.name for p in store.snapshots(tmp_path / "out")] == ["0001", "0002"]


def test_runs_table_has_the_contract_s_columns(tmp_path: Path) -> None:
    """runs.parquet carries every field of the contract under exactly its name, one row a run."""
    rows, _ = _rows(tmp_path)
    store.save(tmp_path / "out", rows, ("tree",))
    table = pq.ParquetFile(tmp_path / "out/learnings/data/runs.parquet").read()
    extra = ("run_id", "project", "name", "kind", "evidence", "outcome", "outcome_rule", "failures", "started_at")
    assert {*FIELDS, *extra, "ended_at", "first_seen", "effective_batch_size"} <= set(table.column_names)
    assert table.column("effective_batch_size").to_pylist() == [16, 16]


def test_first_seen_survives_later_scans(tmp_path: Path) -> None:
    """A run keeps the number of the scan that met it first."""
    rows, snapshot = _rows(tmp_path)
    store.save(tmp_path / "out", rows, ("tree",))
    assert store.next_number(tmp_path / "out") == 2
    assert store.first_seen(tmp_path / "out") == {run.run_id: 1 for run in snapshot.runs}


def test_half_a_snapshot_is_never_seen(tmp_path: Path) -> None:
    """What a crash left half written is not read."""
    rows, snapshot = _rows(tmp_path)
    store.save(tmp_path / "out", rows, ("tree",))
    (tmp_path / "out/learnings/history/.0002.99.part").mkdir()
    assert repr(store.load(tmp_path / "out")) == repr(snapshot)


def test_no_snapshot_and_foreign_schema_are_errors(tmp_path: Path) -> None:
    """One line that says what to do."""
    with pytest.raises(StoreError, match="no scan is stored here"):
        store.load(tmp_path)
    rows, _ = _rows(tmp_path)
    folder = store.save(tmp_path / "out", rows, ("tree",))
    (folder / "scan.json").write_text('{"schema_version": 99, "roots": []}')
    with pytest.raises(StoreError, match="schema 99"):
        store.load(tmp_path / "out")
