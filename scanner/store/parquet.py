"""Snapshots on disk: a scan becomes visible by one rename, and none is ever half there.

<out>/learnings/history/NNNN/   one complete snapshot a scan, made elsewhere and renamed into place
<out>/learnings/data/           the newest snapshot's tables for people and other tools (hard links where possible),
                                and those of replays; all of them are exchanged at once
<out>/learnings/scan-trainings.json   marks the folder as this program's output, so that a scan never reads it
"""

from __future__ import annotations

import filecmp
import hashlib
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from scanner.durable import move, part_of
from scanner.errors import StoreError
from scanner.records import Snapshot
from scanner.store.disk import mark, write_table, write_text
from scanner.store.publish import META, publish_newest, snapshots
from scanner.store.replays import load_forecasts, load_verdicts
from scanner.store.rows import Rows, snapshot_of
from scanner.store.schema import SCHEMA_VERSION, TABLES


def save(out: Path, rows: Rows, roots: tuple[str, ...], *, anonymous: bool = False) -> Path:
    """Write a snapshot and make it the newest; returns its folder. Raises StoreError when that cannot be written.

    One that says what the newest of the same month says is not kept a second time.
    `anonymous`: pseudonyms stand for the names of people and machines in the rows.
    """
    history = out / "learnings" / "history"
    try:
        mark(out)
        history.mkdir(exist_ok=True)
        number = next_number(out)
        target = history / f"{number:04d}"
        made = part_of(target)
        try:
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir()
            for name, schema in TABLES.items():
                write_table(made / f"{name}.parquet", rows.get(name, []), schema)
            meta: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "roots": list(roots)}
            meta["digests"] = {name: _digest(made / f"{name}.parquet") for name in TABLES}
            if anonymous:
                meta["anonymous"] = True
            newest = _equal(snapshots(out)[-1:], made, meta)
            if newest is not None:
                return newest
            write_text(made / META, json.dumps(meta) + "\n")
            move(made, target)
        finally:
            shutil.rmtree(made, ignore_errors=True)
        publish_newest(out)
    except OSError as error:
        raise StoreError(f"{error.filename or history}: {error.strerror or error}; choose another --out") from error
    return target


def _equal(newest: list[Path], made: Path, meta: dict[str, Any]) -> Path | None:
    """The newest snapshot when it is of this month and holds the tables that were made, byte for byte."""
    for known in newest:
        try:
            is_of_month = taken_at(known).strftime("%Y-%m") == datetime.now(UTC).strftime("%Y-%m")
            says_the_same = json.loads((known / META).read_text("utf-8")) == meta
            pairs = [(made / f"{name}.parquet", known / f"{name}.parquet") for name in TABLES]
            if is_of_month and says_the_same and all(filecmp.cmp(*pair, shallow=False) for pair in pairs):
                return known
        except (OSError, ValueError):
            return None  # what is broken there is replaced by what was made
    return None


def next_number(out: Path) -> int:
    """The number that the next scan gets."""
    known = snapshots(out)
    return int(known[-1].name) + 1 if known else 1


def changed_tables(out: Path) -> list[Path]:
    """Tables of the newest snapshot, and those that `data/` shows, that are not what the scan stored."""
    known = snapshots(out)
    if not known:
        return []
    newest = known[-1]
    try:
        digests = json.loads((newest / META).read_text("utf-8")).get("digests", {})
    except (OSError, ValueError, AttributeError):
        return [newest / META]
    tables = [(folder / f"{name}.parquet", name) for folder in (newest, out / "learnings" / "data") for name in digests]
    return [path for path, name in tables if not path.is_file() or _digest(path) != digests[name]]


def _digest(path: Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_anonymous(snapshot: Path) -> bool:
    """Whether a snapshot holds pseudonyms for the names of people and machines."""
    try:
        return bool(json.loads((snapshot / META).read_text("utf-8")).get("anonymous", False))
    except (OSError, ValueError, AttributeError):
        return False


def taken_at(snapshot: Path) -> datetime:
    """When a scan was stored, by the date of its folder's content: the tables themselves hold no clock."""
    return datetime.fromtimestamp((snapshot / META).stat().st_mtime, UTC)


def around(out: Path, month: str) -> tuple[Path | None, Path | None]:
    """The snapshot that shows a month (YYYY-MM) and the last one before the month; None where there is none.

    The last one taken in the month shows it; else the first one after it; else the last one there is. Those of other
    schema versions are not looked at. Raises StoreError when the newest one is of such.
    """
    check_schema(out)
    known = [folder for folder in snapshots(out) if _schema_of(folder) in (None, SCHEMA_VERSION)]
    taken = [(taken_at(folder).strftime("%Y-%m"), folder) for folder in known]
    earlier = [folder for at, folder in taken if at < month]
    own = [folder for at, folder in taken if at == month][-1:] or [folder for at, folder in taken if at > month][:1]
    if not own:
        return (earlier[-1] if earlier else None), None
    return own[0], (earlier[-1] if earlier else None)


def first_seen(out: Path, snapshot: Path | None = None) -> dict[str, int]:
    """Run id -> number of the scan that met it first, from the newest snapshot or the named one; empty before it.

    A snapshot of an older schema may not tell it: then no run was met before.
    """
    known = [snapshot] if snapshot is not None else snapshots(out)
    if not known:
        return {}
    try:
        table = _read_table(known[-1] / "runs.parquet", columns=["run_id", "first_seen"])
        if "first_seen" not in table.column_names and _schema_of(known[-1]) != SCHEMA_VERSION:
            return {}
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise StoreError(f"{known[-1]}: unreadable tables ({error}); move this folder away and scan again") from error
    return {row["run_id"]: row["first_seen"] for row in table.to_pylist()}


def check_schema(out: Path, *, is_scan: bool = False) -> None:
    """Raises StoreError, with the way out, where the newest snapshot is of a schema that this version does not read.

    A scan writes a new one beside those of older versions; what a newer version has made it does not continue.
    """
    for folder in snapshots(out)[-1:]:
        _check_schema(out, folder, is_scan)


def _check_schema(out: Path, folder: Path, is_scan: bool = False) -> None:
    version = _schema_of(folder)
    if version is None or version == SCHEMA_VERSION or (is_scan and version < SCHEMA_VERSION):
        return
    what = f"{folder}: tables of schema {version}, and this version of scan-trainings reads {SCHEMA_VERSION}"
    if version > SCHEMA_VERSION:
        raise StoreError(f"{what}; update it (`pip install -U scan-trainings`), or scan into another --out")
    raise StoreError(f"{what}; `scan-trainings scan PATHS --out {out}` makes new ones beside them")


def _schema_of(snapshot: Path) -> int | None:
    """The schema version of a snapshot; None where it does not say."""
    try:
        version = json.loads((snapshot / META).read_text("utf-8"))["schema_version"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return version if isinstance(version, int) else None


def load(out: Path, snapshot: Path | None = None) -> Snapshot:
    """The newest snapshot, or the named one. Raises StoreError when there is none or of another schema version."""
    known = [snapshot] if snapshot is not None else snapshots(out)
    if not known:
        raise StoreError(f"{out}: no scan is stored here; run `scan-trainings PATH --out {out}` first")
    _check_schema(out, known[-1])
    try:
        meta = json.loads((known[-1] / META).read_text("utf-8"))
        rows: Rows = {name: _read_rows(known[-1] / f"{name}.parquet") for name in TABLES if name not in _NOT_LOADED}
        found = snapshot_of(rows, tuple(meta["roots"]))
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowInvalid) as error:
        raise StoreError(f"{known[-1]}: unreadable tables ({error}); scan again") from error
    return with_replays(found, out)


def with_replays(found: Snapshot, out: Path) -> Snapshot:
    """The snapshot with the stored verdicts, and the forecasts of its runs. Raises StoreError as `load` does."""
    known = {run.run_id for run in found.runs}
    forecasts = tuple(forecast for forecast in load_forecasts(out) if forecast.run_id in known)
    return replace(found, verdicts=load_verdicts(out), forecasts=forecasts)


_NOT_LOADED = frozenset({"observations"})
"""What single places state, for other tools: no run, outcome or learning is made of it."""

_BATCH = 20_000


def _read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a table. Texts that repeat (paths, ids, formats) are one object each: half the memory."""
    known: dict[str, str] = {}
    rows: list[dict[str, Any]] = []
    for batch in pq.ParquetFile(path).iter_batches(_BATCH):
        for row in batch.to_pylist():
            for name, value in row.items():
                if value.__class__ is str:
                    row[name] = known.setdefault(value, value)
            rows.append(row)
    return rows


def _read_table(path: Path, columns: list[str] | None = None) -> pa.Table:
    return pq.ParquetFile(path).read(columns=columns)
