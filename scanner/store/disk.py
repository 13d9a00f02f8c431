"""Files of the store: tables as Parquet, texts by one rename, and the mark of an output folder."""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping
from importlib.abc import MetaPathFinder
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from scanner.durable import sync_file, write_file
from scanner.store.schema import SCHEMA_VERSION

MARK = "scan-trainings.json"
_META = {b"scan_trainings_schema": str(SCHEMA_VERSION).encode()}


def mark(out: Path) -> None:
    """Make `<out>/learnings` and mark it as this program's output, so that a scan never reads it."""
    home = out / "learnings"
    home.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"written_by": "scan-trainings", "schema_version": SCHEMA_VERSION}) + "\n"
    if not (home / MARK).exists() or (home / MARK).read_bytes() != text.encode():
        write_text(home / MARK, text)


class _NoPandas(MetaPathFinder):
    """Says that pandas is not installed."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def spare_pandas() -> None:
    """Keep pyarrow from loading pandas, which it does at the first column that it makes wherever pandas is installed.

    For a process of ours alone: pyarrow takes pandas for missing from then on, others may load and use it.
    """
    if "pandas" in sys.modules:
        return
    sys.meta_path.insert(0, _NoPandas)
    try:
        pa.array([])
    finally:
        sys.meta_path.remove(_NoPandas)


def write_table(path: Path, rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> None:
    """Write a table; it is on the disk when this returns, under a name that its folder may still lose."""
    marked = schema.with_metadata(_META)
    with open(path, "wb") as stream:
        with pq.ParquetWriter(stream, marked, compression="zstd", **_encodings(marked)) as writer:
            for group in _groups(rows):
                columns = [_column([row.get(field.name) for row in group], field.type) for field in marked]
                writer.write_table(pa.Table.from_arrays(columns, schema=marked))
        stream.flush()
        sync_file(stream.fileno())


def _encodings(schema: pa.Schema) -> dict[str, Any]:
    """How columns are written: numbers of curves hardly repeat, so that no dictionary and no bounds of them help."""
    numbers = {
        f"{field.name}.list.element": "BYTE_STREAM_SPLIT"
        if pa.types.is_floating(field.type.value_type)
        else "DELTA_BINARY_PACKED"
        for field in schema
        if pa.types.is_list(field.type) and not pa.types.is_string(field.type.value_type)
    }
    names = (f"{field.name}.list.element" if pa.types.is_list(field.type) else field.name for field in schema)
    others = [name for name in names if name not in numbers]
    return {"column_encoding": numbers, "use_dictionary": others, "write_statistics": others}


GROUP_ROWS = 50_000
GROUP_NUMBERS = 1_000_000
"""Of curves in one group of rows: what is held a second time while it is written."""


def _groups(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """The rows in groups; one without any where there are no rows."""
    group: list[Mapping[str, Any]] = []
    n_numbers = 0
    is_first = True
    for row in rows:
        group.append(row)
        n_numbers += sum(len(value) for value in row.values() if value.__class__ is array)
        if len(group) >= GROUP_ROWS or n_numbers >= GROUP_NUMBERS:
            yield group
            group, n_numbers, is_first = [], 0, False
    if group or is_first:
        yield group


def _column(values: list[Any], kind: pa.DataType) -> pa.Array:
    """A column of the values; arrays of numbers are taken as they lie in memory."""
    if not values or values[0].__class__ is not array:
        return pa.array(values, kind)
    parts = [pa.Array.from_buffers(kind.value_type, len(part), [None, pa.py_buffer(part)]) for part in values]
    ends = pa.array(accumulate(map(len, values), initial=0), pa.int32())
    return pa.ListArray.from_arrays(ends, pa.concat_arrays(parts), type=kind)


def write_text(path: Path, text: str) -> None:
    """Write a small file by one rename."""
    write_file(path, text.encode("utf-8"))
