"""Which snapshots there are, and the one that `data/` shows."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from scanner.durable import move, sync_file, sync_folder
from scanner.store.schema import REPLAY_TABLES

META = "scan.json"
"""What is known of a snapshot as a whole; written last."""


def snapshots(out: Path) -> list[Path]:
    """Complete snapshots, the oldest first."""
    history = out / "learnings" / "history"
    if not history.is_dir():
        return []
    return sorted((p for p in history.iterdir() if re.fullmatch("[0-9]+", p.name)), key=lambda p: int(p.name))


def publish_newest(out: Path) -> None:
    """Make `data/` show the newest snapshot's tables, and keep those of replays. All are exchanged at once.

    A folder cannot take the place of another one in a single step: after a crash between the two it takes, `data/` is
    missing, never a mixture, and the next call brings it back.
    """
    home = out / "learnings"
    data, old, new = home / "data", home / ".data.old", home / ".data.new"
    if old.is_dir() and not data.is_dir():
        move(old, data)
    known = snapshots(out)
    if known and not _shows(data, known[-1]):
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        for source in sorted(known[-1].iterdir()):
            _link(source, new / source.name)
        for name in REPLAY_TABLES:
            if (data / f"{name}.parquet").exists():
                _link(data / f"{name}.parquet", new / f"{name}.parquet")
        sync_folder(new)
        shutil.rmtree(old, ignore_errors=True)
        if data.is_dir():
            move(data, old)
        move(new, data)
    for leftover in (old, new):
        shutil.rmtree(leftover, ignore_errors=True)


def _shows(data: Path, snapshot: Path) -> bool:
    """Whether `data/` holds a snapshot's own files. Copies, where there are no hard links, are made anew each time."""
    try:
        return os.path.samefile(data / META, snapshot / META)
    except OSError:
        return False


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copyfile(source, target)
        with open(target, "rb+") as stream:
            sync_file(stream.fileno())
