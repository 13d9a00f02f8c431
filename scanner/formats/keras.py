"""The console of Keras' `fit`: epoch headers, progress bars of every version, callbacks' messages, tuner trials.

    Epoch 3/10
    782/782 [==============================] - 6s 8ms/step - loss: 0.9 - acc: 0.68 - val_loss: 1.0 - val_acc: 0.65
    782/782 ━━━━━━━━━━━━━━━━━━━━ 6s 8ms/step - accuracy: 0.68 - loss: 0.9 - val_accuracy: 0.65 - val_loss: 1.0
    782/782 - 6s - loss: 0.9 - accuracy: 0.68 - 6s/epoch - 8ms/step
    Epoch 7: early stopping

A bar redraws itself; a log holds the frames behind carriage returns, backspaces, or as lines of their own. Of an epoch
only its last frame counts. Bars outside an open epoch belong to `evaluate` and `predict` and are left alone. The rate
on a bar is momentary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from scanner.formats._base import LOOSE_NUMBER, Document, Stated
from scanner.formats._plans import Plans

ID = "keras"
DESCRIPTION = "Console of Keras' fit, and of its callbacks and tuner"
SAMPLE = """Epoch 3/10
782/782 [==============================] - 6s 8ms/step - loss: 0.9 - acc: 0.68 - val_loss: 1.0 - val_acc: 0.65"""

_HEADER = re.compile(r"^\s*Epoch (?P<epoch>\d{1,7})/(?P<total>\d{1,7})\s*$")
_BAR = re.compile(
    r"^\s*+(?:(?P<n>\d{1,9})/(?P<total>\d{1,9}|Unknown|\?))?\s*+"
    r"(?P<bar>\[[=>. ]{1,60}\]|[\u2501\u2578\u257a ]{3,60}|)\s*+(?:-\s*+)?(?P<rest>(?:ETA: |\d+(?::\d\d)*s?\b).*)$"
)
_PAIR = re.compile(rf"(?:^| - )(?P<key>[A-Za-z_][\w/.@-]{{0,60}}): (?P<value>{LOOSE_NUMBER})(?=\s|$)")
_EARLY_STOP = re.compile(r"^\s*Epoch \d+: early stopping\b")
_PLATEAU = re.compile(r"^\s*Epoch \d+: ReduceLROnPlateau reducing learning rate to ")
_SAMPLES = re.compile(r"^Train on (?P<n>\d+) samples?(?:, validate on \d+ samples?)?")
_FOLDER = re.compile(
    r"^(?:Using (?P<used>\d+) files for training\.|"
    r"Found (?P<found>\d+) (?:validated )?image(?:s| filenames) belonging to \d+ classes)"
)
_MODEL = re.compile(r'^Model: "(?P<name>[^"]{1,80})"$')
_AUTO_NAME = re.compile(r"(?:sequential|model|functional)(?:_\d+)?$")
_DEVICE = re.compile(r"Created (?:TensorFlow )?device .{0,80}GPU:\d.{0,160}\bname: (?P<gpu>[^,()]{3,60}), pci bus id")
_TRIAL = "Search: Running Trial #"
_HYPERPARAMETER = re.compile(r"^(?P<value>[^|\s][^|]{0,60}?)\s*\|[^|]{1,60}\|(?P<key>[\w/.-]{1,60})\s*$")


class _Drawn(NamedTuple):
    """What a frame of a bar says and where: the same for every frame of its shape."""

    n: slice
    total: slice | None
    """None where no total is stated."""
    pairs: tuple[tuple[str, slice], ...]
    has_bar: bool
    """Whether it shows a bar, or at least the seconds that it took."""


@dataclass(slots=True)
class _Frame:
    """The last frame of the epoch at hand."""

    line: int
    text: str
    n: int
    total: int | None
    drawn: _Drawn

    @property
    def is_full(self) -> bool:
        """Whether all batches of the epoch are done."""
        return self.total is None or self.n >= self.total

    @property
    def keys(self) -> frozenset[str]:
        """What it measures."""
        return frozenset(key for key, _ in self.drawn.pairs)

    @property
    def has_validation(self) -> bool:
        """Whether it is the frame drawn after the epoch's validation."""
        return any(key.startswith("val_") for key, _ in self.drawn.pairs)


def _drawn(text: str) -> _Drawn | None:
    """The parts of a frame, or of its shape, since nothing asks for any digit's value; None for another text."""
    bar = _BAR.match(text) if " - " in text else None
    if bar is None:
        return None
    at = bar.start("rest")
    pairs = {m["key"]: slice(at + m.start("value"), at + m.end("value")) for m in _PAIR.finditer(bar["rest"])}
    total = slice(*bar.span("total")) if (bar["total"] or "").isdigit() else None
    n = slice(*bar.span("n")) if bar["n"] else slice(0, 0)
    return _Drawn(n, total, tuple(pairs.items()), bool(bar["bar"].strip() or re.match(r"\d+s", bar["rest"])))


def wants(document: Document) -> bool:
    """Logs with an epoch header and a loss."""
    return document.kind == "log" and document.mentions("Epoch ") and document.mentions("loss:", "keras")


def read(document: Document) -> Iterator[Stated]:
    """Epochs with their metrics, the plan, and what callbacks say."""
    fit = _Fit(document.mentions("/keras/", "keras.src", "\\keras\\", "tensorflow/python"))
    in_trial = False
    known: dict[int, _Drawn | None] = {}
    texts = document.shapes().texts
    for line, frame, shape in document.shaped_frames():
        text = frame.replace("\b", "") if "\b" in frame else frame
        if shape not in known:
            known[shape] = _drawn(texts[shape].replace("\b", ""))
        header = _HEADER.match(text) if "Epoch " in text else None
        if header:
            in_trial = False
            yield from fit.open(int(header["epoch"]), int(header["total"]), line, text)
        elif (bar := known[shape]) is not None:
            if fit.epoch:
                yield from fit.draw(bar, line, text)
            if fit.is_recognised:
                document.claimed.add(line)  # frames and evaluations, too: nobody else shall take them for epochs
        elif _TRIAL in text:
            in_trial = True
            yield from fit.close()
        elif in_trial and "|" in text and (found := _HYPERPARAMETER.match(text.strip())):
            if found["key"] != "Hyperparameter":
                yield Stated(found["key"], found["value"], line, raw=text.strip())
        else:
            yield from _message(text, line, fit)
    yield from fit.close()


def _message(text: str, line: int, fit: _Fit) -> Iterator[Stated]:
    if "Epoch " in text:
        if _EARLY_STOP.match(text):
            yield from fit.close()
            yield Stated("early_stop", True, line, "mark", raw=text.strip())
        elif _PLATEAU.match(text):
            yield Stated("lr_scheduler", "ReduceLROnPlateau", line, raw=text.strip())
    elif text.startswith("Train on ") and (found := _SAMPLES.match(text)):
        fit.counts_samples = int(found["n"])
        yield Stated("train_samples", int(found["n"]), line, raw=text)
    elif text.startswith(("Found ", "Using ")) and (found := _FOLDER.match(text)):
        if found["used"]:
            yield Stated("train_samples", int(found["used"]), line, raw=text)
        elif not fit.found_images:
            fit.found_images = True  # generators are built for training first, then for validation
            yield Stated("train_samples", int(found["found"]), line, raw=text)
    elif text.startswith("Model: ") and (found := _MODEL.match(text)):
        fit.found_images = False
        if not _AUTO_NAME.match(found["name"]):
            yield Stated("model", found["name"], line, raw=text)
    elif "GPU:" in text and (found := _DEVICE.search(text)):
        yield Stated("gpu_name", found["gpu"], line, raw=found.group())
        yield Stated("device", "cuda", line, raw=found.group())


class _Fit:
    """One call of `fit` at a time: the epoch at hand and its last frame."""

    def __init__(self, is_keras: bool) -> None:
        self.epoch = 0
        """The epoch whose bar is being drawn; 0 between epochs."""
        self._last = 0
        self.counts_samples = 0
        """Samples that the bars of old versions count instead of steps."""
        self.found_images = False
        self._is_keras = is_keras
        self._plans = Plans()
        self._frame: _Frame | None = None
        self._header: tuple[int, int, int, str] | None = None
        self._started = False
        self.is_recognised = False
        """Whether any header was followed by a bar of Keras' kind."""

    def open(self, epoch: int, total: int, line: int, text: str) -> Iterator[Stated]:
        """An epoch header."""
        goes_on = 0 < self._last == epoch - 1
        yield from self.close(is_followed=goes_on)
        self._started = self._started and goes_on
        self.epoch = self._last = epoch
        self._header = (epoch, total, line, text.strip())

    def draw(self, drawn: _Drawn, line: int, text: str) -> Iterator[Stated]:
        """A frame of a bar: of the epoch at hand, or of an evaluation after it."""
        if not drawn.pairs or not drawn.has_bar:
            return
        total = int(text[drawn.total]) if drawn.total is not None else None
        new = _Frame(line, text, int(text[drawn.n] or 0), total, drawn)
        old = self._frame
        if old is not None and old.is_full and old.total is not None and not _redraws(old, new):
            yield from self.close()
            return
        if self._header is not None:
            yield from self._start()
        self._frame = new

    def _start(self) -> Iterator[Stated]:
        """The marks of a fit, told once a bar has shown that the header is Keras'."""
        if self._header is None:
            return
        epoch, total, line, raw = self._header
        self._header = None
        self.is_recognised = True
        if not self._started:
            self._started = True
            # `fit(epochs=1)` called in a loop is one training; its header alone starts none.
            if total > 1 or epoch > 1:
                yield Stated("training_start", True, line, "mark", raw=raw)
            yield Stated("framework", "keras", line, raw=raw)
        yield from self._plans.see("plan_epochs", epoch, total, line, raw)

    def close(self, is_followed: bool = False) -> Iterator[Stated]:
        """The last frame of the epoch becomes its points; one that was left in the middle states no finished epoch."""
        if self._header is not None and self._is_keras:
            yield from self._start()
        self._header = None
        frame, self._frame = self._frame, None
        number, self.epoch = self.epoch, 0
        if frame is None:
            return
        epoch = float(number) if frame.is_full or is_followed else None
        step = None
        if frame.n and frame.total != self.counts_samples:
            step = float((number - 1) * (frame.total or frame.n) + frame.n)
        raw = frame.text.strip()
        for key, place in frame.drawn.pairs:
            yield Stated(_key(key), frame.text[place], frame.line, "metric", step, epoch, raw=raw)
        if epoch is not None:
            yield Stated("epoch", epoch, frame.line, "metric", step, epoch, raw=raw)


def _redraws(old: _Frame, new: _Frame) -> bool:
    """Whether a full frame is drawn again (after validation, or at once); else the new one begins an evaluation."""
    if new.total != old.total or new.n < old.n:
        return False
    if old.has_validation or not old.keys <= new.keys:
        return False
    return new.has_validation or new.line - old.line <= 1


@lru_cache(maxsize=1024)
def _key(key: str) -> str:
    """Keras' own naming undone: what carries no `val_` is measured on the training data, and the metrics of a second
    model are numbered (`val_auc_1`); `top_1` keeps its number."""
    plain = key if "top" in key else re.sub(r"_\d{1,3}$", "", key)
    return plain if plain.startswith("val_") or plain in ("loss", "lr", "learning_rate") else f"train_{plain}"
