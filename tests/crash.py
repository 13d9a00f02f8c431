"""Ends of a scan at chosen moments, and what must hold afterwards: `python -m tests.crash --rounds 200`.

Moments are counted in touches of the output folder (a file opened for writing, renamed, removed, a folder made), told
by Python's audit events, so that every step of storing and reporting is hit, whatever the machine's speed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.power import Disk, recorded
from tests.trees import hf_log, lay_out

ROOT = Path(__file__).parent.parent
ENDS = ("SIGKILL", "SIGINT", "SIGTERM", "disk full")

_CHILD = """
import os, signal, sys
end, touch, out = sys.argv[1], int(sys.argv[2]), os.path.abspath(sys.argv[3])
count = 0
def watch(event, arguments):
    global count
    writes = event == "open" and isinstance(arguments[1], str) and arguments[1][0] in "wax+"
    if not (writes or event in ("os.rename", "os.remove", "os.mkdir", "os.link", "os.rmdir")):
        return
    if not str(arguments[0]).startswith(out):
        return
    count += 1
    if count == touch:
        if end == "disk full":
            import resource
            resource.setrlimit(resource.RLIMIT_FSIZE, (300, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        else:
            os.kill(os.getpid(), getattr(signal, end))
sys.addaudithook(watch)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from pathlib import Path
import click
from scanner import pipeline
from scanner.cli import main
from scanner.settings import Settings
@click.command("in-process")  # workers have tests of their own
def in_process():
    pipeline.scan(Settings((Path(sys.argv[4]),), Path(sys.argv[3])), lambda _: None)
main.add_command(in_process)
main(["in-process"])
"""


class Scene:
    """A tree, an output folder with one scan, and the same tree changed: what the next scan must give."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tree = folder / "tree"
        self.out = folder / "out"
        lay_out(self.tree, _FILES)
        self._scan(self.out)
        notes = (self.out / "LEARNINGS.md").read_text("utf-8")
        begin = "<!-- scan-trainings:plans begin -->\n"
        assert begin in notes
        (self.out / "LEARNINGS.md").write_text(notes.replace(begin, f"{begin}- [ ] mine\n"), encoding="utf-8")
        lay_out(self.tree, _MORE)
        shutil.copytree(self.out, folder / "undisturbed")
        self._scan(folder / "undisturbed")
        self.wanted = shown(folder / "undisturbed")
        self.old = shown(self.out)
        shutil.copytree(self.out, folder / "before")

    def broken_off(self, end: str, touch: int) -> str:
        """What does not hold after a scan that ends so at its n-th touch; empty when all does."""
        self.reset()
        done = self._child(end, touch)
        if end == "SIGKILL":
            fine = done.returncode in (0, -signal.SIGKILL)
        else:
            code = {"SIGINT": 130, "SIGTERM": 143, "disk full": 2}[end]
            fine = done.returncode in (0, code) and done.stderr.count("\n") == (1 if done.returncode else 0)
        if not fine:
            return f"{end} at {touch}: exit code {done.returncode}: {done.stderr[-2000:]}"
        return self.checked(f"{end} at {touch}")

    def reset(self) -> None:
        shutil.rmtree(self.out)
        shutil.copytree(self.folder / "before", self.out)

    def checked(self, what: str) -> str:
        """What does not hold in the output folder as it is now; scans again."""
        from scanner import store

        known = store.snapshots(self.out)
        if not known or known[0].name != "0001":
            return f"{what}: the first snapshot is gone"
        for folder in known:
            store.load(self.out, folder)
        if tables(known[0]) != tables(self.folder / "before" / "learnings" / "history" / "0001"):
            return f"{what}: the first snapshot was changed"
        document = (self.out / "LEARNINGS.md").read_text("utf-8")
        if document not in (self.old["LEARNINGS.md"].decode(), self.wanted["LEARNINGS.md"].decode()):
            return f"{what}: half a document"
        data = tables(self.out / "learnings" / "data") if (self.out / "learnings" / "data").exists() else {}
        if data and data not in (tables(folder) for folder in known):
            return f"{what}: a mixture in data/"
        self._scan(self.out)
        found = shown(self.out)
        if found != self.wanted:
            names = sorted(k for k in found | self.wanted if found.get(k) != self.wanted.get(k))
            return f"{what}: the next scan differs in {names}"
        left = [p.name for p in self.out.rglob(".*") if p.name != ".lock"]
        return f"{what}: left behind {left}" if left else ""

    def _scan(self, out: Path) -> None:
        from scanner import pipeline
        from scanner.settings import Settings

        pipeline.scan(Settings((self.tree,), out), lambda _: None)

    def _child(self, end: str, touch: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-B", "-c", _CHILD, end, str(touch), str(self.out), str(self.tree)]
        return subprocess.run(
            command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=600
        )


_FILES = {
    "a/train.log": hf_log(losses=[2.0, 1.5, 1.0], epochs=3),
    "b/train.log": hf_log(losses=[2.0, 1.5], epochs=3, end=False) + "torch.OutOfMemoryError: CUDA out of memory.\n",
}
_MORE = {"c/train.log": hf_log(losses=[3.0, 2.5], epochs=2)}


def tables(folder: Path) -> dict[str, bytes]:
    """The tables of a snapshot, or of data/."""
    return {path.name: path.read_bytes() for path in folder.glob("*.parquet")}


def shown(out: Path) -> dict[str, bytes]:
    """All that people and tools read: tables, document, page, charts; not the history, which may hold one scan more."""
    found = {path.name: path.read_bytes() for path in (out / "learnings" / "data").glob("*.parquet")}
    found |= {path.name: path.read_bytes() for path in (out / "learnings" / "charts").iterdir()}
    return found | {name: (out / name).read_bytes() for name in ("LEARNINGS.md", "learnings/index.html")}


def cut_power(folder: Path, rounds: int, seed: int) -> list[str]:
    """What does not hold after a scan whose machine lost power at random moments."""
    scene = Scene(folder)
    scene.reset()
    with recorded(scene.out) as recording:
        scene._scan(scene.out)
    chance = random.Random(seed)
    found = []
    for _ in range(rounds):
        moment = chance.randrange(1, len(recording.log) + 1)
        shutil.rmtree(scene.out)
        Disk(recording, moment, chance).lay_out(scene.out)
        problem = scene.checked(f"power lost after {moment} of {len(recording.log)}")
        found += [problem] if problem else []
    return found


def main() -> int:
    """The command line; exits with 1 when anything did not hold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    share = given.rounds // (len(ENDS) + 1)
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(Path(folder) / "ends")
        found = []
        for end in ENDS:
            found += [scene.broken_off(end, chance.randrange(1, 80)) for _ in range(share)]
            print(f"{end}: {share} rounds", flush=True)
        found += cut_power(Path(folder) / "power", given.rounds - share * len(ENDS), given.seed)
    problems = [problem for problem in found if problem]
    print("\n".join(problems))
    print(f"{given.rounds} rounds, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
