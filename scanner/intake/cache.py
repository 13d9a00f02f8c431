"""What earlier scans found in files that have not changed since: one SQLite file, read and written as the scan goes.

<out>/learnings/cache/findings-<version>.sqlite

A row is taken for a candidate's findings while the candidate's stamp is that of the row: size, times and inode, what
the walk made of the file, and the names beside it in its folder, which formats ask for. A file that had changed within
DOUBT_NS before the scan may change again without a trace in its times: it is read again by the next scan. What the
machine decided (a file that could not be opened, a reader that ran out of time or memory) is never kept.

The folder may be anybody's to write: a file that is not one of ours is put away and told, and costs a full read.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from scanner.formats._sqlite_wal import is_beside
from scanner.intake.crawl import Candidate
from scanner.intake.listing import DOUBT_NS, Listings, changed_ns
from scanner.intake.packing import pack, squeeze, unpack, unsqueeze
from scanner.records import Findings

_TABLE = "CREATE TABLE files (id INTEGER PRIMARY KEY, path TEXT UNIQUE, stamp BLOB, digest BLOB, data BLOB)"
_PASSING = frozenset({"unreadable", "memory", "too_slow", "worker_died", "malformed"})
"""Reasons of skips that another scan of the same bytes need not give."""
_BATCH = 500
_COMMIT_SECONDS = 2.0


class Cache:
    """The findings of earlier scans, and what this scan adds to them."""

    def __init__(self, folder: Path, version: str, listings: Listings) -> None:
        self.listings = listings
        self.note = ""
        """What a person should know of it; empty when all is well."""
        self.is_lasting = True
        """Whether all that this scan found will be the same as long as no listing changes."""
        self._path = folder / f"findings-{version}.sqlite"
        self._doubtful_ns = time.time_ns() - DOUBT_NS
        self._total = hashlib.blake2b(digest_size=16)
        self._siblings: tuple[frozenset[str] | None, bytes] = (None, b"")
        self._committed = time.monotonic()
        self._db: sqlite3.Connection | None = None
        try:
            folder.mkdir(exist_ok=True)
            for other in sorted(folder.glob("findings-*")):
                if not other.name.startswith(self._path.name):
                    other.unlink()
            self._db = _opened(self._path)
        except (OSError, sqlite3.Error, ValueError) as error:
            self._give_up(error)

    def rows_of(self, candidates: Sequence[Candidate]) -> list[int | None]:
        """For each candidate the row that holds its findings; None where there is none that may be used."""
        found: list[int | None] = []
        n_met = 0
        for start in range(0, len(candidates), _BATCH):
            batch = candidates[start : start + _BATCH]
            known = self._known(batch)
            n_met += len(known)
            for candidate in batch:
                row = known.get(candidate.path)
                found.append(row[0] if row is not None and row[1] == self._stamp(candidate) else None)
        self._forget_others(candidates, n_met)
        return found

    def _known(self, batch: Sequence[Candidate]) -> dict[str, tuple[int, bytes]]:
        if self._db is None:
            return {}
        marks = ",".join("?" * len(batch))
        try:
            rows = self._db.execute(
                f"SELECT path, id, stamp FROM files WHERE path IN ({marks})", [c.path for c in batch]
            )
            return {path: (row, stamp) for path, row, stamp in rows}
        except (sqlite3.Error, ValueError) as error:
            self._give_up(error)
            return {}

    def get(self, row: int) -> Findings | None:
        """The findings in a row; None, from then on for all rows, when the file turns out not to be one of ours."""
        if self._db is None:
            return None
        try:
            found = self._db.execute("SELECT digest, data FROM files WHERE id = ?", (row,)).fetchone()
            if found is None or not isinstance(found[1], bytes):
                raise ValueError("a row is missing")
            packed = unsqueeze(found[1])
            digest = _digest(packed)
            if digest != found[0]:
                raise ValueError("a row is not as it was written")
            findings = unpack(packed)
        except (sqlite3.Error, ValueError) as error:
            self._give_up(error)
            return None
        self._total.update(digest)
        return findings

    def put(self, candidate: Candidate, findings: Findings) -> None:
        """Keep what was read of a candidate now."""
        try:
            packed = pack(findings)
        except ValueError:
            self.is_lasting = False
            self._total.update(os.urandom(16))  # no two scans are known to have found this
            return
        digest = _digest(packed)
        self._total.update(digest)
        if changed_ns(candidate.mtime_ns, candidate.ctime_ns) >= self._doubtful_ns:
            self.is_lasting = False
            return
        if any(skip.reason in _PASSING for skip in findings.skips):
            self.is_lasting = False
            return
        # The listing tells of the other file.
        if self._db is None or is_beside(candidate.absolute, candidate.siblings):
            return
        row = (candidate.path, self._stamp(candidate), digest, squeeze(packed))
        try:
            self._db.execute(
                "INSERT INTO files (path, stamp, digest, data) VALUES (?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET "
                "stamp = excluded.stamp, digest = excluded.digest, data = excluded.data",
                row,
            )
            if time.monotonic() > self._committed + _COMMIT_SECONDS:
                self._db.commit()
                self._committed = time.monotonic()
        except (sqlite3.Error, ValueError) as error:
            self._give_up(error)

    def digest(self) -> str:
        """Of all findings that went through here, in their order."""
        return self._total.hexdigest()

    def _forget_others(self, candidates: Sequence[Candidate], n_met: int) -> None:
        """Drop what was found in files that are no longer there; `n_met` rows are of the candidates."""
        if self._db is None:
            return
        try:
            if self._db.execute("SELECT count(*) FROM files").fetchone() == (n_met,):
                return
            self._db.execute("CREATE TEMP TABLE alive (path TEXT PRIMARY KEY)")
            self._db.executemany("INSERT OR IGNORE INTO alive VALUES (?)", ((c.path,) for c in candidates))
            self._db.execute("DELETE FROM files WHERE path NOT IN (SELECT path FROM alive)")
            self._db.execute("DROP TABLE alive")
        except (sqlite3.Error, ValueError) as error:
            self._give_up(error)

    def close(self) -> None:
        """Bring to the file what was found, however the scan ended."""
        if self._db is not None:
            with suppress(sqlite3.Error):
                self._db.commit()
            self._db.close()

    def _stamp(self, candidate: Candidate) -> bytes:
        siblings, digest = self._siblings
        if candidate.siblings is not siblings:
            names = "\0".join(sorted(candidate.siblings)).encode("utf-8", "surrogatepass")
            digest = _digest(names)
            self._siblings = candidate.siblings, digest
        parts = (*candidate[2:6], candidate.ctime_ns, candidate.inode, digest)
        return _digest(repr(parts).encode())

    def _give_up(self, error: Exception) -> None:
        """Go on without a cache, and without the file: the next scan makes a new one."""
        if self._db is not None:
            self._db.close()
            self._db = None
        self.note = f"{self._path}: cannot be used as a cache ({error}) and is put away; all files are read"
        for path in (self._path, self._path.with_name(f"{self._path.name}-journal")):
            with suppress(OSError):
                path.unlink(missing_ok=True)


@contextmanager
def opened(folder: Path, version: str, listings: Listings) -> Iterator[Cache]:
    """The cache in a folder for the findings of one version."""
    cache = Cache(folder, version, listings)
    try:
        yield cache
    finally:
        cache.close()


def _opened(path: Path) -> sqlite3.Connection:
    """Raises OSError, sqlite3.Error, and ValueError for a file with anything but our table in it."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise ValueError("no regular file")
    db = sqlite3.connect(path, timeout=1)
    try:
        db.execute("PRAGMA trusted_schema = OFF")
        db.execute("PRAGMA synchronous = OFF")  # what a power cut leaves half written is found out by its digests
        db.execute("PRAGMA cache_size = -16000")
        known = [sql for (sql,) in db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
        if not known:
            db.execute(_TABLE)
        elif known != [_TABLE]:
            raise ValueError("other tables")
    except BaseException:
        db.close()
        raise
    return db


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()
