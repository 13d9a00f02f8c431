"""Hand-written training loops in any language: numbers behind words, on lines or under a header that counts.

    Epoch [3/10], Step [100/600], Loss: 0.5321
    Train Epoch: 1 [640/60000 (1%)]	Loss: 0.512
    epoch: 3 | train_loss=0.53 | val_acc: 83.35%
    Epoch 3:
      train loss 0.53  val loss 0.61

Each number is read with the words before it; which words measure or count is asked of the document. A header that only
counts gives its number to the metric lines below it. Steps that restart with every epoch are no global steps and are
dropped. Prose, source code, and lines that only state a plan ("Max epochs: 10") yield nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scanner.formats._base import Document, Stated
from scanner.formats._plans import Plans

ID = "plain_loop"
DESCRIPTION = "Hand-written loops: epochs, steps, losses and accuracies in free text, in ten languages"
SAMPLE = "Epoch [3/10], Step [100/600], Loss: 0.5321"
GENERIC = True

MAX_LINE = 1500
_PREFIX = re.compile(
    r"^\s*(?:\[?\d{4}[-/.]\d\d?[-/.]\d\d?[T ,]*\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?\]?"
    r"|\[?\d\d:\d\d:\d\d(?:[.,]\d+)?\]?|\[rank ?\d+\]:?|\d+:(?= )|\[?(?:INFO|DEBUG|WARNING)\]?)[\s:|\-]*"
)
_NUMBER = re.compile(
    r"(?<![\w.])(?P<value>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|NaN|NAN|inf|Inf))"
    r"(?:\s*(?:/|of)\s*(?P<total>\d+)(?![\d.]))?(?P<percent>\s?%)?(?![\w])"
)
_SEPARATOR = re.compile(r"[|;,\t]|\s-\s|\s{2,}|[\])}>]|\.{2,}|(?<=\s)[-=~#*>]+(?=\s)|[\u2192\u2014\u2013]")
_PARENTHESES = re.compile(r"\([^()]{0,30}\)")
_NO_WORDS = re.compile(r"[^\w%@.\-/ ]+")
_CODE = re.compile(
    r"^\s*(?:File \"|def |for |if |while |return |import |from |print\(|assert |raise |>>>|\+ |#)|[;{]\s*$|==|\(\)"
)
_NOT_PROGRESS = frozenset(
    "num max total n number per every best warmup warm save log start resume resuming from early last target min "
    "since after until patience before toplam iyi".split()
)
MAX_WORDS = 6


@dataclass(slots=True)
class _Item:
    """A number with the words before it."""

    key: str
    kind: str
    value: str
    total: int | None
    whole: bool
    """Whether all of its words are the key; else some were left out before it."""


@dataclass(slots=True)
class _Record:
    """The metrics of one line with the counters that hold for it."""

    line: int
    raw: str
    epoch: float | None
    step: float | None
    step_total: int | None
    metrics: list[_Item]


def wants(document: Document) -> bool:
    """Logs only."""
    return document.kind == "log"


def read(document: Document) -> Iterator[Stated]:
    """Metrics with their epoch and step; planned totals."""
    plans = Plans()
    records: list[_Record] = []
    epoch: float | None = None
    for line, frame in document.frames():
        if line in document.claimed or len(frame) > MAX_LINE or _CODE.search(frame):
            continue
        items = _items(frame, document)
        if not items:
            continue
        counters = {item.kind: item for item in reversed(items) if item.kind in ("epoch", "step")}
        metrics = [item for item in items if item.kind == "metric" and (item.whole or counters)]
        if counters.get("epoch") is not None:
            epoch = float(counters["epoch"].value)
        step = counters.get("step")
        if metrics:
            metrics += [item for item in items if item.kind == "companion"]
        for name, item in counters.items():
            if item.total is not None and float(item.value) <= item.total and (name == "epoch" or epoch is None):
                yield from plans.see(f"plan_{name}s", float(item.value), item.total, line, frame)
        if metrics:
            at = float(step.value) if step is not None else None
            records.append(_Record(line, frame.strip(), epoch, at, step.total if step else None, metrics))
    yield from _stated(records)


def _stated(records: list[_Record]) -> Iterator[Stated]:
    inner = _steps_restart(records)
    for record in records:
        step = None if inner or (record.step_total is not None and record.epoch is not None) else record.step
        for item in record.metrics:
            yield Stated(item.key, item.value, record.line, "metric", step=step, epoch=record.epoch, raw=record.raw)


def _steps_restart(records: list[_Record]) -> bool:
    """Whether steps begin anew with each epoch."""
    last: tuple[float, float] | None = None
    for record in records:
        if record.epoch is None or record.step is None:
            continue
        if last is not None and record.epoch > last[0] and record.step <= last[1]:
            return True
        last = (record.epoch, record.step)
    return False


def _items(frame: str, document: Document) -> list[_Item]:
    text = frame
    for _ in range(4):
        shorter = _PREFIX.sub("", text, count=1)
        if shorter == text:
            break
        text = shorter
    found: list[_Item] = []
    end = 0
    for match in _NUMBER.finditer(text):
        item = _item(text[end : match.start()], match, document)
        end = match.end()
        if item is not None:
            found.append(item)
    return found


def _item(before: str, match: re.Match[str], document: Document) -> _Item | None:
    """The number with its key, or None when the words before it measure and count nothing."""
    label = _SEPARATOR.split(_PARENTHESES.sub(" ", before).rstrip(" :=[(#"))[-1].lstrip(" :=[(#*-")
    words = _NO_WORDS.sub(" ", label).split()
    if not words or len(words) > MAX_WORDS:
        return None
    total = int(match["total"]) if match["total"] else None
    value = match["value"] + ("%" if match["percent"] else "")
    for n in range(min(4, len(words)), 0, -1):
        key = " ".join(words[-n:])
        kind = document.naming(key)
        if not kind:
            continue
        left_out = {word.lower() for word in words[:-n]}
        if kind in ("epoch", "step") and (left_out & _NOT_PROGRESS or not match["value"].isdigit()):
            return None
        return _Item(key, kind, value, total, not left_out)
    return None
