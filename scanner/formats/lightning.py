"""The console of PyTorch Lightning: the Trainer's banner, the model summary, progress bars of both styles, the end.

    GPU available: True (cuda), used: True
      | Name  | Type   | Params
    Epoch 3: 100%|██████████| 12/12 [00:01<00:00,  9.54it/s, loss=0.5, v_num=3, val_loss=0.4]
    `Trainer.fit` stopped: `max_epochs=4` reached.

Of an epoch only the last frame of its bar counts. Epochs are counted from 0 and stay so. Hand-written loops draw the
same bars: without another word of Lightning's in the text they are left alone. Its files are read by lightning_files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats import _lightning_table as table
from scanner.formats._base import LOOSE_NUMBER, Document, Stated
from scanner.formats._plans import Plans

ID = "lightning"
DESCRIPTION = "Console of PyTorch Lightning"
SAMPLE = """GPU available: True (cuda), used: True
Epoch 3: 100%|##########| 12/12 [00:01<00:00,  9.54it/s, loss=0.5, v_num=3, val_loss=0.4]
`Trainer.fit` stopped: `max_epochs=4` reached."""

_SIGNS = ("GPU available: ", "Trainer.fit` stopped", "v_num=", "v_num: ", "pytorch_lightning", "lightning/pytorch")

_TQDM = re.compile(
    r"Epoch (?P<epoch>\d{1,7}): +(?P<percent>\d{1,3})%\|[^|]{0,400}\| *(?P<n>\d+)/(?P<total>\d+) \[(?P<rest>[^\]]*)"
)
_RICH = re.compile(
    r"^\s*Epoch (?P<epoch>\d{1,7})/(?P<last>\d{1,7})\s+[\u2501\u2578\u257a ]+(?P<n>\d+)/(?P<total>\d+) (?P<rest>.*)$"
)
_TQDM_PAIR = re.compile(rf"(?P<key>[A-Za-z_][\w/.@-]*)=(?P<value>{LOOSE_NUMBER}|[a-z0-9]{{8}})(?=[,\s]|$)")
_RICH_PAIR = re.compile(rf"(?P<key>[A-Za-z_][\w/.@-]*): +(?P<value>{LOOSE_NUMBER})(?=\s|$)")
_OTHER_BAR = re.compile(r"^\s*(?:Sanity Checking|Validation|Validating|Testing|Predicting|Validation sanity check)\b")
_CONTINUATION = re.compile(r"^\s{20,}\S")

_GPU = re.compile(r"GPU available: (?:True|False)(?: \((?P<kind>\w+)\))?, used: (?P<used>True|False)")
_TPU = re.compile(r"TPU available: True, using: (?P<n>[1-9]\d*) TPU cores")
_AMP = re.compile(r"Using (?:native )?(?P<bits>16[- ]?bit|bfloat16)\b.{0,40}(?:precision|\(AMP\))", re.IGNORECASE)
_SEED = re.compile(r"(?:Global seed|Seed) set to (?P<seed>\d+)")
_WORLD = re.compile(r"GLOBAL_RANK: \d+, MEMBER: \d+/(?P<a>\d+)|registered\. Starting with (?P<b>\d+) processes")
_STOPPED = re.compile(r"`Trainer\.fit` stopped: `(?P<what>[\w.]+)(?:=(?P<value>-?[\d:.]+))?`")
_FRAME_IN = re.compile(
    r'File "[^"]*lightning[/\\](?:pytorch[/\\])?trainer[/\\]trainer\.py", line \d+, in (?P<name>\w+)'
)
_FITS = frozenset({"fit", "_fit_impl", "_run_train", "fit_loop"})


def wants(document: Document) -> bool:
    """Logs in which Lightning itself speaks."""
    return document.kind == "log" and document.mentions(*_SIGNS)


def read(document: Document) -> Iterator[Stated]:
    """Settings of the banner, epochs with their metrics, and how the fit ended."""
    console = _Console()
    for line, text in document.frames():
        if "Epoch " in text and (bar := _TQDM.search(text)):
            document.claimed.add(line)
            yield from console.draw(bar, line, int(bar["percent"]) >= 100, _TQDM_PAIR)
            if len(text) > bar.end() + 1:
                yield from console.message(text[bar.end() + 1 :], line)  # stderr, glued behind the bar
        elif "Epoch " in text and "\u2501" in text and (bar := _RICH.match(text)):
            document.claimed.add(line)
            yield from console.draw(bar, line, bar["n"] == bar["total"], _RICH_PAIR)
        elif _OTHER_BAR.match(text):
            document.claimed.add(line)
        elif console.is_rich and _CONTINUATION.match(text):
            document.claimed.add(line)
            console.go_on(text)
        else:
            yield from console.message(text, line)
    yield from console.close()


class _Console:
    """The fit at hand and the last frame of its epoch."""

    def __init__(self) -> None:
        self._plans = Plans()
        self._epoch: int | None = None
        self._line = 0
        self._rest = ""
        self._is_full = False
        self._pairs = _TQDM_PAIR
        self._told: set[str] = set()
        self._in_table = False
        self._mentions_training = False

    @property
    def is_rich(self) -> bool:
        """Whether the last bar may go on in the lines below it."""
        return self._pairs is _RICH_PAIR and self._epoch is not None

    def draw(self, bar: re.Match[str], line: int, is_full: bool, pairs: re.Pattern[str]) -> Iterator[Stated]:
        """A frame of the bar of an epoch."""
        epoch = int(bar["epoch"])
        if self._epoch is not None and epoch != self._epoch:
            yield from self.close(is_followed=epoch == self._epoch + 1)
        if "last" in bar.groupdict():
            # The rich bar counts from 0 to the last epoch's own number.
            yield from self._plans.see("plan_epochs", epoch, int(bar["last"]) + 1, line, bar.group())
        yield from self._framework(line, bar.group())
        self._epoch, self._line, self._rest, self._is_full, self._pairs = epoch, line, bar["rest"], is_full, pairs

    def go_on(self, text: str) -> None:
        """The next line of a rich bar that is wider than the terminal."""
        self._rest += " " + text.strip()

    def close(self, is_followed: bool = False) -> Iterator[Stated]:
        """The last frame becomes the epoch's points; a bar that stands still states no finished epoch."""
        if self._epoch is None:
            return
        epoch = float(self._epoch) if self._is_full or is_followed else None
        raw = f"Epoch {self._epoch}: {self._rest.strip()}"
        self._epoch = None
        for pair in self._pairs.finditer(self._rest):
            key, value = pair["key"], pair["value"]
            if key == "v_num":
                yield from self._version(value, raw)
            elif key != "it":
                yield Stated(key, value, self._line, "metric", epoch=epoch, raw=raw)
        if epoch is not None:
            yield Stated("epoch", epoch, self._line, "metric", epoch=epoch, raw=raw)

    def _version(self, value: str, raw: str) -> Iterator[Stated]:
        """The logger's version: a number of a folder, or the id that W&B gave the run."""
        number = value.partition(".")[0]
        if value in self._told:
            return
        self._told.add(value)
        if number.isdigit() and len(number) < 6:
            yield Stated("output_dir", f"version_{number}", self._line, "fact", raw=raw)
        elif value.isalnum() and len(value) == 8:
            yield Stated("tracker_run", value, self._line, "fact", raw=raw)

    def _framework(self, line: int, raw: str) -> Iterator[Stated]:
        if "framework" not in self._told:
            self._told.add("framework")
            yield Stated("framework", "lightning", line, raw=raw.strip())
            yield Stated("first_epoch", 0, line, "mark", raw=raw.strip())

    def message(self, text: str, line: int) -> Iterator[Stated]:
        """Everything that is no bar."""
        if table.HEADER.match(text):
            yield from self.close()
            self._told.discard("framework")
            self._in_table = True
            yield Stated("training_start", True, line, "mark", raw=text.strip())
            yield from self._framework(line, text)
        elif self._in_table:
            found = table.architecture(text)
            if found:
                yield Stated("architecture", found, line, raw=text.strip())
            self._in_table = "arams" not in text
        elif "available: " in text:
            yield from self._hardware(text, line)
        elif "set to " in text and (found_seed := _SEED.search(text)):
            yield Stated("seed", int(found_seed["seed"]), line, raw=text.strip())
        elif "Using " in text and (amp := _AMP.search(text)):
            yield Stated("precision", "bf16" if amp["bits"].lower().startswith("bf") else "16", line, raw=text.strip())
        elif "`Trainer.fit` stopped" in text and (stopped := _STOPPED.search(text)):
            yield from self._end(stopped, line, text)
        elif "Signaling Trainer to stop" in text:
            yield Stated("early_stop", True, line, "mark", raw=text.strip())
        elif "Detected KeyboardInterrupt" in text:
            yield Stated("failure:interrupted", True, line, "mark", raw=text.strip())
        elif "MEMBER: " in text or "Starting with " in text:
            world = _WORLD.search(text)
            if world:
                yield Stated("num_processes", int(world["a"] or world["b"]), line, raw=text.strip())
        elif text.lstrip().startswith('File "'):
            yield from self._traceback(text, line)
        elif "raceback (most recent call last)" in text:
            self._mentions_training = False
        elif "train" in text and not self._mentions_training:
            self._mentions_training = True

    def _hardware(self, text: str, line: int) -> Iterator[Stated]:
        gpu = _GPU.search(text)
        if gpu:
            yield from self._framework(line, text)
            if gpu["used"] == "True":
                kind = gpu["kind"] or "cuda"
                yield Stated("device", kind, line, raw=text.strip())
        elif _TPU.search(text):
            yield Stated("device", "tpu", line, raw=text.strip())

    def _end(self, stopped: re.Match[str], line: int, text: str) -> Iterator[Stated]:
        # The bar's last frame follows this message: the epoch stays open.
        yield from self._framework(line, text)
        what, value = stopped["what"], stopped["value"]
        if what in ("max_epochs", "max_steps") and value:
            yield Stated(what, value, line, raw=text.strip())
        mark = "early_stop" if what.endswith("should_stop") else "training_end"
        yield Stated(mark, True, line, "mark", raw=text.strip())

    def _traceback(self, text: str, line: int) -> Iterator[Stated]:
        """A traceback through the Trainer's fit, or through its constructor in a call that speaks of training."""
        frame = _FRAME_IN.search(text)
        if frame is None:
            self._mentions_training = self._mentions_training or " in train" in text
            return
        yield from self._framework(line, text)
        name = frame["name"]
        if name in _FITS or (name == "__init__" and self._mentions_training):
            if "program" not in self._told:
                self._told.add("program")
                yield Stated("training_program", f"Trainer.{name}", line, "fact", raw=text.strip())
