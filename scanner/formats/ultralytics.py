"""The console of Ultralytics trainings (YOLOv5 to YOLO26): banner, arguments, epoch tables, the closing lines.

    Ultralytics 8.3.0 Python-3.10.12 torch-2.4.0+cu121 CUDA:0 (Tesla T4, 15102MiB)
    engine/trainer: task=detect, mode=train, model=yolov8n.pt, data=coco8.yaml, epochs=10, ...
    optimizer: AdamW(lr=0.000119, momentum=0.9) with parameter groups 57 weight(decay=0.0), ...
          Epoch    GPU_mem   box_loss   cls_loss   dfl_loss  Instances       Size
           1/10      2.11G      1.201      2.843      1.401         42        640: 100%|##########| 8/8
                     Class     Images  Instances      Box(P          R      mAP50  mAP50-95): 100%|####| 1/1
                       all          4         17      0.601      0.538      0.612      0.451
    10 epochs completed in 0.102 hours.

The banner is printed by prediction and validation, too: it counts only beside the arguments of a training. What comes
after the closing line measures the best weights again and is no epoch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats import _ultralytics_args as args
from scanner.formats._base import NUMBER, Document, Stated
from scanner.formats._plans import Plans

ID = "ultralytics"
DESCRIPTION = "Console of Ultralytics (YOLO) trainings"
SAMPLE = """engine/trainer: task=detect, mode=train, model=yolov8n.pt, data=coco8.yaml, epochs=10, batch=16
       1/10      2.11G      1.201      2.843      1.401         42        640: 100%|##########| 8/8
10 epochs completed in 0.102 hours."""

_SIGNS = (
    "engine/trainer: ",
    "epochs completed in ",
    "train: weights=",
    " Starting training for",
    "Starting training for ",
)
_BANNER = re.compile(r"(?:Ultralytics|YOLOv\d)\S* .{0,120}\btorch-\S+ (?P<devices>.*)$")
_CUDA = re.compile(r"CUDA:(?P<id>\d+) \((?P<name>[^,()]{2,60}), (?P<mib>\d+)MiB\)")
_ARGUMENTS = re.compile(r"(?:engine/trainer: |^train: (?=weights=)|^hyperparameters: )(?P<list>\w+=.*)$")
_ARGUMENT = re.compile(r"(?P<key>\w+)=(?P<value>\[[^\]]*\]|[^,]*(?:,(?! \w+=)[^,]*)*)(?:, |$)")
_OPTIMIZER = re.compile(
    rf"optimizer: (?P<name>\w+)\(lr=(?P<lr>{NUMBER})(?:, momentum={NUMBER})?\) with parameter groups"
)
_EPOCH_HEADER = re.compile(r"^\s*Epoch\s+(?:GPU_mem|gpu_mem)\s+(?P<columns>\S.*)$")
_EPOCH = re.compile(
    rf"^\s*(?P<epoch>\d{{1,6}})/(?P<last>\d{{1,6}})\s+[\d.]+[GMK]?B?\s+"
    rf"(?P<values>(?:{NUMBER}\s+){{1,12}}){NUMBER}: +(?P<percent>\d+)%"
)
_VALIDATION_HEADER = re.compile(r"^\s*(?:Class\s+Images\s+|classes\s+top1_acc)(?P<columns>.*?)(?::\s+\d+%|$)")
_ALL = re.compile(rf"^\s*all\s+(?P<values>{NUMBER}(?:\s+{NUMBER}){{1,12}})\s*$")
_DONE = re.compile(rf"(?P<epochs>\d+) epochs completed in (?P<hours>{NUMBER}) hours")
_SAMPLES = re.compile(r"^train: .*?(?P<n>\d+) images(?: found)?, \d+ (?:backgrounds|missing|corrupt)")
_BATCH = re.compile(r"AutoBatch: Using batch-size (?P<n>\d+) ")
_FOLDER = re.compile(r"(?:Results saved|Logging results) to (?P<path>\S.*?)\s*$")
_SUMMARY = re.compile(r"^(?P<name>YOLO\w+) summary: \d+ layers")
_EARLY = ("Training stopped early as no improvement", "Stopping training early as no improvement")
_NEAR = 12
"""Lines between a banner and the arguments that belong together."""
_COLUMNS = {
    "P": "precision",
    "R": "recall",
    "mAP50": "mAP50",
    "mAP50-95": "mAP50-95",
    "mAP@.5": "mAP50",
    "mAP@.5:.95": "mAP50-95",
}


def wants(document: Document) -> bool:
    """Logs of a training, not of a prediction."""
    return (
        document.kind == "log"
        and document.mentions(*_SIGNS)
        and document.mentions("GPU_mem", "gpu_mem", "ltralytics", "YOLO")
    )


def read(document: Document) -> Iterator[Stated]:
    """The launch with its arguments, the epochs, the end."""
    console = _Console()
    for line, text in document.frames():
        if "/" in text and ": " in text and (epoch := _EPOCH.match(text)):
            document.claimed.add(line)
            yield from console.epoch(epoch, line, text.strip())
        elif (row := _ALL.match(text)) is not None:
            yield from console.row(row["values"].split(), line, text.strip())
        elif header := _VALIDATION_HEADER.match(text):
            console.validated = _validation_columns(text, header["columns"])
        elif columns := _EPOCH_HEADER.match(text):
            console.columns = columns["columns"].split()
        else:
            yield from console.message(text, line)
    yield from console.close(is_followed=False)


def _validation_columns(text: str, columns: str) -> list[str]:
    """Names as `results.csv` has them: `Box(P R mAP50 mAP50-95) Mask(P ...` -> metrics/precision(B), ..."""
    if "top1_acc" in text:
        return ["metrics/accuracy_top1", "metrics/accuracy_top5"]
    names: list[str] = []
    group = "B"
    for word in columns.split():
        kind, bracket, rest = word.partition("(")
        if bracket:
            group, word = kind[:1], rest
        name = _COLUMNS.get(word.rstrip(")"))
        names.append(f"metrics/{name}({group})" if name else "")
    return names


class _Console:
    """The training at hand."""

    def __init__(self) -> None:
        self.columns: list[str] = []
        self.validated: list[str] = []
        self._plans = Plans()
        self._banner: tuple[int, str] | None = None
        self._launched_at: int | None = None
        self._frame: tuple[int, int, list[str], bool, str] | None = None
        self._last: int | None = None
        self._counts_from_0 = False
        self._is_training = False

    def epoch(self, found: re.Match[str], line: int, text: str) -> Iterator[Stated]:
        """A frame of an epoch's bar."""
        number, last = int(found["epoch"]), int(found["last"])
        if self._frame is not None and self._frame[1] != number:
            yield from self.close(is_followed=True)
        self._is_training = True
        if number == 0 and not self._counts_from_0:
            self._counts_from_0 = True
            yield Stated("first_epoch", 0, line, "mark", raw=text)
        yield from self._plans.see("plan_epochs", number, last + self._counts_from_0, line, text)
        self._frame = (line, number, found["values"].split(), int(found["percent"]) >= 100, text)

    def close(self, is_followed: bool) -> Iterator[Stated]:
        """The last frame of an epoch becomes its point; an epoch left in the middle is none."""
        if self._frame is None:
            return
        line, number, values, is_full, text = self._frame
        self._frame = None
        if not (is_full or is_followed):
            return
        self._last = number
        yield Stated("epoch", number, line, "metric", epoch=float(number), raw=text)
        for name, value in zip(self.columns, values, strict=False):
            if name.endswith("loss"):
                yield Stated(f"train/{name}", value, line, "metric", epoch=float(number), raw=text)

    def row(self, values: list[str], line: int, text: str) -> Iterator[Stated]:
        """The row over all classes: of the epoch before it, or of the best weights after the end."""
        yield from self.close(is_followed=True)
        if not self._is_training or self._last is None:
            return
        names = self.validated
        for name, value in zip(names, values[-len(names) :] if names else [], strict=False):
            if name:
                yield Stated(name, value, line, "metric", epoch=float(self._last), raw=text)

    def message(self, text: str, line: int) -> Iterator[Stated]:
        """Everything that is no table."""
        if "=" in text and (found := _ARGUMENTS.search(text)):
            yield from self._launch(found["list"], line, text)
        elif "torch-" in text and (banner := _BANNER.search(text)):
            self._banner = (line, banner["devices"])
            if self._launched_at is not None and line - self._launched_at <= _NEAR and not self._is_training:
                yield from self._hardware()
        elif "CUDA:" in text and self._banner is not None and line - self._banner[0] <= _NEAR and _CUDA.search(text):
            self._banner = (self._banner[0], f"{self._banner[1]} {text.strip()}")
        elif "optimizer: " in text and (optimizer := _OPTIMIZER.search(text)):
            yield Stated("optimizer", optimizer["name"], line, raw=text.strip())
            yield Stated("lr", optimizer["lr"], line, raw=text.strip())
        elif "epochs completed in " in text and (done := _DONE.search(text)):
            yield from self._end(done, line, text)
        elif text.startswith("train: ") and (samples := _SAMPLES.match(text)):
            yield Stated("train_samples", int(samples["n"]), line, raw=text.strip()[:160])
        elif "AutoBatch: Using" in text and (batch := _BATCH.search(text)):
            yield Stated("batch_size", int(batch["n"]), line, raw=text.strip())
        elif " to " in text and (folder := _FOLDER.search(text)):
            if self._launched_at is not None or self._is_training or self._last is not None:
                yield Stated("output_dir", folder["path"], line, "fact", raw=text.strip())
        elif " summary: " in text and (summary := _SUMMARY.match(text)):
            yield Stated("architecture", summary["name"], line, raw=text.strip())
        elif any(words in text for words in _EARLY):
            yield from self.close(is_followed=True)
            yield Stated("early_stop", True, line, "mark", raw=text.strip())
        elif text.startswith("Resuming training"):
            yield Stated("resume", True, line, "mark", raw=text.strip())

    def _launch(self, listed: str, line: int, text: str) -> Iterator[Stated]:
        arguments = {m["key"]: args.Argument(m["value"].strip(), line) for m in _ARGUMENT.finditer(listed)}
        is_launch = "hyperparameters: " not in text
        if is_launch and arguments.get("mode", args.Argument("train", line)).value != "train":
            self._launched_at = None
            return
        if is_launch:
            yield from self.close(is_followed=False)
            self._launched_at, self._is_training, self._last = line, False, None
            self._counts_from_0 = False
            yield Stated("training_start", True, line, "mark", raw=text.strip()[:160])
            yield Stated("framework", "ultralytics", line, raw=text.strip()[:160])
            if self._banner is not None and line - self._banner[0] <= _NEAR:
                yield from self._hardware()
        if self._launched_at is not None:
            yield from args.stated(arguments)

    def _hardware(self) -> Iterator[Stated]:
        """What the banner names: the devices that were selected."""
        assert self._banner is not None
        line, devices = self._banner
        found = list(_CUDA.finditer(devices))
        if found:
            yield Stated("device", "cuda", line, raw=devices)
            yield Stated("gpu_name", found[0]["name"], line, raw=devices)
            yield Stated("gpu_memory_gib", round(float(found[0]["mib"]) / 1024, 2), line, raw=devices)
            if len(found) > 1:
                yield Stated("num_devices", len({m["id"] for m in found}), line, raw=devices)
        elif devices.startswith(("CPU", "MPS")):
            yield Stated("device", devices[:3].lower(), line, raw=devices)

    def _end(self, done: re.Match[str], line: int, text: str) -> Iterator[Stated]:
        yield from self.close(is_followed=True)
        self._is_training = False
        self._launched_at = None
        yield Stated("training_end", True, line, "mark", raw=text.strip())
        if float(done["hours"]) >= 0.02:
            # Below, three decimals of an hour say too little.
            yield Stated("total_training_time", f"{done['hours']} hours", line, raw=text.strip())
