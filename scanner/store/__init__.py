"""The stored tables: the only place where the halves of the program meet."""

from scanner.store.parquet import around, first_seen, load, next_number, save, snapshots, taken_at
from scanner.store.rows import intake_rows, learning_rows, run_rows

__all__ = ["around", "first_seen", "intake_rows", "learning_rows", "load", "next_number", "run_rows", "save",
           "snapshots", "taken_at"]  # fmt: skip
