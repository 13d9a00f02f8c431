"""The stored tables: the only place where the halves of the program meet."""

from scanner.store.parquet import first_seen, load, next_number, save, snapshots
from scanner.store.rows import intake_rows, learning_rows, run_rows

__all__ = ["first_seen", "intake_rows", "learning_rows", "load", "next_number", "run_rows", "save", "snapshots"]
