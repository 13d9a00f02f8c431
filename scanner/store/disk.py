"""Files of the store: tables as Parquet, texts by one rename, and the mark of an output folder."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from scanner.store.schema import SCHEMA_VERSION

MARK = "scan-trainings.json"
_META = {b"scan_trainings_schema": str(SCHEMA_VERSION).encode()}


def mark(out: Path) -> None:
    """Make `<out>/learnings` and mark it as this program's output, so that a scan never reads it."""
    home = out / "learnings"
    home.mkdir(parents=True, exist_ok=True)
    write_text(home / MARK, json.dumps({"written_by": "scan-trainings", "schema_version": SCHEMA_VERSION}) + "\n")


def write_table(path: Path, rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> None:
    """Write a table; it is on the disk when this returns."""
    table = pa.Table.from_pylist(list(rows), schema=schema.with_metadata(_META))
    pq.write_table(table, path, compression="zstd")
    with open(path, "rb+") as stream:
        os.fsync(stream.fileno())


def write_text(path: Path, text: str) -> None:
    """Write a small file by one rename."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)
