"""Verdicts and forecasts on disk, beside the newest scan's tables: a replay writes them, a scan leaves them.

<out>/learnings/data/verdicts.parquet    one row a claim
<out>/learnings/data/forecasts.parquet   one row a run

What is saved takes the place of what was stored of the same claims or runs; the others stay, so that a replay of one
claim does not forget the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from scanner.durable import move, part_of
from scanner.errors import StoreError
from scanner.records import Forecast, Verdict
from scanner.store.disk import write_table
from scanner.store.lock import held
from scanner.store.replay_rows import forecast_of, forecast_row, verdict_of, verdict_row
from scanner.store.schema import REPLAY_TABLES

_Record = TypeVar("_Record")


WAIT_S = 3600
"""For a scan that is writing to the same folder to end: no replay is lost to it."""


def save_verdicts(out: Path, verdicts: Iterable[Verdict]) -> None:
    """Store verdicts; `out` need not hold a scan. Raises StoreError when that cannot be written."""
    with held(out, WAIT_S):
        known = {verdict.claim: verdict for verdict in (*load_verdicts(out), *verdicts)}
        ordered = sorted(known.values(), key=lambda verdict: claim_order(verdict.claim))
        _save(out, "verdicts", [verdict_row(verdict) for verdict in ordered])


def save_forecasts(out: Path, forecasts: Iterable[Forecast]) -> None:
    """Store forecasts. Raises StoreError when that cannot be written."""
    with held(out, WAIT_S):
        known = {forecast.run_id: forecast for forecast in (*load_forecasts(out), *forecasts)}
        _save(out, "forecasts", [forecast_row(known[run_id]) for run_id in sorted(known)])


def load_verdicts(out: Path) -> tuple[Verdict, ...]:
    """The stored verdicts by claim; none where no replay was. Raises StoreError for a table that cannot be read."""
    return _load(out, "verdicts", verdict_of)


def load_forecasts(out: Path) -> tuple[Forecast, ...]:
    """The stored forecasts by run id, also of runs that the newest scan did not find."""
    return _load(out, "forecasts", forecast_of)


def claim_order(claim: str) -> tuple[str, int, str]:
    """M2 before M10."""
    letters, digits, rest = re.fullmatch(r"(\D*)(\d*)(.*)", claim, re.DOTALL).groups()  # type: ignore[union-attr]
    return letters, int(digits or 0), rest


def _path(out: Path, name: str) -> Path:
    return out / "learnings" / "data" / f"{name}.parquet"


def _save(out: Path, name: str, rows: list[dict[str, Any]]) -> None:
    path = _path(out, name)
    part = part_of(path)
    try:
        path.parent.mkdir(exist_ok=True)
        write_table(part, rows, REPLAY_TABLES[name])
        move(part, path)
    except OSError as error:
        raise StoreError(f"{error.filename or path}: {error.strerror or error}; choose another --out") from error
    finally:
        part.unlink(missing_ok=True)


def _load(out: Path, name: str, record: Callable[[dict[str, Any]], _Record]) -> tuple[_Record, ...]:
    path = _path(out, name)
    try:
        table = pq.ParquetFile(path).read()
        if not table.schema.equals(REPLAY_TABLES[name]):
            raise StoreError(f"{path}: written by another version; delete it and replay again")
        return tuple(record(row) for row in table.to_pylist())
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, pa.ArrowInvalid) as error:
        raise StoreError(f"{path}: unreadable ({error}); delete it and replay again") from error
