"""What is printed when training begins: the Trainer's block, which scripts without the Trainer copy, and Unsloth's.

    ***** Running training *****
      Num examples = 1,000
      Num Epochs = 3
      Instantaneous batch size per device = 8
      Total train batch size (w. parallel, distributed & accumulation) = 32
      Total optimization steps = 93

    ==((====))==  Unsloth - 2x faster free finetuning | Num GPUs used = 1
       \\\\   /|    Num examples = 51,760 | Num Epochs = 1 | Total steps = 60
    O^O/ \\_/ \\    Batch size per device = 2 | Gradient accumulation steps = 4

The total batch is no batch per device; with the batch per device and the accumulation it tells the devices that share
the work, unless it tells one: several devices that hold parts of one model count as one here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from scanner.formats import _hf_plan
from scanner.formats._base import Stated

_KEYS = {
    "num examples": "num_examples",
    "num epochs": "num_epochs",
    "num update steps per epoch": "",
    "num batches each epoch": "",
    "instantaneous batch size per device": "per_device_train_batch_size",
    "instantaneous batch size per gpu": "per_gpu_train_batch_size",
    "batch size per device": "per_device_train_batch_size",
    "training with dataparallel so batch size has been adjusted to": "",
    "total train batch size (w. parallel, distributed & accumulation)": "",
    "gradient accumulation steps": "gradient_accumulation_steps",
    "total optimization steps": "total_optimization_steps",
    "total steps": "total_steps",
    "num steps": "num_train_steps",
    "data parallel gpus": "num_gpus",
    "number of trainable parameters": "",
}
"""Label in lower case -> key of what it states; "" where it only serves to understand the others."""
_LABELS = "|".join(re.escape(label) for label in sorted(_KEYS, key=len, reverse=True))
_ITEM = re.compile(rf"(?P<label>{_LABELS})\s*[=:] (?P<value>\d[\d,]*)(?![.\d])", re.IGNORECASE)
_HARDWARE = re.compile(
    r"/\|\s+(?:GPU: )?(?P<gpu>[A-Z][^.|=]{2,60})\. (?:Num GPUs = \d+\. )?Max memory: (?P<gib>[\d.]+) GB"
)
_RANK = re.compile(
    r"Process rank: -?\d+, (?:world size: (?P<world>\d+), )?device: (?P<device>[\w:]+), (?:n_gpu: (?P<gpus>\d+),? ?)?"
    r"distributed training: (?P<spread>True|False)(?:, 16-bits training: (?P<half>True|False))?"
    r"(?:, compute dtype: torch\.(?P<dtype>\w+))?"
)
_UNSLOTH = re.compile(r"(?:==\(\(====\)\)==\s+Unsloth|O\^O/ \\_/ \\|\\\\   /\||\\        /  |\"-____-\" )")
_TOTAL_BATCH = "total train batch size (w. parallel, distributed & accumulation)"


def is_unsloth(text: str) -> bool:
    """Whether a line has a part of the sloth that Unsloth draws."""
    return _UNSLOTH.search(text) is not None


def hardware(line: int, text: str) -> Iterator[Stated]:
    """The GPU beside the sloth that is drawn when a model is loaded."""
    found = _HARDWARE.search(text)
    if found:
        yield Stated("gpu_name", found["gpu"], line, raw=found.group())
        yield Stated("gpu_memory_gib", found["gib"], line, raw=found.group())


def process(line: int, text: str) -> Iterator[Stated]:
    """The line that the example scripts and LLaMA-Factory print for each process."""
    rank = _RANK.search(text)
    if rank is None:
        return
    raw = rank.group()
    yield Stated("device", rank["device"], line, raw=raw)
    if rank["world"]:
        yield Stated("world_size", rank["world"], line, raw=raw)
    elif rank["gpus"] and rank["gpus"] != "0" and rank["spread"] == "False":
        yield Stated("n_gpu", rank["gpus"], line, raw=raw)
    if rank["half"] == "True":
        yield Stated("fp16", True, line, raw=raw)
    if rank["dtype"]:
        yield Stated("precision", rank["dtype"], line, raw=raw)


@dataclass(slots=True)
class Block:
    """The numbers printed as one training begins."""

    line: int
    found: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    """Label in lower case -> (value, line, text)."""

    def add(self, line: int, text: str) -> bool:
        """Take the line's numbers; False when it has none."""
        items = list(_ITEM.finditer(text))
        for item in items:
            value = int(item["value"].replace(",", ""))
            self.found.setdefault(item["label"].lower(), (value, line, item.group()))
        return bool(items)

    @property
    def is_complete(self) -> bool:
        """Whether the last number that every version prints was seen."""
        return bool({"total optimization steps", "total steps", "num steps"} & set(self.found))

    @property
    def counts_parameters(self) -> bool:
        """Whether the line stands there that only the Trainer prints, not the scripts that copy its block."""
        return "number of trainable parameters" in self.found

    def stated(self, devices_in_process: int) -> Iterator[Stated]:
        """What the numbers state. `devices_in_process` is the `_n_gpu` of arguments printed before, else 1."""
        for label, (value, line, text) in self.found.items():
            key = _KEYS[label]
            if key in ("num_epochs", "") or (key == "num_examples" and not self._size_is_known()):
                continue
            if key == "per_device_train_batch_size" and devices_in_process > 1 and value % devices_in_process == 0:
                # Releases around 4.30 print the batch of the whole process here; the arguments have told the other.
                continue
            yield Stated(key, value, line, origin="reported", raw=text)
        yield from self._epochs()
        yield from self._devices()

    def _value(self, *labels: str) -> int | None:
        return next((self.found[label][0] for label in labels if label in self.found), None)

    def _steps(self) -> int | None:
        return self._value("total optimization steps", "total steps", "num steps")

    def _size_is_known(self) -> bool:
        """False for data of unknown length: the number of examples is then made up from the steps."""
        epochs = self._value("num epochs")
        return epochs is None or epochs < _hf_plan.MAX_EPOCHS

    def _batch(self) -> int | None:
        return self._value(
            "instantaneous batch size per device", "instantaneous batch size per gpu", "batch size per device"
        )

    def _epochs(self) -> Iterator[Stated]:
        epochs, steps, examples = self._value("num epochs"), self._steps(), self._value("num examples")
        if epochs is None:
            return
        _, line, text = self.found["num epochs"]
        batch, total = self._batch(), self._value(_TOTAL_BATCH)
        accumulation = self._value("gradient accumulation steps") or 1
        exact = self._value("num update steps per epoch")
        if exact:
            possible = {exact}
        elif steps is None or examples is None or batch is None:
            return
        else:
            devices = self._value("data parallel gpus") or 1
            total = total or batch * accumulation * devices
            possible = _hf_plan.steps_per_epoch_by_size(examples, batch, total, accumulation)
        if steps is not None and _hf_plan.epochs_are_planned(epochs, steps, possible):
            yield Stated("num_epochs", epochs, line, origin="reported", raw=text)

    def _devices(self) -> Iterator[Stated]:
        batch, total = self._batch(), self._value(_TOTAL_BATCH)
        accumulation = self._value("gradient accumulation steps") or 1
        if not batch or total is None or total % (batch * accumulation):
            return
        devices = total // (batch * accumulation)
        if devices > 1:
            _, line, text = self.found[_TOTAL_BATCH]
            yield Stated("num_devices", devices, line, origin="reported", raw=text)
