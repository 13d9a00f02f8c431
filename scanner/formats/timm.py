"""timm's training script: its console, and the `args.yaml` of its output folder (`summary.csv` is metrics_csv's).

    Training in distributed mode with multiple processes, 1 device per process.Process 0, total 4, device cuda:0.
    Model resnet50 created, param count:25557032
    Learning rate (0.4) calculated from base learning rate (0.1) and effective global batch size (1024) with ...
    Scheduled epochs: 310. LR stepped per epoch.
    Train: 3 [  50/390 ( 13%)]  Loss: 6.93 (6.95)  Time: 0.4s, 300/s (0.4s, 300/s)  LR: 1.000e-03  Data: 0.1 (0.1)
    Test: [  78/78]  Time: 0.2 (0.3)  Loss:  1.981 ( 2.001)  Acc@1: 56.125 (55.625)  Acc@5: 79.500 (79.000)
    *** Best metric: 78.2 (epoch 290)

Epochs count from 0. The number in parentheses is the mean over the epoch so far, which is what timm keeps. Of an
evaluation only the last batch's means are a result; where averaged weights are evaluated, too (`Test (EMA)`), those
choose the best epoch. `Test` alone is `validate.py`. The closing line also follows Ctrl-C: it ends a training only
where the last epoch was complete.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats import _yaml
from scanner.formats._base import LOOSE_NUMBER, Document, Stated

ID = "timm"
DESCRIPTION = "Console and args.yaml of timm's training script"
SAMPLE = """Train: 3 [  50/390 ( 13%)]  Loss: 6.93 (6.95)  Time: 0.4s, 300.1/s  (0.4s, 300.1/s)  LR: 1.000e-03
Test: [  78/78]  Time: 0.213 (0.313)  Loss:  1.981 ( 2.001)  Acc@1:  56.125 ( 55.625)"""

_TRAIN = re.compile(r"\bTrain: (?P<epoch>\d+) \[\s*(?P<n>\d+)/(?P<of>\d+)\s+\(\s*(?P<share>\d+)%\)\](?P<rest>.*)$")
_TEST = re.compile(r"\bTest(?P<ema> \(EMA\))?: \[\s*(?P<n>\d+)/(?P<of>\d+)\](?P<rest>.*)$")
_AVERAGE = re.compile(rf"(?P<key>Loss|Acc@[15]|Prec@[15]):\s+{LOOSE_NUMBER}\s+\(\s*(?P<value>{LOOSE_NUMBER})\)")
_RATE = re.compile(rf"\bLR:\s+(?P<value>{LOOSE_NUMBER})")
_MODEL = re.compile(r"\bModel (?P<name>\S+) created, param count:\s?\d+")
_DEVICES = re.compile(r"\bProcess 0, total (?P<n>\d+)(?:, device (?P<device>\w+))?")
_SINGLE = re.compile(r"\bTraining with a single process on (?P<n>\d+) (?:GPUs|device \((?P<device>\w+))")
_SCALED = re.compile(r"\bLearning rate \((?P<lr>[\d.e+-]+)\) calculated from base")
_SCHEDULED = re.compile(r"\bScheduled epochs: (?P<n>\d+)\b")
_BEST = re.compile(r"\*\*\* Best metric: (?P<value>[\d.]+) \(epoch (?P<epoch>\d+)\)")
_KEPT = re.compile(r"^ ?\('(?P<folder>.+)/checkpoint-\d+\.pth\.tar', ")
_RESTORED = re.compile(r"\bLoaded checkpoint '.{1,300}' \(epoch \d+\)")
_ARGUMENTS = {
    "model": "model",
    "dataset": "dataset",
    "data_dir": "data_dir",
    "data": "data",
    "batch_size": "batch_size",
    "grad_accum_steps": "grad_accum_steps",
    "epochs": "epochs",
    "lr": "lr",
    "opt": "opt",
    "sched": "sched",
    "weight_decay": "weight_decay",
    "clip_grad": "clip_grad",
    "drop": "dropout",
    "seed": "seed",
    "grad_checkpointing": "grad_checkpointing",
    "device": "device",
}
_OWN = ("opt:", "sched:", "warmup_lr:", "smoothing:", "reprob:", "drop_path:", "min_lr:", "cooldown_epochs:")
"""Arguments of the script; a file that holds most of them is its own."""


def wants(document: Document) -> bool:
    """Logs with a line of a training batch, and the script's arguments by name and keys."""
    if document.kind == "csv":
        return _is_summary(document)
    if document.kind == "yaml":
        return document.name == "args.yaml" and sum(document.mentions(key) for key in _OWN) >= 5
    return document.kind == "log" and document.mentions("Train: ") and document.mentions("%)]  Loss: ")


def read(document: Document) -> Iterator[Stated]:
    """What the script prints, or what it was asked for."""
    if document.kind == "csv":
        yield Stated("run_folder", document.folder, 1, "fact", origin="reported", raw=document.lines[0])
    else:
        yield from _arguments(document) if document.kind == "yaml" else _console(document)


def _is_summary(document: Document) -> bool:
    """The table beside the arguments, whose rows are read elsewhere: here it is only told whose it is."""
    return (
        document.name == "summary.csv"
        and "args.yaml" in document.siblings
        and document.head(1).startswith("epoch,train_loss,eval_loss")
    )


def _console(document: Document) -> Iterator[Stated]:
    wanted_test = " (EMA)" if document.mentions("Test (EMA): [") else None
    epoch: float | None = None
    is_complete = False
    planned = 0
    in_result = False
    for line, text in document.frames():
        if "Train: " in text and (batch := _TRAIN.search(text)):
            document.claimed.add(line)
            if epoch is None:
                yield Stated("framework", "timm", line, raw=text.strip()[:120])
                yield Stated("first_epoch", 0, line, "mark", raw=text.strip()[:120])
            epoch, n, of = float(batch["epoch"]), float(batch["n"]), float(batch["of"])
            is_complete = n >= of - 1
            yield from _batch(batch, line, epoch if is_complete else None, epoch * of + n + 1)
        elif "Test" in text and (batch := _TEST.search(text)) and epoch is not None:
            document.claimed.add(line)
            if batch["n"] == batch["of"] and batch["ema"] == wanted_test:
                for found in _AVERAGE.finditer(batch["rest"]):
                    yield Stated(f"val {found['key']}", found["value"], line, "metric", None, epoch, raw=found.group())
        elif "*** Best" in text and _BEST.search(text):
            document.claimed.add(line)
            if epoch is not None and is_complete and epoch + 1 >= planned:
                yield Stated("training_end", True, line, "mark", raw=text.strip())
        elif "Scheduled epochs" in text and (scheduled := _SCHEDULED.search(text)):
            planned = int(scheduled["n"])
            yield Stated("epochs", planned, line, raw=text.strip())
        elif in_result or text.startswith("--result"):
            # The last epoch again, for whoever called the script.
            document.claimed.add(line)
            in_result = text.rstrip() != "]"
        else:
            yield from _setting(text, line)


def _batch(batch: re.Match[str], line: int, epoch: float | None, step: float) -> Iterator[Stated]:
    for found in _AVERAGE.finditer(batch["rest"]):
        yield Stated(f"train {found['key']}", found["value"], line, "metric", step, epoch, raw=found.group())
    if (rate := _RATE.search(batch["rest"])) is not None:
        yield Stated("LR", rate["value"], line, "metric", step, epoch, raw=rate.group())


def _setting(text: str, line: int) -> Iterator[Stated]:
    raw = text.strip()
    if " created, param" in text and (found := _MODEL.search(text)):
        yield Stated("model", found["name"], line, raw=raw)
    elif "Training " in text and (found := _DEVICES.search(text) or _SINGLE.search(text)):
        yield Stated("num_devices", found["n"], line, raw=raw)
        if found["device"]:
            yield Stated("device", found["device"], line, raw=raw)
    elif "calculated from base" in text and (found := _SCALED.search(text)):
        yield Stated("lr", found["lr"], line, raw=raw)
    elif "/checkpoint-" in text and (found := _KEPT.match(text)):
        yield Stated("output_dir", found["folder"], line, "fact", raw=raw)
    elif "Loaded checkpoint" in text and _RESTORED.search(text):
        yield Stated("resume", True, line, "mark", raw=raw)
    elif "Training in float32" in text:
        yield Stated("precision", "float32", line, raw=raw)


def _arguments(document: Document) -> Iterator[Stated]:
    """The arguments as given; with `lr` empty the rate is computed from the batch size and stated nowhere here."""
    yield Stated("run_folder", document.folder, 1, "fact", origin="reported")
    yield Stated("training_program", "timm", 1, "fact", origin="reported", raw=document.name)
    yield Stated("framework", "timm", 1, origin="reported", raw=document.name)
    for leaf in _yaml.leaves(document.text()):
        key = _ARGUMENTS.get(str(leaf.path[0])) if len(leaf.path) == 1 else None
        if key is not None and leaf.value not in (None, "", "null"):
            yield Stated(key, leaf.value, leaf.line, origin="reported", raw=f"{leaf.path[0]}: {leaf.value}")
