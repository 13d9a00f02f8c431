"""One writer at a time in an output folder, and order after a writer that died.

The lock is the operating system's, on an open file: it ends with the process that holds it, however that ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout

from scanner.durable import sweep
from scanner.errors import StoreError
from scanner.store.disk import mark
from scanner.store.publish import publish_newest

DOCUMENTS = frozenset({"LEARNINGS.md", "LEARNINGS.new.md"})
"""Files of this program outside `learnings/`, in a folder that is the user's."""


@contextmanager
def locked(out: Path, wait_s: float = 0) -> Iterator[None]:
    """Hold an output folder; one in which nothing is stored yet needs no lock.

    Raises StoreError when another process holds it for longer than `wait_s` seconds, or when it cannot be written.
    """
    home = out / "learnings"
    if not home.is_dir():
        yield
        return
    lock = _acquired(home / ".lock", out, wait_s)
    try:
        try:
            _tidy(out)
        except OSError as error:
            raise StoreError(f"{error.filename or home}: {error.strerror or error}; choose another --out") from error
        yield
    finally:
        lock.release()


@contextmanager
def held(out: Path, wait_s: float = 0) -> Iterator[None]:
    """Make an output folder where there is none, and hold it. Raises StoreError as `locked` does."""
    try:
        mark(out)
    except OSError as error:
        raise StoreError(f"{out}: cannot write here ({error.strerror or error}); choose another --out") from error
    with locked(out, wait_s):
        yield


def _acquired(path: Path, out: Path, wait_s: float) -> BaseFileLock:
    # A file system without locks of the operating system gets one made of a file's existence.
    for kind in (FileLock, SoftFileLock):
        lock = kind(path if kind is FileLock else path.with_name(".lock.held"), timeout=wait_s)
        try:
            lock.acquire()
            return lock
        except Timeout as error:
            busy = "another scan, report or replay is writing here; wait until it has ended, or choose another --out"
            raise StoreError(f"{out}: {busy}") from error
        except NotImplementedError:
            continue
        except OSError as error:
            raise StoreError(f"{out}: cannot write here ({error.strerror or error}); choose another --out") from error
    raise StoreError(f"{out}: the file system knows no locks; choose another --out")


def _tidy(out: Path) -> None:
    """Remove what dead processes left, and show in `data/` what was stored last."""
    home = out / "learnings"
    sweep(out, DOCUMENTS)
    for folder in (home, home / "history", home / "charts", home / "monthly", home / "data"):
        sweep(folder)
    publish_newest(out)
