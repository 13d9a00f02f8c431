"""fastText's progress, redrawn on one line: share of the work, momentary rate, average loss.

    Read 1M words
    Progress: 100.0% words/sec/thread: 1023011 lr:  0.000000 avg.loss:  0.339057 ETA:   0h 0m 0s
    Progress: 100.0%  words/sec/thread: 1023011  lr: 0.000000  loss: 0.339057  eta: 0h0m          (before 0.9)

It counts neither steps nor epochs. The first of its frames is the start, 100 per cent the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import LOOSE_NUMBER, Document, Stated

ID = "fasttext"
DESCRIPTION = "Console of fastText's training"
SAMPLE = "Progress:  52.1% words/sec/thread: 1023011 lr:  0.240012 avg.loss:  0.439057 ETA:   0h 0m 5s"

_FRAME = re.compile(
    rf"Progress:\s+(?P<share>\d+\.\d)%\s+words/sec(?:/thread)?:\s+\d+\s+lr:\s+(?P<lr>{LOOSE_NUMBER})"
    rf"\s+(?:avg\.)?loss:\s+(?P<loss>{LOOSE_NUMBER})"
)


def wants(document: Document) -> bool:
    """Logs with its progress."""
    return document.kind == "log" and document.mentions("words/sec") and document.mentions("Progress:")


def read(document: Document) -> Iterator[Stated]:
    """Losses and rates in their order, the start and the end of each training."""
    last = 100.0
    for line, text in document.frames():
        if "Progress:" not in text or (frame := _FRAME.search(text)) is None:
            continue
        document.claimed.add(line)
        share, raw = float(frame["share"]), frame.group()
        if share < last:
            yield Stated("training_start", True, line, "mark", raw=raw)
            yield Stated("framework", "other", line, raw=raw)
        yield Stated("train_loss", frame["loss"], line, "metric", raw=raw)
        yield Stated("lr", frame["lr"], line, "metric", raw=raw)
        if share == 100.0 != last:
            yield Stated("training_end", True, line, "mark", raw=raw)
        last = share
