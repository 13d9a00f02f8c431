"""Workers that hang, die or run out of memory cost the file at fault and nothing else."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time

import pytest

from scanner.intake.crawl import Candidate
from scanner.intake.engines.workers import Limits, read_in_workers
from scanner.records import Findings, Skip, SourceFile

LIMITS = Limits(seconds=2, bytes_a_second=1_000_000, most_bytes=1_000_000, memory_bytes=1 << 30, patience=4)
NAMES = frozenset({"a", "b"})


def _candidate(name: str) -> Candidate:
    return Candidate(name, f"/{name}", "log", "", 10, 0, NAMES)


def _work(candidate: Candidate) -> Findings:
    """Does what a file's name says."""
    if candidate.path.startswith("hangs"):
        time.sleep(60)
    elif candidate.path.startswith("spins"):
        sum(range(10**12))
    elif candidate.path.startswith("crashes"):
        ctypes.string_at(0)
    elif candidate.path.startswith("killed"):
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    elif candidate.path.startswith("leaves"):
        os._exit(3)
    elif candidate.path.startswith("raises"):
        raise RuntimeError("from a reader")
    elif candidate.path.startswith("wants"):
        try:
            bytearray(2 << 30)
        except MemoryError:
            return Findings(None, skips=(Skip(candidate.path, "read", "memory", "", 1),))
    return Findings(SourceFile(candidate.path, len(candidate.siblings), "", "utf-8", (), 0, 0))


def _said(batches: list[list[str]], jobs: int) -> list[tuple[str, str]]:
    """(path, reason of the skip or "") in the order in which they came."""
    made = ([_candidate(name) for name in names] for names in batches)
    found: list[tuple[str, str]] = []
    for findings in read_in_workers(made, _work, jobs, LIMITS):
        if findings.file is not None:
            assert findings.file.size == len(NAMES), "the names beside the file come along"
            found.append((findings.file.path, ""))
        else:
            found.append((findings.skips[0].path, findings.skips[0].reason))
    return found


@pytest.mark.parametrize("jobs", [1, 2])
def test_only_the_file_at_fault_is_lost(jobs: int) -> None:
    """Whatever a file does to its worker, all others come, in order."""
    batches = [
        ["a", "crashes", "b"],
        ["c", "killed", "leaves", "d"],
        ["e"],
        ["raises", "f"],
        ["hangs"],
        ["spins"],
        ["g", "h"],
    ]
    lost = {"crashes": "worker_died", "killed": "worker_died", "leaves": "worker_died", "raises": "worker_died",
            "hangs": "too_slow", "spins": "too_slow"}  # fmt: skip
    assert _said(batches, jobs) == [(name, lost.get(name, "")) for names in batches for name in names]


@pytest.mark.skipif(sys.platform != "linux", reason="no other system holds a process to its memory")
def test_memory_is_held_to_its_limit() -> None:
    """The allocation fails in the worker; the machine does not."""
    assert _said([["a", "wants", "b"]], 1) == [("a", ""), ("wants", "memory"), ("b", "")]


def test_nothing_to_read_starts_no_worker() -> None:
    """An empty tree."""
    assert _said([], 2) == []


def test_a_scan_that_ends_early_leaves_no_worker() -> None:
    """Ctrl-C in the middle: the generator is closed, its processes are gone."""
    coming = read_in_workers([[_candidate("a")], [_candidate("hangs")]], _work, 2, LIMITS)
    next(coming)
    before = time.monotonic()
    coming.close()  # type: ignore[attr-defined]
    assert time.monotonic() - before < 30, "waited for a worker instead of ending it"


def test_limits_grow_with_the_bytes_that_are_read() -> None:
    """Of a large file of weights only the part that may be read counts."""
    small, large = _candidate("a")._replace(size=500_000), _candidate("b")._replace(size=10**12)
    assert (LIMITS.of([small]), LIMITS.of([large]), LIMITS.of([small, large])) == (2.5, 3.0, 3.5)
