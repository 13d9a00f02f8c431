"""Our scans beside ripgrep on the same files, in alternation; writes the table of ratios.

    python -m bench.run --trees out/bench --rounds 5 --write docs/PERFORMANCE.md

Every round runs every command once, in an order that rotates; a ratio is that of two commands of one round, so that
what else the machine does falls on both. Absolute times are of one machine and are not kept.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from bench.edits import Edits
from bench.measure import Cost, run

PATTERNS = Path(__file__).with_name("patterns.txt")
TREES = {
    "main": ["--profile", "main"],
    "crawl": ["--profile", "crawl"],
    "small": ["--profile", "main", "--scale", "0.0104"],
    "giant": ["--profile", "giant"],
}
SAYS = {
    "main": "20,000 files, 1.2 GB, 5 million records of metrics",
    "crawl": "200,000 small files",
    "small": "200 files, 20 MB",
    "giant": "one log of 5 GB among 20 small files",
}


ANEW, KEPT = "anew", "kept"
"""Folders of results: one that each scan makes, and one that rescans go on from."""


class Pair(NamedTuple):
    """A ratio that is reported."""

    says: str
    ours: str
    theirs: str


PAIRS = (
    Pair("scan to tables and report / `rg -n`, 63 patterns", "scan", "rg -n"),
    Pair("scan to tables and report / `rg --json`", "scan", "rg --json"),
    Pair("all workers / one worker", "scan", "scan, 1 worker"),
    Pair("rescan, nothing changed / `find` with size and time", "rescan", "find"),
    Pair("rescan, 1% of the files changed / scan", "rescan, 1%", "scan"),
    Pair("`scan-trainings --help` / a Python program that does nothing", "--help", "python"),
)


def commands(tree: Path, out: Path, jobs: int) -> dict[str, list[str | Path]]:
    """What is run on a tree, by name."""
    rg: list[str | Path] = ["rg", "-uu", "-i", "-f", PATTERNS]
    scan: list[str | Path] = [sys.executable, "-m", "scanner", "scan", tree, "--quiet", "--force"]
    scan += ["--jobs", str(jobs), "--out"]
    return {
        "rg -n": [*rg, "-n", tree],
        "rg --json": [*rg, "--json", tree],
        "scan": [*scan, out / ANEW],
        "scan, 1 worker": [*scan, out / ANEW, "--jobs", "1"],
        "find": ["find", tree, "-printf", "%s %T@\n"],
        "rescan": [*scan, out / KEPT],
        "rescan, 1%": [*scan, out / KEPT],
        "python": [sys.executable, "-c", "pass"],
        "--help": [sys.executable, "-m", "scanner", "--help"],
    }


def measure(tree: Path, names: Sequence[str], rounds: int, jobs: int) -> dict[str, list[Cost]]:
    """The costs of each command by round; a first round that warms the cache is not kept."""
    found: dict[str, list[Cost]] = defaultdict(list)
    edits = Edits(tree)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as after:
        after.callback(edits.undo)
        table = {name: command for name, command in commands(tree, Path(folder), jobs).items() if name in names}
        for n in range(rounds + 1):
            order = list(table)[n % len(table) :] + list(table)[: n % len(table)]
            for name in order:
                shutil.rmtree(Path(folder, ANEW), ignore_errors=True)
                if name == "rescan, 1%":
                    edits.change(n)
                cost = run(table[name], with_memory=n == rounds)
                if n:
                    found[name].append(cost)
                print(
                    f"{tree.name} round {n} {name}: {cost.wall_s:.2f} s, {cost.cpu_s:.2f} s of processors", flush=True
                )
    return found


def ratio(ours: Sequence[Cost], theirs: Sequence[Cost], column: str) -> str:
    """Median of the rounds' ratios with the lowest and highest."""
    found = [getattr(a, column) / max(getattr(b, column), 1e-3) for a, b in zip(ours, theirs, strict=True)]
    return f"{statistics.median(found):.2f} [{min(found):.2f}-{max(found):.2f}]"


def table(name: str, costs: Mapping[str, Sequence[Cost]]) -> list[str]:
    """The lines of a tree's table."""
    lines = [f"### {SAYS[name]}", "", "| ratio, median of the rounds [lowest-highest] | wall clock | processor time |"]
    lines.append("| --- | --- | --- |")
    for pair in PAIRS:
        if pair.ours in costs and pair.theirs in costs:
            both = costs[pair.ours], costs[pair.theirs]
            lines.append(f"| {pair.says} | {ratio(*both, 'wall_s')} | {ratio(*both, 'cpu_s')} |")
    memory = {which: max(cost.memory_mb for cost in found) for which, found in costs.items()}
    told = ", ".join(f"{which} {most:.0f} MB" for which, most in memory.items() if most)
    return [*lines, "", f"Peak memory of all processes together: {told}.", ""]


def main() -> int:
    """Exit code 2 when a tool is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trees", type=Path, required=True, help="where the trees are made, and kept for next time")
    parser.add_argument("--only", default="main,small", help=f"comma-separated: {', '.join(TREES)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--filler", type=Path, help="a folder whose small text files serve as irrelevant files")
    parser.add_argument("--write", type=Path, help="the document whose tables are replaced")
    parser.add_argument("--note", default="", help="what else the machine was doing")
    options = parser.parse_args()
    missing = [tool for tool in ("rg",) if shutil.which(tool) is None]
    if missing:
        print(
            f"not installed: {', '.join(missing)} (ripgrep is `apt install ripgrep` or `pip install ripgrep`)",
            file=sys.stderr,
        )
        return 2
    lines: list[str] = []
    for name in options.only.split(","):
        tree = options.trees / name
        if not tree.is_dir():
            filler = ["--filler", options.filler] if options.filler else []
            subprocess.run([sys.executable, "-m", "bench.trees", tree, *TREES[name], *filler], check=True)
        names = ("rg -n", "scan") if name == "giant" else tuple(commands(tree, tree, 1))
        lines += table(name, measure(tree, names, options.rounds, options.jobs))
    print("\n".join(lines))
    if options.write:
        _replace(
            options.write, [f"{options.rounds} rounds, {options.jobs} workers. {options.note}".strip(), "", *lines]
        )
    return 0


BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def _replace(document: Path, lines: Sequence[str]) -> None:
    """Put the tables between the document's marks."""
    text = document.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    document.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
