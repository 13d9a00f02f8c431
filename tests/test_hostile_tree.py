"""The whole program on a tree that means harm: it ends well, accounts for every file, writes and runs nothing else."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile_run import entered, scan, state, told
from tests.hostile_tree import LOG, make

MAIN_BYTES = 1 << 29
WORKER_BYTES = 3 << 29
"""Twice what they need here; without limits the bombs of this tree would take terabytes."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="pipes, device nodes and such names are of Linux")


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder with a short name: the longest paths of a hostile tree, and sockets, leave room for nothing more."""
    with tempfile.TemporaryDirectory(prefix="h") as name:
        yield Path(name)


def test_a_tree_that_means_harm(short_path: Path) -> None:
    """Exit 0, one line, every file told, the tree as it was, nothing beside --out, nothing executed."""
    tree, out, canary = short_path / "tree", short_path / "out", short_path / "canary"
    make(tree, 1, canary)
    before = state(tree)
    done = scan(tree, out, short_path / "home")
    assert (done.code, done.stderr) == (0, "")
    assert state(tree) == before
    assert sorted(p.name for p in short_path.iterdir()) == ["home", "out", "tree"], "a canary, or a file that climbed"
    # Drawing keeps a list of the system's fonts in the user's cache.
    home = {p.relative_to(short_path / "home").as_posix() for p in (short_path / "home").rglob("*")}
    assert [name for name in home if "matplotlib" not in name and name not in (".config", ".cache")] == []
    files, skips = told(out)
    closed = {path for path, (_, n_files) in skips.items() if not n_files}
    assert files | {path for path, (_, n_files) in skips.items() if n_files} == entered(before, tree, closed)
    assert not files & set(skips)
    reasons = {path: reason for path, (reason, _) in skips.items()}
    assert {reasons[f"archives/bomb.log.{ending}"] for ending in ("gz", "xz", "bz2", "zst")} == {"archive_limit"}
    assert not {"too_slow", "memory", "worker_died"} & set(reasons.values()), "a file that took all it may take"
    assert done.main_bytes < MAIN_BYTES and done.worker_bytes < WORKER_BYTES, done
    assert {reasons[f"unreadable/{name}"] for name in ("secret.log", "closed", "unlisted")} == {"unreadable"}
    assert {reasons[f"sizes/sparse_{name}"] for name in ("train.log", "past_the_limit.ipynb")} == {"too_large"}
    assert {"archives/good.log.zst", "names/new\nline.log", "names/a\\xff.log", "stores/wal.db"} <= files
    assert {"stores/wal.db-wal", "stores/wal.db-shm"} <= set(reasons), "left where they were, and told"


def test_a_tree_that_changes_while_it_is_read(short_path: Path) -> None:
    """Files vanish, grow, shrink and become pipes or links meanwhile: whatever was met is told, nothing waits."""
    tree = short_path / "tree"
    tree.mkdir()
    for n in range(600):
        (tree / f"{n:03d}.log").write_text(LOG)
    stop = threading.Event()

    def change() -> None:
        for n in range(10**9):
            if stop.is_set():
                return
            path = tree / f"{n * 7 % 600:03d}.log"
            path.unlink(missing_ok=True)
            kind = n % 5
            if kind == 0:
                os.mkfifo(path)
            elif kind == 1:
                path.symlink_to("/dev/zero")
            elif kind == 2:
                path.write_text(LOG * (n % 50))
            elif kind == 3:
                path.write_bytes(b"")

    changer = threading.Thread(target=change)
    changer.start()
    try:
        done = scan(tree, short_path / "out", short_path / "home")
    finally:
        stop.set()
        changer.join()
    assert (done.code, done.stderr) == (0, "")
    files, skips = told(short_path / "out")
    assert not files & set(skips) and files | set(skips) <= {f"{n:03d}.log" for n in range(600)}
    assert {reason for reason, _ in skips.values()} <= {"unreadable", "symlink", "special_file"}
