"""Epochs told by bare scores of the splits, as PyTorch Geometric's and OGB's examples print them.

    Epoch: 001, Train: 0.3571, Val: 0.2300, Test: 0.2410
    Run: 01, Epoch: 01, Loss: 2.1012, Train: 54.10%, Valid: 55.16%, Test: 54.90%

What the scores measure (accuracy, ROC-AUC, hits) is not said: they are no metric by name, but the epochs happened.
Every `Run:` is a training of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import NUMBER, Document, Stated

ID = "split_scores"
DESCRIPTION = "Epochs with bare scores of the splits (PyTorch Geometric, OGB)"
SAMPLE = """Epoch: 001, Train: 0.3571, Val: 0.2300, Test: 0.2410
Run: 01, Epoch: 01, Loss: 2.1012, Train: 54.10%, Valid: 55.16%, Test: 54.90%"""

_LINE = re.compile(
    rf"^(?:Run: (?P<run>\d{{1,4}}), )?Epoch: ?(?P<epoch>\d{{1,6}}), (?:Loss: (?P<loss>{NUMBER}), )?"
    rf"Train: (?:{NUMBER})%?, (?:Val|Valid): (?:{NUMBER})%?(?:, Test: (?:{NUMBER})%?)?\s*$"
)


def wants(document: Document) -> bool:
    """Logs with such a line."""
    return document.kind == "log" and document.mentions(", Train: ") and document.mentions(", Val: ", ", Valid: ")


def read(document: Document) -> Iterator[Stated]:
    """The epochs with their loss; a run or an epoch that falls back begins the next training."""
    before: tuple[str, float] | None = None
    for line, text in document.frames():
        found = _LINE.match(text.strip()) if ", Train: " in text else None
        if found is None:
            continue
        document.claimed.add(line)
        raw, epoch, run = text.strip(), float(found["epoch"]), found["run"] or ""
        if before is None or run != before[0] or epoch < before[1]:
            if before is not None:
                yield Stated("launch", True, line, "mark", raw=raw)
            yield Stated("training_start", True, line, "mark", raw=raw)
        before = (run, epoch)
        yield Stated("epoch", epoch, line, "metric", epoch=epoch, raw=raw)
        if found["loss"]:
            yield Stated("train/loss", found["loss"], line, "metric", epoch=epoch, raw=raw)
