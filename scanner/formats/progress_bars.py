"""tqdm's bars: how far a loop came of how many steps, and the metrics shown before and behind.

    Training:  12%|#2        | 12/100 [00:01<00:09,  8.90it/s, loss=0.53]
    Epoch 3 loss 0.53: 100%|##########| 100/100 [00:11<00:00]

Only a bar's last frame tells its progress. Bars of downloads, tokenising, evaluation, checkpoint shards and the like
are not training: their description says so. A bar that starts over with every epoch counts steps within it and states
none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from scanner.formats._base import Document, Rows, Stated
from scanner.formats._loop_items import Line, read_line
from scanner.formats._plans import Plans
from scanner.formats._sieve import Sieve

ID = "progress_bars"
DESCRIPTION = "Progress bars of tqdm: steps done of steps planned, and the metrics shown with them"
SAMPLE = " 12%|#2        | 12/100 [00:01<00:09,  8.90it/s, loss=0.53]"
GENERIC = True

MAX_POINTS = 400
"""Frames of one bar whose metrics are kept; of more, every other one is dropped."""

MIN_ROWS = 64
"""Frames of a document from which on their metrics are handed over as columns."""

_BETWEEN = " | "
"""Put between what stands before a bar and what stands behind it."""

MAX_FRAME = 50_000
"""Characters of a line: where no terminal took the bars' returns, all of a training's bars stand on one."""
_BAR = re.compile(
    r"%\|[^|]{0,200}\|\s*(?P<done>\d+)/(?P<total>\d+)\s*"
    r"\[(?P<spent>[\d:.]+(?: days?, [\d:]+)?)<(?P<left>[\d:?.]+|\?)[^,\]]*(?:,\s*(?P<rate>[^,\]]{1,30}))?"
    r"(?P<postfix>,(?:[^\]\r\n]|\](?=,)){0,400})?"
)
_LABEL = re.compile(r"(?P<label>[^|]{0,120}?)\s*+(?<![\d.])\d{1,3}$")
"""What stands before a bar, up to its percentage."""
_OTHER = re.compile(
    r"(?i)download|map\b|map \(|tokeniz|evaluat|\beval\b|valid|\bval\b|test|predict|infer|generat|shard|fetch|filter"
    r"|saving|load|extract|process|preprocess|prepar|sampling|sample|convert|upload|adding|packing|truncat|scan|cach|caption"
    r"|embed|\.(?:zip|tar|bin|json|safetensors|pt|txt|model|parquet|gz)\b|bytes|creating|reading|[KMG]i?B\b"
)
_FILES_LOOKED_AT = re.compile(r"(?i)^\W*(?:\w+:\s*)?(?:scanning|caching|reading|indexing) ")
MAX_FILES_LOOKED_AT = 80
"""Characters after the bar before: `train: Scanning /a/long/path... 845 images` begins a label longer than kept."""
_HELD_OUT = re.compile(r"(?i)evaluat|valid|\bval\b|test|do\u011frulama|\bdev\b")
_NO_STEPS = re.compile(r"\d[kMG]?i?B/s|[kMG]B/s|\sexamples/s|cell/s|s/cell")
"""Rates of downloads, of the `datasets` library, which maps and filters whatever its bar is called, and of papermill,
which executes a notebook's cells."""
_EPOCH_LABEL = re.compile(
    r"(?i)(?:\b(?:epoch|ep|d\w?nem|epok))\W{0,3}(?P<n>\d+)(?:\s*(?:/|of)\s*(?P<total>\d+))?|^\W*(?P<nth>\d+)\s*/\s*(?P<of>\d+)(?:\W*$|\s{2,})"
)
_EPOCHS_ONLY = re.compile(r"(?i)^\W*(?:train(?:ing)?\s*)?(?:epochs?|d\w?nem(?:ler)?|epok)\W*$")


@dataclass(slots=True, eq=False)
class _Drawn:
    """A bar in a frame: where its parts stand, in every frame of the same shape."""

    label: slice
    done: slice
    total: slice
    whole: slice
    """The bar with all that stands before and behind it."""
    postfix: slice
    shows_numbers: bool
    """Whether numbers stand before or behind the bar."""
    known: Line | None = None
    """What such a frame shows, where one has been read and the others show the same but for the numbers."""
    keys: tuple[str, ...] = ()
    places: tuple[tuple[int, int, str], ...] = ()
    """Of each key begin and end of its number in the frame, and a percent sign."""


class _Seen(NamedTuple):
    """A frame of a bar."""

    done: int
    line: int
    text: str
    """What stands before and behind the bar."""
    frame: str
    drawn: _Drawn

    @property
    def raw(self) -> str:
        """The bar as it stands there, the end of a long one."""
        return self.frame[self.drawn.whole].strip()[-180:]


@dataclass(slots=True)
class _Bar:
    """One bar through all of its frames."""

    label: str
    total: int
    last: _Seen
    epoch: float | None = None
    epochs: int | None = None
    is_training: bool = False
    """Whether it counts steps or epochs of a training."""
    is_whole: bool = False
    """Whether it is the one bar of the whole training."""
    counts_epochs: bool = False
    seen: list[_Seen] = field(default_factory=list)
    """The frames that show other metrics than the one before."""


def wants(document: Document) -> bool:
    """Logs with a bar in them."""
    return document.kind == "log" and document.mentions("%|")


def read(document: Document) -> Iterator[Stated | Rows]:
    """The last frame of each bar; a plan only where one bar is the whole training."""
    bars = _bars(document)
    training = [bar for bar in bars if bar.total > 1 and not _OTHER.search(bar.label)]
    held_out = [
        bar for bar in bars if _OTHER.search(bar.label) and _HELD_OUT.search(bar.label) and bar.epoch is not None
    ]
    totals = Counter(bar.total for bar in training)
    longest = max(totals, default=0)
    for bar in training:
        bar.is_training = True
        bar.counts_epochs = _EPOCHS_ONLY.match(bar.label) is not None
        is_alone = bar.epoch is None and totals[bar.total] == 1 and bar.total == longest
        bar.is_whole = is_alone and not bar.counts_epochs
    drawn = [(bar, _points(bar, document)) for bar in (*training, *held_out)]
    is_dense = sum(len(points) for _, points in drawn) >= MIN_ROWS
    # Lines of columns have nothing else of this format: all bars are handed over in one way.
    as_rows = is_dense and all(_are_columns(bar, points) for bar, points in drawn if points)
    plans = Plans()
    for bar, points in drawn:
        done, line, *_ = bar.last
        if bar.counts_epochs:
            yield Stated("plan_epochs", bar.total, line, "mark", raw=bar.last.raw)
            if done:
                yield Stated("epoch", done, line, "metric", epoch=done, raw=bar.last.raw)
        elif bar.is_whole:
            yield Stated("plan_steps", bar.total, line, "mark", raw=bar.last.raw)
            if done:
                yield Stated("step", done, line, "metric", step=done, raw=bar.last.raw)
        elif bar.is_training and bar.epochs is not None and bar.epoch is not None and bar.epoch <= bar.epochs:
            yield from plans.see("plan_epochs", bar.epoch, bar.epochs, line, bar.last.raw)
            if done == bar.total:
                yield Stated("epoch", bar.epoch, line, "metric", epoch=bar.epoch, raw=bar.last.raw)
        if points:
            yield from _rows(bar, points) if as_rows else _stated(bar, points)


MAX_DIGITS = 15
"""Of a bar's counters: what has more is no count."""


class _Point(NamedTuple):
    """The metrics of one frame."""

    seen: _Seen
    keys: tuple[str, ...]
    values: list[str]
    """As written."""


def _are_columns(bar: _Bar, points: Sequence[_Point]) -> bool:
    """Whether every frame of a bar shows the same metrics, of an epoch that the bar names."""
    keys = points[0].keys
    is_plain = bar.epoch is not None and not bar.is_whole and not bar.counts_epochs and len(set(keys)) == len(keys)
    return is_plain and all(point.keys == keys for point in points)


def _rows(bar: _Bar, points: Sequence[_Point]) -> Iterator[Rows]:
    columns = [
        [value.removesuffix("%") for value in column]
        for column in zip(*(point.values for point in points), strict=True)
    ]
    yield Rows(points[0].keys, [point.seen.line for point in points], columns, [bar.epoch or 0.0] * len(points))


def _stated(bar: _Bar, points: Sequence[_Point]) -> Iterator[Stated]:
    for seen, keys, values in points:
        step = float(seen.done) if bar.is_whole else None
        epoch = float(seen.done) if bar.counts_epochs else bar.epoch
        for key, value in zip(keys, values, strict=True):
            yield Stated(key, value, seen.line, "metric", step=step, epoch=epoch, raw=seen.raw)


def _points(bar: _Bar, document: Document) -> list[_Point]:
    """The frames of a bar that show metrics."""
    found = (_point(seen, document) for seen in bar.seen if seen.line not in document.claimed)
    return [point for point in found if point.keys]


def _point(seen: _Seen, document: Document) -> _Point:
    drawn, frame = seen.drawn, seen.frame
    if drawn.known is not None and (not drawn.known.literals or drawn.known.fits(seen.text)):
        values = [frame[begin:end].replace(",", "") + percent for begin, end, percent in drawn.places]
        return _Point(seen, drawn.keys, values)
    found = read_line(seen.text, document.naming)
    items = [item for item in found.items if item.kind in ("metric", "companion") and item.whole]
    keys = tuple(item.key for item in items)
    if found.is_of_shape:
        drawn.known, drawn.keys = found, keys
        # Of the text, which is put together of the two, each part has its place in the frame.
        n_label = drawn.label.stop - drawn.label.start
        moved = drawn.postfix.start - n_label - len(_BETWEEN)
        shifts = (drawn.label.start if item.span[1] <= n_label else moved for item in items)
        drawn.places = tuple(
            (item.span[0] + shift, item.span[1] + shift, "%" if item.value[-1:] == "%" else "")
            for item, shift in zip(items, shifts, strict=True)
        )
    return _Point(seen, keys, [item.value for item in items])


def _bars(document: Document) -> list[_Bar]:
    found: list[_Bar] = []
    drawn: dict[int, tuple[_Drawn, ...]] = {}
    sieve, texts = Sieve(document), document.shapes().texts
    for line, frame, shape in sieve:
        if shape not in drawn:
            drawn[shape] = tuple(_drawn(texts[shape])) if "%|" in texts[shape] else ()
            if not drawn[shape]:
                sieve.silent.add(shape)
        for one in drawn[shape]:
            if max(len(frame[one.done]), len(frame[one.total])) > MAX_DIGITS:
                continue
            label, done, total = frame[one.label], int(frame[one.done]), int(frame[one.total])
            seen = _Seen(done, line, f"{label}{_BETWEEN}{frame[one.postfix].rstrip(']')}", frame, one)
            bar = found[-1] if found else None
            if bar is None or not _is_next(bar, label, done, total):
                bar = next((b for b in found[-2:-4:-1] if _is_next(b, label, done, total)), None)
            if bar is None:
                epoch = _EPOCH_LABEL.search(label)
                bar = _Bar(label, total, seen)
                if epoch is not None and (number := epoch["n"] or epoch["nth"]):
                    bar.epoch, bar.epochs = float(number), int(epoch["total"] or epoch["of"] or 0) or None
                found.append(bar)
            bar.last = seen
            if one.shows_numbers:
                _keep(bar, seen)
    return found


def _drawn(frame: str) -> Iterator[_Drawn]:
    """The bars in a frame, or in its shape: nothing here asks for any digit's value."""
    end = 0
    for match in _BAR.finditer(frame[:MAX_FRAME]):
        begin, end_before = max(end, match.start() - 124), end
        begin = frame.rfind("|", begin, match.start()) + 1 or begin
        end = match.end()
        head = _LABEL.match(frame[begin : match.start()])
        if head is None or (match["rate"] and _NO_STEPS.search(match["rate"])):
            continue
        if _FILES_LOOKED_AT.match(frame[end_before : end_before + MAX_FILES_LOOKED_AT]):
            continue
        label = head["label"].strip("] \t")
        at = begin + head["label"].index(label)
        postfix = slice(*match.span("postfix")) if match["postfix"] else slice(0, 0)
        text = f"{label}{_BETWEEN}{frame[postfix]}"
        shows_numbers = any(map(str.isdigit, text)) or "nan" in text.lower()
        yield _Drawn(
            slice(at, at + len(label)),
            slice(*match.span("done")),
            slice(*match.span("total")),
            slice(begin, match.end()),
            postfix,
            shows_numbers,
        )


def _is_next(bar: _Bar, label: str, done: int, total: int) -> bool:
    return bar.total == total and bar.last.done <= done and (bar.label == label or _alike(bar.label, label))


def _keep(bar: _Bar, seen: _Seen) -> None:
    """Remember a frame that shows numbers: the newest always, of the older ones an even choice."""
    if bar.seen and (bar.seen[-1].text == seen.text or bar.seen[-1].done == seen.done):
        bar.seen.pop()
    bar.seen.append(seen)
    if len(bar.seen) > MAX_POINTS:
        del bar.seen[1::2]


def _alike(a: str, b: str) -> bool:
    """Labels that differ in numbers only are one bar's (`Loss 0.5`, `Loss 0.4`), but epochs are told apart."""
    (one, masked), (two, other) = _epoch_and_rest(a), _epoch_and_rest(b)
    return (one is None or two is None or one == two) and masked == other


@lru_cache(maxsize=4096)
def _epoch_and_rest(label: str) -> tuple[str | None, str]:
    """The number of the epoch that a label names, None where it names none, and its first letters without numbers."""
    epoch = _EPOCH_LABEL.search(label)
    return (epoch["n"] or epoch["nth"]) if epoch else None, re.sub(r"[\d.]+", "#", label)[:20]
