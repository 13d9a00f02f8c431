"""Scan the labelled trees and print the score beside that of the last time: `make score TREES=folder`.

No test: the trees are public repositories that lie outside the project. Lay them out with export_trees.py of the
labels' folder; each is scanned into OUT/scans/<label>, and score.py (the labels' own) judges the tables. Of a label
that names a subtree that part alone is scanned: two labels may describe one execution from two sides, and "scan it
alone" is what they ask for.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any


def main() -> int:
    """Exit code 2 when something that is needed is not there."""
    trees, shared, out = (Path(argument) for argument in sys.argv[1:4])
    labels = shared / "labels"
    if not labels.is_dir():
        return _missing(f"{labels}: no labels here; name their folder with make score SHARED=...")
    names = sorted(path.stem for path in labels.glob("*.json") if (trees / path.stem).is_dir())
    if not names:
        exporter = shared / "export_trees.py"
        return _missing(f"{trees}: no labelled tree here; lay them out with {exporter} --mirror CLONES --out {trees}")
    scanned = [_labelled_part(trees / name, labels / f"{name}.json", out / "parts") for name in names]
    outputs = [out / "scans" / name for name in names]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, error in zip(names, pool.map(_scan, scanned, outputs), strict=True):
            if error:
                print(f"{name}: {error}", file=sys.stderr)
    summary = out / "summary.json"
    before = json.loads(summary.read_text("utf-8")) if summary.exists() else {}
    command = [sys.executable, shared / "score.py", "--labels", labels, "--scans", out / "scans", "--json", summary]
    with (out / "score.txt").open("w", encoding="utf-8") as report:
        subprocess.run([*map(str, command), "--verbose"], stdout=report, check=True)
    for key, value in json.loads(summary.read_text("utf-8")).items():
        print(f"{key:28} {_shown(value):28} before: {_shown(before.get(key))}")
    print(f"every miss: {out / 'score.txt'}")
    return 0


def _labelled_part(tree: Path, label: Path, parts: Path) -> Path:
    """The tree, or a copy that holds nothing but the subtree that its label describes."""
    subtree = json.loads(label.read_text("utf-8")).get("subtree")
    if not subtree:
        return tree
    part = parts / tree.name
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(tree / subtree, part / subtree, symlinks=True)
    return part


def _scan(tree: Path, out: Path) -> str:
    """Scan one tree; the error's last line, "" when there is none."""
    command = [sys.executable, "-m", "scanner.cli", "scan", str(tree), "--out", str(out), "--jobs", "1", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(f"{v:.3f}" if isinstance(v, float) else str(v) for v in value)
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _missing(text: str) -> int:
    print(text, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
