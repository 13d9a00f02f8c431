"""The whole program on a hostile tree, watched: `python -m tests.hostile_run FOLDER` is the run in full size.

It lays out the tree in FOLDER (a line of 1 GB, a notebook of 500 MB, a million files: 6 GB on disk), scans it,
tells what that took and whether every file is accounted for, and removes it again.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from scanner.intake.crawl import readable
from tests.hostile_tree import make

ROOT = Path(__file__).parent.parent


def _no_superuser() -> None:
    """In the child: what nobody may read is closed to root as well (drops CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH)."""
    libc = ctypes.CDLL(None)
    for capability in (1, 2):
        libc.prctl(24, capability, 0, 0, 0)


class Scan(NamedTuple):
    """How a scan ended and what it took."""

    code: int
    output: str
    stderr: str
    seconds: float
    """On the clock."""
    cpu_seconds: float
    """Of all its processes."""
    main_bytes: int
    """Most memory that the scan's own process held at a time (resident, libraries included)."""
    worker_bytes: int
    """The same of that of its other processes which held most."""
    all_bytes: int
    """Most memory of all of them at a moment, without what is mapped from files."""


def scan(tree: Path, out: Path, home: Path, *more: str) -> Scan:
    """Scan with the whole program, as a user who may not read everything; `home` is made for what it writes beside."""
    home.mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HOME": str(home),
        "TMPDIR": str(home),
        "XDG_CACHE_HOME": str(home),
    }
    command = [sys.executable, "-B", "-m", "scanner.cli", "scan", str(tree), "--out", str(out), "--jobs", "2", *more]
    begin = time.monotonic()
    with open(home.parent / "said", "w+b") as said, open(home.parent / "errors", "w+b") as errors:
        process = subprocess.Popen(
            command, env=environment, cwd=home, stdout=said, stderr=errors, preexec_fn=_no_superuser
        )
        watch = _Watch(process.pid)
        while process.poll() is None:
            watch.look()
            time.sleep(0.1)
        for stream in (said, errors):
            stream.seek(0)
        texts = said.read().decode(), errors.read().decode()
    for name in ("said", "errors"):
        (home.parent / name).unlink()
    others = [peak for pid, peak in watch.peaks.items() if pid != process.pid]
    return Scan(
        process.returncode,
        *texts,
        time.monotonic() - begin,
        sum(watch.cpu.values()),
        watch.peaks.get(process.pid, 0),
        max(others, default=0),
        watch.most,
    )


class _Watch:
    """Memory and time of a process and those below it, by looking at them every now and then (Linux)."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.peaks: dict[int, int] = {}
        self.cpu: dict[int, float] = {}
        self.most = 0

    def look(self) -> None:
        parents: dict[int, int] = {}
        for name in filter(str.isdigit, os.listdir("/proc")):
            with suppress(OSError):
                fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
                parents[int(name)] = int(fields[1])
                if self._is_below(int(name), parents):
                    self.cpu[int(name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        total = 0
        for pid in parents:
            if self._is_below(pid, parents):
                with suppress(OSError):
                    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
                    held = {line.split(":")[0]: int(line.split()[1]) << 10 for line in lines if line.endswith(" kB")}
                    self.peaks[pid] = max(self.peaks.get(pid, 0), held.get("VmHWM", 0))
                    total += held.get("RssAnon", 0)
        self.most = max(self.most, total)

    def _is_below(self, pid: int, parents: dict[int, int]) -> bool:
        while pid and pid != self._pid:
            pid = parents.get(pid, 0)
        return pid == self._pid


def state(tree: Path) -> dict[bytes, tuple[object, ...]]:
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


def told(out: Path) -> tuple[set[str], dict[str, tuple[str, int]]]:
    data = out / "learnings" / "data"
    files = set(pq.ParquetFile(data / "files.parquet").read().column("path").to_pylist())
    skips = pq.ParquetFile(data / "skips.parquet").read().to_pylist()
    return files, {row["path"]: (row["reason"], row["n_files"]) for row in skips if row["stage"] != "extract"}


def entered(state: dict[bytes, tuple[object, ...]], tree: Path, closed: set[str]) -> set[str]:
    """Readable paths of all that is no folder, below folders that were entered."""
    found = set()
    for path, (mode, *_) in state.items():
        parts = [readable(os.fsdecode(part)) for part in os.path.relpath(path, os.fsencode(tree)).split(b"/")]
        above = {"/".join(parts[:n]) for n in range(1, len(parts))}
        if not stat.S_ISDIR(int(str(mode))) and not above & closed:
            found.add("/".join(parts))
    return found


def main() -> int:
    """The command line; exits with 1 when anything does not hold."""
    folder = Path(sys.argv[1])
    tree, out, canary = folder / "tree", folder / "out", folder / "canary"
    folder.mkdir(parents=True)
    try:
        make(tree, 1, canary, full=True)
        before = state(tree)
        done = scan(tree, out, folder / "home", "--quiet")
        problems = (
            [] if (done.code, done.output, done.stderr) == (0, "", "") else [f"{done.code}: {done.stderr[-500:]}"]
        )
        problems += ["the tree was changed"] if state(tree) != before else []
        problems += ["something was executed"] if canary.exists() else []
        files, skips = told(out)
        met = files | {path for path, (_, n_files) in skips.items() if n_files}
        closed = {path for path, (_, n_files) in skips.items() if not n_files}
        lost = entered(before, tree, closed) ^ met
        problems += [f"not accounted for: {sorted(lost)[:5]}"] if lost or files & set(skips) else []
        mib = [f"{n >> 20:,} MiB" for n in (done.main_bytes, done.worker_bytes, done.all_bytes)]
        print(f"{len(met):,} entries, {len(files):,} of them read")
        print(f"{done.seconds:.0f} s, {done.cpu_seconds:.0f} s of processor time")
        print(f"most memory: scan {mib[0]}, a worker {mib[1]}, all together {mib[2]}")
        print("\n".join(problems) or "all holds")
        return 1 if problems else 0
    finally:
        for path, folders, _ in os.walk(tree):
            for name in folders:
                with suppress(OSError):
                    os.chmod(os.path.join(path, name), 0o700)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
