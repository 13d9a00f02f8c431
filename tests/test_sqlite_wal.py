"""Data bases in use: what a write-ahead file holds is read, and nothing beside the file is made or changed."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scanner import pipeline, store
from scanner.formats import _sqlite_wal
from scanner.intake import cache, listing
from scanner.intake.crawl import Candidate, crawl
from scanner.intake.read_file import read_file
from scanner.records import Findings
from scanner.settings import Settings

STORE = Path(__file__).parent / "fixtures" / "formats" / "mlflow_sqlite" / "store" / "project" / "mlflow.db"


@contextmanager
def _in_use(folder: Path, n_params: int = 1) -> Iterator[sqlite3.Connection]:
    """MLflow's store with parameters that only its -wal file holds, for as long as the context lasts."""
    shutil.copy(STORE, folder / "mlflow.db")
    writer = sqlite3.connect(folder / "mlflow.db")
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    (run,) = writer.execute("SELECT run_uuid FROM runs WHERE lifecycle_stage = 'active' ORDER BY start_time").fetchone()
    for n in range(n_params):
        name = "optimizer" if n == 0 else f"note{n}"
        writer.execute(
            "INSERT OR REPLACE INTO params (run_uuid, key, value) VALUES (?, ?, ?)", (run, name, "Lion" + "x" * 9 * n)
        )
        writer.commit()
    try:
        yield writer
    finally:
        writer.close()


def _read(folder: Path) -> Findings:
    (candidate,) = [c for c in crawl((folder,)) if isinstance(c, Candidate) and c.path == "mlflow.db"]
    return read_file(candidate)


def _optimizers(found: Findings) -> list[object]:
    return [o.value for o in found.observations if o.id == "optimizer"]


def _state(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.iterdir()}


@pytest.mark.parametrize("n_params", [1, 300])
@pytest.mark.skipif(os.name == "nt", reason="an -shm file in use cannot be read there")
def test_what_the_write_ahead_file_holds_is_read(tmp_path: Path, n_params: int) -> None:
    """Beside a living writer: -wal and -shm are there before and after, byte for byte, and the new value is found."""
    with _in_use(tmp_path, n_params):
        before = _state(tmp_path)
        found = _read(tmp_path)
        assert _state(tmp_path) == before and set(before) == {"mlflow.db", "mlflow.db-wal", "mlflow.db-shm"}
    assert "Lion" in _optimizers(found) and not found.skips


def test_the_next_scan_sees_what_was_committed_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The data base itself is as it was: what was found in it before does not stand for it."""
    for module in (cache, listing):
        monkeypatch.setattr(module, "DOUBT_NS", -(10**15))  # the times of these files are taken as settled
    (tmp_path / "tree").mkdir()
    settings = Settings((tmp_path / "tree",), tmp_path / "out")
    with _in_use(tmp_path / "tree") as writer:
        for optimizer in ("Lion", "Adafactor"):
            writer.execute("UPDATE params SET value = ? WHERE key = 'optimizer'", (optimizer,))
            writer.commit()
            pipeline.scan(settings, lambda _: None)
            assert optimizer in {
                run.values["optimizer"].value for run in store.load(tmp_path / "out").runs if "optimizer" in run.values
            }


def test_left_behind_by_a_writer_that_died(tmp_path: Path) -> None:
    """The same without any process that has it open, and without -shm."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with _in_use(tmp_path / "a"):
        for name in ("mlflow.db", "mlflow.db-wal"):
            shutil.copy(tmp_path / "a" / name, tmp_path / "b" / name)
    before = _state(tmp_path / "b")
    assert "Lion" in _optimizers(_read(tmp_path / "b"))
    assert _state(tmp_path / "b") == before


def test_in_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    """SQLite itself could not open it there."""
    with _in_use(tmp_path):
        os.chmod(tmp_path, 0o500)
        try:
            assert "Lion" in _optimizers(_read(tmp_path))
        finally:
            os.chmod(tmp_path, 0o700)


@pytest.mark.parametrize("begin", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_locked_by_a_living_writer(tmp_path: Path, begin: str) -> None:
    """What is not committed is not there yet; what was, is."""
    with _in_use(tmp_path) as writer:
        writer.execute("PRAGMA cache_size = 1")  # so that pages reach the -wal file before the commit
        writer.execute(begin)
        writer.execute("UPDATE params SET value = 'Undone' WHERE key = 'optimizer'")
        tags = [(f"t{n}", "x" * 999) for n in range(99)]
        writer.executemany("INSERT INTO tags (key, value, run_uuid) SELECT ?, ?, run_uuid FROM runs", tags)
        found = _read(tmp_path)
        writer.rollback()
    assert "Lion" in _optimizers(found) and "Undone" not in _optimizers(found)


def test_frames_of_before_and_broken_ones_do_not_count(tmp_path: Path) -> None:
    """After a checkpoint the file is begun anew over its old frames; a frame that is torn ends it."""
    with _in_use(tmp_path, 40) as writer:
        writer.execute("PRAGMA wal_checkpoint(RESTART)")
        writer.execute("UPDATE params SET value = 'Adafactor' WHERE key = 'optimizer'")
        writer.commit()
        data, wal = ((tmp_path / name).read_bytes() for name in ("mlflow.db", "mlflow.db-wal"))
        assert "Adafactor" in _optimizers(_read(tmp_path))
    assert _sqlite_wal.with_committed(data, wal) != data
    torn = bytearray(wal)
    torn[_sqlite_wal.HEADER_BYTES + 24 + 100] ^= 1
    assert _sqlite_wal.with_committed(data, bytes(torn)) == data


def test_the_pages_are_those_that_sqlite_sees(tmp_path: Path) -> None:
    """The same content as after SQLite's own checkpoint, also where the data base has shrunk."""
    with _in_use(tmp_path, 200) as writer:
        writer.execute("DELETE FROM params WHERE key LIKE 'note%'")
        writer.commit()
        writer.execute("VACUUM")
        merged = _sqlite_wal.with_committed(*((tmp_path / f"mlflow.db{end}").read_bytes() for end in ("", "-wal")))
        wanted = list(writer.iterdump())
    seen = sqlite3.connect(":memory:")
    seen.deserialize(merged[:18] + b"\1\1" + merged[20:])
    assert list(seen.iterdump()) == wanted
    seen.close()


@pytest.mark.parametrize("wal", [b"", b"x" * 31, b"\0" * 5000, b"\x37\x7f\x06\x82" + b"\xff" * 9000])
def test_a_file_that_is_no_write_ahead_file_changes_nothing(tmp_path: Path, wal: bytes) -> None:
    """Whatever stands under that name."""
    data = STORE.read_bytes()
    assert _sqlite_wal.with_committed(data, wal) == data
    shutil.copy(STORE, tmp_path / "mlflow.db")
    (tmp_path / "mlflow.db-wal").write_bytes(wal)
    assert _read(tmp_path).observations


def test_a_write_ahead_file_past_its_limit_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be read whole."""
    monkeypatch.setattr(_sqlite_wal, "MAX_BYTES", 1000)
    with _in_use(tmp_path):
        assert [skip.reason for skip in _read(tmp_path).skips] == ["too_large"]
