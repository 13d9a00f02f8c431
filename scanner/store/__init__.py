"""The stored tables: the only place where the halves of the program meet."""

from scanner.store.disk import spare_pandas
from scanner.store.lock import held, locked
from scanner.store.parquet import (
    around,
    changed_tables,
    check_schema,
    first_seen,
    is_anonymous,
    load,
    next_number,
    save,
    taken_at,
    with_replays,
)
from scanner.store.publish import snapshots
from scanner.store.replays import load_forecasts, load_verdicts, save_forecasts, save_verdicts
from scanner.store.rows import intake_rows, learning_rows, run_rows

__all__ = ["around", "changed_tables", "check_schema", "first_seen", "held", "intake_rows", "is_anonymous",
           "learning_rows", "load", "load_forecasts", "load_verdicts", "locked", "next_number", "run_rows", "save",
           "save_forecasts", "save_verdicts", "snapshots", "spare_pandas", "taken_at", "with_replays"]  # fmt: skip
