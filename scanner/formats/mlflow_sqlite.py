"""MLflow's SQL store in one SQLite file (`mlflow.db`): many runs in one file, each an execution of its own.

    runs      run_uuid, name, source_name, status, start_time, end_time, lifecycle_stage, experiment_id
    params    run_uuid, key, value
    tags      run_uuid, key, value
    metrics   run_uuid, key, value, timestamp, step, is_nan

The bytes are opened as a data base in memory, so that no file beside them is made; what a `-wal` file still holds is
put in place before (`_sqlite_wal`). Of the file's own SQL nothing is run: only tables are asked, by their names.
Deleted runs and those of deleted experiments are left out. Studies of Optuna and data bases of other programs have no
such tables. A run's folder is the file and the run's id. What the parts mean is told in `_mlflow_run` and
`_tracked_curve`.
"""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterator

from scanner.formats import _mlflow_run, _tracked_curve
from scanner.formats._base import Document, Stated

ID = "mlflow_sqlite"
DESCRIPTION = "Runs in MLflow's SQLite store (mlflow.db)"
SAMPLE = """runs:    0a1b2c3d4e5f60718293a4b5c6d7e8f9 | calm-bat-917 | FINISHED | active
metrics: 0a1b2c3d4e5f60718293a4b5c6d7e8f9 | train_loss | 0.3250 | step 0"""

_MAGIC = b"SQLite format 3\0"
_COLUMNS = (b"run_uuid", b"lifecycle_stage")
"""Stand in the schema, which a data base keeps as text."""

MAX_BYTES = 256 << 20
MAX_OPERATIONS = 400_000_000
"""Of SQLite's machine, all queries of a file together; past this the file is given up as broken."""

_OPERATIONS_A_CALL = 1_000_000
_LARGEST = 1.7976931348623157e308
"""Stands for infinity in the store, which cannot hold it."""

_Rows = dict[str, list[tuple[object, ...]]]


def wants(document: Document) -> bool:
    """SQLite files whose schema has MLflow's columns."""
    data = document.data
    return document.kind == "binary" and data.startswith(_MAGIC) and all(column in data for column in _COLUMNS)


def read(document: Document) -> Iterator[Stated]:
    """All runs of the store, by their begin. Raises ValueError where the file is too large or no sound data base."""
    if len(document.data) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES} bytes")
    connection = sqlite3.connect(":memory:")
    try:
        yield from _runs(connection, document)
    except sqlite3.Error as error:
        raise ValueError(f"SQLite: {error}") from error
    finally:
        connection.close()


def _runs(connection: sqlite3.Connection, document: Document) -> Iterator[Stated]:
    data = document.data
    # A file left in write-ahead mode (version numbers 2) cannot be opened in memory; its main part is the same.
    connection.deserialize(data[:18] + b"\1\1" + data[20:])
    left = [MAX_OPERATIONS // _OPERATIONS_A_CALL]

    def give_up() -> bool:
        left[0] -= 1
        return left[0] < 0

    connection.set_progress_handler(give_up, _OPERATIONS_A_CALL)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    # A text that is no UTF-8 is one broken value, not a broken store.
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    tables = {
        name
        for name, sql in connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        if not str(sql).upper().startswith("CREATE VIRTUAL")
    }
    if not {"runs", "params", "metrics", "tags"} <= tables:
        return
    runs = _active_runs(connection, tables)
    params = _by_run(connection, "SELECT run_uuid, key, value FROM params ORDER BY run_uuid, key")
    tags = _by_run(connection, "SELECT run_uuid, key, value FROM tags ORDER BY run_uuid, key")
    metrics = _by_run(connection, _metrics_query(connection))
    for segment, (run_id, *row) in enumerate(runs):
        key = str(run_id)
        for stated in (
            *_mlflow_run.identity(key, f"{document.path}/{key}", 0, f"run {key}"),
            *_run(row, tags.get(key, [])),
            *_settings(params.get(key, [])),
            *_metrics(metrics.get(key, [])),
        ):
            yield stated._replace(segment=segment, pointer=f"run {key}")


def _active_runs(connection: sqlite3.Connection, tables: set[str]) -> list[tuple[object, ...]]:
    gone = "SELECT experiment_id FROM experiments WHERE lifecycle_stage = 'deleted'"
    where = f" AND experiment_id NOT IN ({gone})" if "experiments" in tables else ""
    return connection.execute(
        "SELECT run_uuid, name, source_name, status, start_time, end_time FROM runs"
        f" WHERE lifecycle_stage <> 'deleted'{where} ORDER BY start_time, run_uuid"
    ).fetchall()


def _metrics_query(connection: sqlite3.Connection) -> str:
    """The columns for the step and for NaN came with version 1.0."""
    columns = {str(row[1]) for row in connection.execute("PRAGMA table_info(metrics)")}
    step = "step" if "step" in columns else "NULL"
    is_nan = "is_nan" if "is_nan" in columns else "0"
    return f"SELECT run_uuid, key, value, {step}, {is_nan} FROM metrics ORDER BY run_uuid, key, {step}, timestamp"


def _by_run(connection: sqlite3.Connection, query: str) -> _Rows:
    found: _Rows = defaultdict(list)
    for run_id, *row in connection.execute(query):
        found[str(run_id)].append(tuple(row))
    return found


def _run(row: list[object], tags: list[tuple[object, ...]]) -> Iterator[Stated]:
    """Name, program, state and times; a tag says the same as the column, which older or newer versions leave empty."""
    name, source, status, start, end = row
    tagged = {str(key): str(value) for key, value in tags if value not in (None, "")}
    tagged.setdefault("mlflow.runName", str(name or ""))
    tagged.setdefault("mlflow.source.name", str(source or ""))
    for key in sorted(_mlflow_run.TAGS & tagged.keys()):
        if tagged[key]:
            yield from _mlflow_run.tag(key, tagged[key], 0)
    yield from _mlflow_run.state("status", status, 0)
    yield from _mlflow_run.state("start_time", start, 0)
    yield from _mlflow_run.state("end_time", end, 0)


def _settings(rows: list[tuple[object, ...]]) -> Iterator[Stated]:
    for key, value in rows:
        text = str(value if value is not None else "").strip()
        if text and len(text) <= _mlflow_run.MAX_PARAMETER:
            yield from _mlflow_run.parameter(str(key), text, 0)


def _metrics(rows: list[tuple[object, ...]]) -> Iterator[Stated]:
    curves: dict[str, list[_tracked_curve.Point]] = defaultdict(list)
    for key, value, step, is_nan in rows:
        number = math.nan if is_nan else value
        if not isinstance(number, int | float):
            continue
        if abs(number) >= _LARGEST:
            number = math.copysign(math.inf, number)
        at = float(step) if isinstance(step, int | float) else None
        curves[str(key)].append(_tracked_curve.Point(float(number), at, 0))
    for key, points in curves.items():
        yield from _tracked_curve.stated(key, points, curves.keys())
