"""The whole program on a tree that means harm: it ends well, accounts for every file, writes and runs nothing else."""

from __future__ import annotations

import ctypes
import hashlib
import os
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from scanner.intake.crawl import readable
from tests.hostile_tree import LOG, make

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="pipes, device nodes and such names are of Linux")


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder with a short name: the longest paths of a hostile tree, and sockets, leave room for nothing more."""
    with tempfile.TemporaryDirectory(prefix="h") as name:
        yield Path(name)


def _no_superuser() -> None:
    """In the child: what nobody may read is closed to root as well (drops CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH)."""
    libc = ctypes.CDLL(None)
    for capability in (1, 2):
        libc.prctl(24, capability, 0, 0, 0)


def _scan(tree: Path, out: Path, home: Path) -> subprocess.CompletedProcess[str]:
    home.mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HOME": str(home),
        "TMPDIR": str(home),
        "XDG_CACHE_HOME": str(home),
    }
    command = [sys.executable, "-B", "-m", "scanner.cli", "scan", str(tree), "--out", str(out), "--jobs", "2"]
    return subprocess.run(
        command, env=environment, cwd=home, capture_output=True, text=True, timeout=3600, preexec_fn=_no_superuser
    )


def _state(tree: Path) -> dict[bytes, tuple[object, ...]]:
    """Everything below a folder but the dates of access: kind, mode, size, time, and the content of small files."""
    found: dict[bytes, tuple[object, ...]] = {}
    stack = [os.fsencode(tree)]
    while stack:
        folder = stack.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError:  # a path longer than the system takes
            continue
        for entry in entries:
            try:
                info = entry.stat(follow_symlinks=False)
            except OSError:
                found[entry.path] = (stat.S_IFDIR if entry.is_dir(follow_symlinks=False) else stat.S_IFREG,)
                stack += [entry.path] if entry.is_dir(follow_symlinks=False) else []
                continue
            content = b""
            if stat.S_ISREG(info.st_mode) and info.st_size < 1 << 20:
                content = hashlib.sha256(Path(os.fsdecode(entry.path)).read_bytes()).digest()
            found[entry.path] = (info.st_mode, info.st_size, info.st_mtime_ns, info.st_ino, content)
            if entry.is_dir(follow_symlinks=False):
                stack.append(entry.path)
    return found


def _told(out: Path) -> tuple[set[str], dict[str, tuple[str, int]]]:
    data = out / "learnings" / "data"
    files = set(pq.ParquetFile(data / "files.parquet").read().column("path").to_pylist())
    skips = pq.ParquetFile(data / "skips.parquet").read().to_pylist()
    return files, {row["path"]: (row["reason"], row["n_files"]) for row in skips if row["stage"] != "extract"}


def _entered(state: dict[bytes, tuple[object, ...]], tree: Path, closed: set[str]) -> set[str]:
    """Readable paths of all that is no folder, below folders that were entered."""
    found = set()
    for path, (mode, *_) in state.items():
        parts = [readable(os.fsdecode(part)) for part in os.path.relpath(path, os.fsencode(tree)).split(b"/")]
        above = {"/".join(parts[:n]) for n in range(1, len(parts))}
        if not stat.S_ISDIR(int(str(mode))) and not above & closed:
            found.add("/".join(parts))
    return found


def test_a_tree_that_means_harm(short_path: Path) -> None:
    """Exit 0, one line, every file told, the tree as it was, nothing beside --out, nothing executed."""
    tree, out, canary = short_path / "tree", short_path / "out", short_path / "canary"
    make(tree, 1, canary)
    before = _state(tree)
    done = _scan(tree, out, short_path / "home")
    assert (done.returncode, done.stderr) == (0, "")
    assert _state(tree) == before
    assert sorted(p.name for p in short_path.iterdir()) == ["home", "out", "tree"], "a canary, or a file that climbed"
    # Drawing keeps a list of the system's fonts in the user's cache.
    home = {p.relative_to(short_path / "home").as_posix() for p in (short_path / "home").rglob("*")}
    assert [name for name in home if "matplotlib" not in name and name not in (".config", ".cache")] == []
    files, skips = _told(out)
    closed = {path for path, (_, n_files) in skips.items() if not n_files}
    assert files | {path for path, (_, n_files) in skips.items() if n_files} == _entered(before, tree, closed)
    assert not files & set(skips)
    reasons = {path: reason for path, (reason, _) in skips.items()}
    assert {reasons[f"archives/bomb.log.{ending}"] for ending in ("gz", "xz", "bz2", "zst")} == {"archive_limit"}
    assert {reasons[f"unreadable/{name}"] for name in ("secret.log", "closed", "unlisted")} == {"unreadable"}
    assert reasons["sizes/sparse_train.log"] == "too_large"
    assert {"archives/good.log.zst", "names/new\nline.log", "names/a\\xff.log", "stores/wal.db"} <= files


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
        done = _scan(tree, short_path / "out", short_path / "home")
    finally:
        stop.set()
        changer.join()
    assert (done.returncode, done.stderr) == (0, "")
    files, skips = _told(short_path / "out")
    assert not files & set(skips) and files | set(skips) <= {f"{n:03d}.log" for n in range(600)}
    assert {reason for reason, _ in skips.values()} <= {"unreadable", "symlink", "special_file"}
