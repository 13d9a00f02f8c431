"""tqdm's bars: how far a loop came of how many steps, and the metrics it shows behind.

    Training:  12%|█▏        | 12/100 [00:01<00:09,  8.90it/s, loss=0.53]

Only a bar's last frame tells its progress. Bars of downloads, tokenising, evaluation, checkpoint shards and the like are
not training: their description says so. A bar that starts over with every epoch counts steps within it and states none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from scanner.formats._base import LOOSE_NUMBER, Document, Stated

ID = "progress_bars"
DESCRIPTION = "Progress bars of tqdm: steps done of steps planned, and the metrics shown behind them"
SAMPLE = " 12%|#2        | 12/100 [00:01<00:09,  8.90it/s, loss=0.53]"
GENERIC = True

_BAR = re.compile(
    r"(?P<label>[^|\r\n]{0,80}?)\s*(?<![\d.])(?P<percent>\d{1,3})%\|[^|]{0,200}\|\s*(?P<done>\d+)/(?P<total>\d+)\s*"
    r"\[(?P<spent>[\d:.]+(?: days?, [\d:]+)?)<(?P<left>[\d:?.]+|\?)[^,\]]*(?:,\s*(?P<rate>[^,\]]{1,30}))?(?P<postfix>,[^\]]{0,400})?"
)
_PAIR = re.compile(rf"(?P<key>[\w/.\- ]{{1,40}}?)\s?[=:]\s?(?P<value>{LOOSE_NUMBER})(?=[,\s\]%]|$)")
_OTHER = re.compile(
    r"(?i)download|map\b|map \(|tokeniz|evaluat|valid|\bval\b|test|predict|infer|generat|shard|fetch|filter|saving|loading|"
    r"load|extract|process|preprocess|prepar|sampling|sample|convert|upload|adding|packing|truncat|scan|cach|caption|embed|"
    r"\.(?:zip|tar|bin|json|safetensors|pt|txt|model|parquet|gz)\b|bytes|creating|reading|epochs? *[:\[]?$|[KMG]i?B"
)
_BYTES = re.compile(r"\d[kMG]?i?B/s|[kMG]B/s")
_EPOCH_LABEL = re.compile(r"(?i)(?:epoch|ep|d\wnem|epok)\W{0,3}(?P<n>\d+)(?:\s*/\s*(?P<total>\d+))?")
_EPOCHS_ONLY = re.compile(r"(?i)^\W*(?:epochs?|d\wnem)\W*$")


@dataclass(slots=True)
class _Bar:
    """One bar through all of its frames."""

    label: str
    total: int
    line: int
    done: int = 0
    postfix: str = ""
    raw: str = ""
    epoch: float | None = None
    points: list[tuple[int, int, str]] = field(default_factory=list)


def wants(document: Document) -> bool:
    """Logs with a bar in them."""
    return document.kind == "log" and any("%|" in line for line in document.lines)


def read(document: Document) -> Iterator[Stated]:
    """The last frame of each bar; a plan only where one bar is the whole training."""
    bars = _bars(document)
    training = [bar for bar in bars if bar.total > 1 and not _OTHER.search(bar.label)]
    whole = {id(bar) for bar in training if _is_whole(bar, training)}
    for bar in training:
        counts_epochs = _EPOCHS_ONLY.match(bar.label) is not None
        if counts_epochs:
            yield Stated("plan_epochs", bar.total, bar.line, "mark", raw=bar.raw)
            if bar.done:
                yield Stated("epoch", bar.done, bar.line, "metric", raw=bar.raw)
        elif id(bar) in whole:
            yield Stated("plan_steps", bar.total, bar.line, "mark", raw=bar.raw)
            if bar.done:
                yield Stated("step", bar.done, bar.line, "metric", step=bar.done, raw=bar.raw)
        if bar.line in document.claimed:
            continue
        for pair in _PAIR.finditer(bar.postfix):
            key = pair["key"].strip(" ,")
            if document.naming(key) in ("metric", "companion"):
                step = float(bar.done) if id(bar) in whole else None
                epoch = float(bar.done) if counts_epochs else bar.epoch
                yield Stated(key, pair["value"], bar.line, "metric", step=step, epoch=epoch, raw=bar.raw)


def _bars(document: Document) -> list[_Bar]:
    found: list[_Bar] = []
    for line, frame in document.frames():
        if "%|" not in frame:
            continue
        for match in _BAR.finditer(frame[:2000]):
            if match["rate"] and _BYTES.search(match["rate"]):
                continue
            label, done, total = match["label"].strip(), int(match["done"]), int(match["total"])
            last = found[-1] if found else None
            same = next(
                (b for b in reversed(found[-3:]) if b.total == total and b.done <= done and _alike(b.label, label)),
                last,
            )
            if same is None or same.total != total or same.done > done or not _alike(same.label, label):
                epoch = _EPOCH_LABEL.search(label)
                same = _Bar(label, total, line, epoch=float(epoch["n"]) if epoch else None)
                found.append(same)
            same.done, same.line, same.raw = done, line, match.group().strip()[-180:]
            same.postfix = match["postfix"] or same.postfix
    return found


def _alike(a: str, b: str) -> bool:
    """Labels that differ in numbers only are one bar's (`Loss 0.5`, `Loss 0.4`), but epochs are told apart."""
    one, two = _EPOCH_LABEL.search(a), _EPOCH_LABEL.search(b)
    if one and two and one["n"] != two["n"]:
        return False
    return re.sub(r"[\d.]+", "#", a)[:20] == re.sub(r"[\d.]+", "#", b)[:20]


def _is_whole(bar: _Bar, bars: list[_Bar]) -> bool:
    """Whether the bar spans the training: no other bar of the same total was filled beside it, and it names no epoch."""
    if bar.epoch is not None:
        return False
    return sum(other.total == bar.total for other in bars) == 1 and bar.total == max(other.total for other in bars)
