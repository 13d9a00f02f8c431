"""MLflow's data base file: several runs in one file, and files that are damaged, too large or hostile."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from scanner.formats import mlflow_sqlite
from scanner.formats._base import Document
from scanner.intake.crawl import Candidate, crawl
from scanner.intake.read_file import read_file

FIXTURES = Path(__file__).parent / "fixtures" / "formats" / "mlflow_sqlite"
STORE = FIXTURES / "store" / "project" / "mlflow.db"


def _read(data: bytes) -> list[object]:
    document = Document("mlflow.db", "binary", data=data)
    return list(mlflow_sqlite.read(document)) if mlflow_sqlite.wants(document) else []


def test_no_damage_raises_anything_but_a_value_error() -> None:
    """Flipped bytes and cut files end the reading, they never break it."""
    chance = random.Random(3)
    original = STORE.read_bytes()
    for turn in range(120):
        data = bytearray(original[: chance.randrange(len(original)) if turn % 3 == 0 else None])
        for _ in range(chance.randint(0, 12)):
            if data:
                data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            _read(bytes(data))
        except ValueError:
            continue


def test_a_damaged_store_is_a_recorded_skip(tmp_path: Path) -> None:
    """A file cut in its pages is told as malformed and keeps its row in the files table."""
    (tmp_path / "mlflow.db").write_bytes(STORE.read_bytes()[:12_000])
    (candidate,) = crawl((tmp_path,))
    assert isinstance(candidate, Candidate)
    findings = read_file(candidate)
    assert findings.file is not None
    assert [(skip.reason, skip.n_files) for skip in findings.skips] == [("malformed", 0)]


def test_reading_leaves_nothing_beside_the_file(tmp_path: Path) -> None:
    """A store in write-ahead mode is read and neither changed nor accompanied by new files."""
    data = (FIXTURES / "old" / "tracking.sqlite").read_bytes()
    (tmp_path / "mlflow.db").write_bytes(data)
    (candidate,) = crawl((tmp_path,))
    assert isinstance(candidate, Candidate)
    assert read_file(candidate).observations
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("mlflow.db", data)]


def test_a_view_under_a_table_s_name_is_not_asked() -> None:
    """An endless query behind the name `metrics` would hang the scan: only tables are read."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(
        """CREATE TABLE runs(run_uuid TEXT, lifecycle_stage TEXT);
        CREATE TABLE params(run_uuid TEXT); CREATE TABLE tags(run_uuid TEXT);
        CREATE VIEW metrics AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n;"""
    )
    assert _read(connection.serialize()) == []


def test_a_store_past_the_size_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes are copied into memory, so that their number is bounded."""
    monkeypatch.setattr(mlflow_sqlite, "MAX_BYTES", 1000)
    with pytest.raises(ValueError, match="more than"):
        _read(STORE.read_bytes())
