"""Small trees for tests: files by name and text, scanned in memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scanner import assembly
from scanner.pipeline import read_tree
from scanner.records import Outcome, Run
from scanner.settings import Settings


def lay_out(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write the files below a folder; returns it."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def runs_of(root: Path, files: Mapping[str, str | bytes]) -> list[tuple[Run, Outcome]]:
    """The runs that a scan of the files finds, with their outcomes."""
    lay_out(root, files)
    read, skips, observations, series = read_tree(Settings((root,), root), lambda _: None)
    paths = [*(f.path for f in read), *(s.path for s in skips if s.n_files)]
    runs = assembly.assemble(read, observations, series, paths)
    return [(run, assembly.classify(run)) for run in runs]


def hf_log(*, losses: list[float], epochs: int, end: bool = True, rate: float = 5e-5) -> str:
    """A console log of the Hugging Face Trainer with one loss line an epoch."""
    lines = [
        "***** Running training *****",
        "  Num examples = 1,000",
        f"  Num Epochs = {epochs}",
        "  Instantaneous batch size per device = 8",
        "  Gradient Accumulation steps = 2",
        f"  Total optimization steps = {epochs * 62}",
    ]
    for n, loss in enumerate(losses, 1):
        lines.append(f"{{'loss': {loss}, 'grad_norm': 1.0, 'learning_rate': {rate / n}, 'epoch': {float(n)}}}")
    if end:
        lines.append(f"{{'train_runtime': 12.5, 'train_loss': {losses[0]}, 'epoch': {float(len(losses))}}}")
    return "\n".join(lines) + "\n"
