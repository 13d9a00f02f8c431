"""Runs as a table, CSV or JSON; conditions are SQL over the Parquet table, without access to anything else.

Verdicts and forecasts, where there are any, can be asked in a subquery:
"run_id in (select run_id from forecasts where answer = 'does_not_fit')".
"""

from __future__ import annotations

import csv
import io
import json
import re
import threading
from pathlib import Path
from typing import Any

import duckdb

from scanner.errors import SettingsError, StoreError

DEFAULT_COLUMNS = ("run_id", "project", "name", "kind", "outcome", "failures", "model", "optimizer", "learning_rate",
                   "batch_size", "epochs", "device", "final_train_loss")  # fmt: skip

LIMIT_S = 30.0
"""After this time a condition is given up."""


def list_runs(out: Path, where: str | None, columns: list[str] | None, form: str) -> str:
    """The runs that a condition keeps. Raises SettingsError for a condition or column that is none."""
    table = out / "learnings" / "data" / "runs.parquet"
    if not table.exists():
        raise StoreError(f"{out}: no scan is stored here; run `scan-trainings PATH --out {out}` first")
    names, rows = _query(table, where, columns or list(DEFAULT_COLUMNS))
    if form == "json":
        text = json.dumps([dict(zip(names, row, strict=True)) for row in rows], ensure_ascii=False, indent=1)
        return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
    if form == "csv":
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([_cell(v) for v in row] for row in rows)
        return stream.getvalue().rstrip("\n")
    return _aligned(names, [[_cell(v) for v in row] for row in rows])


def select_runs(out: Path, where: str) -> list[str]:
    """The ids of the runs that a condition keeps, in the order of the table. Raises SettingsError as `list_runs`."""
    _, rows = _query(out / "learnings" / "data" / "runs.parquet", where, ["run_id"])
    return [str(row[0]) for row in rows]


def _query(table: Path, where: str | None, columns: list[str]) -> tuple[list[str], list[tuple[Any, ...]]]:
    connection = duckdb.connect(":memory:")
    # A condition may also stand in a document that somebody else wrote: it gets some seconds, not the machine.
    limit = threading.Timer(LIMIT_S, connection.interrupt)
    limit.daemon = True
    limit.start()
    try:
        connection.execute("CREATE TABLE runs AS SELECT * FROM read_parquet(?)", [str(table)])
        for name in ("verdicts", "forecasts"):
            beside = table.with_name(f"{name}.parquet")
            if beside.exists():
                connection.execute(f"CREATE TABLE {name} AS SELECT * FROM read_parquet(?)", [str(beside)])
        # From here on the user's SQL runs: no files, no extensions, no settings.
        connection.execute("SET memory_limit = '2GB'")
        connection.execute("SET temp_directory = ''")  # what does not fit is given up, not written beside the user
        connection.execute("SET python_enable_replacements = false")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        known = [row[0] for row in connection.execute("SELECT column_name FROM (DESCRIBE runs)").fetchall()]
        for column in columns:
            if column not in known:
                raise SettingsError(f"{column}: no such column; there are {', '.join(known)}")
        chosen = ", ".join(f'"{column}"' for column in columns)
        query = f"SELECT {chosen} FROM runs" + (f" WHERE ({where})" if where else "")
        parsed = connection.extract_statements(query)
        if len(parsed) != 1 or str(parsed[0].type).rsplit(".", 1)[-1] not in ("SELECT", "SELECT_STATEMENT"):
            raise SettingsError("--where: one condition, nothing else")
        return columns, connection.execute(query).fetchall()
    except duckdb.Error as error:
        raise SettingsError(f"--where: {str(error).splitlines()[0]}") from error
    finally:
        limit.cancel()
        connection.close()


def _cell(value: Any) -> str:
    """A value as one safe line: no control characters (terminals), no formula start (spreadsheets)."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = "".join(c if c.isprintable() else "?" for c in text)
    return f"'{text}" if text.lstrip()[:1] in _FORMULA and text.strip() and not _NUMBER.fullmatch(text) else text


_FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20"
"""What begins a formula, full-width letters of East Asian tables included."""

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def _aligned(names: list[str], rows: list[list[str]]) -> str:
    widths = [min(40, max([len(name), *(len(row[i]) for row in rows)])) for i, name in enumerate(names)]
    lines = [names, ["-" * width for width in widths], *rows]
    return "\n".join("  ".join(c[:w].ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines)
