"""Text logs of OpenMMLab training: mmcv 1.x (mmdet 2, mmseg 0, mmcls 0, ...) and mmengine (mmdet 3, mmpretrain, ...).

    2023-02-07 12:23:35,599 - mmdet - INFO - Environment info: ...
    2023-02-07 12:23:37,299 - mmdet - INFO - Config:
    optimizer = dict(type='SGD', lr=0.003)
    2023-02-10 17:55:02,972 - mmdet - INFO - Epoch [1][50/397]	lr: 3.705e-05, eta: 0:35:48, memory: 3298, loss: 657.6
    2023-02-10 17:55:47,979 - mmdet - INFO - Epoch(val) [1][71]	mAP: 0.6113, AP50: 0.6110
    2023/02/13 14:44:31 - mmengine - INFO - Iter(train) [100/800]  lr: 9.9779e-03  eta: 0:02:00  loss: 0.0460

Epochs count from 1: the 50th of 397 iterations of epoch 1 is epoch 0.126. What is measured in a `train` line belongs
to the training data, whatever it is called; `memory` is the GPU's and shows that one was used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats import _literals
from scanner.formats import _openmmlab_config as config
from scanner.formats._base import LOOSE_NUMBER, Document, Stated
from scanner.formats._plans import Plans

ID = "openmmlab"
DESCRIPTION = "Text logs of OpenMMLab (mmcv 1.x and mmengine)"
SAMPLE = """2023-02-10 17:55:02,972 - mmdet - INFO - Epoch [1][50/397]	lr: 3.705e-05, memory: 3298, loss: 657.6
2023/02/13 14:44:31 - mmengine - INFO - Iter(train) [100/800]  lr: 9.9779e-03  memory: 3614  loss: 0.0460"""

STAMP = re.compile(r"(?:^|/)(?P<stamp>\d{8}_\d{6})(?:\.log)?(?:\.json|\.log|\.py|/vis_data/\w+\.(?:json|py))?$")
_PREFIX = re.compile(
    r"^(?P<time>(?:\d{4}[-/])?\d\d[-/]\d\d \d\d:\d\d:\d\d(?:,\d{3})?) - (?P<logger>\w+) - (?P<level>[A-Z]+) - "
)
_LINE = re.compile(
    r"^(?P<unit>Epoch|Iter)(?:\((?P<mode>train|val|test)\))?\s+\[\s*(?P<a>\d+)(?:/\s*(?P<a_of>\d+))?\]"
    r"(?:\[\s*(?P<b>\d+)(?:/\s*(?P<b_of>\d+))?\])?\s+(?P<rest>\S.*)$"
)
_PAIR = re.compile(rf"(?:^|[\s,])(?P<key>[A-Za-z][\w/.@-]*): (?P<value>{LOOSE_NUMBER})(?=[,\s]|$)")
_NO_METRIC = frozenset({"eta", "time", "data_time", "memory", "base_lr", "momentum"})
_OF_TRAINING = frozenset({"loss", "lr", "grad_norm"})
_GPU = re.compile(r"^\s*GPU (?P<ids>[\d,]+): (?P<name>\S.{2,60}?)\s*$")
_SEED = re.compile(r"Set random seed to (?P<seed>\d+)")
_RUNNING = re.compile(r"Start running, host: (?P<user>\S+)@(?P<host>\S+), work_dir: (?P<folder>\S.*)$")
_PLAN = re.compile(r"workflow: .{0,80}, max: (?P<n>\d+) (?P<unit>epochs|iters)")
_SAVED = re.compile(r"Saving checkpoint at (?P<n>\d+) (?P<unit>epochs|iterations)")
_RANGE = re.compile(r"^gpu_ids = range\(0, (?P<n>\d+)\)")
_OF_CONFIGURATION = re.compile(r"\s|[A-Za-z_]\w* = |[\])}'\"#]")
"""A line of an echoed configuration; what an error or another program prints behind it is none."""
_COMMAND = re.compile(r"(?P<what>Training|Testing) command is (?P<command>\S.*)$")


def wants(document: Document) -> bool:
    """Logs in which one of the runners speaks."""
    return (
        document.kind == "log"
        and document.mentions(" - INFO - ")
        and document.mentions(
            "Epoch [", "Epoch(", "Iter [", "Iter(", "Environment info", "System environment", "Start running, host: "
        )
    )


def read(document: Document) -> Iterator[Stated]:
    """Environment, configuration, points, checkpoints."""
    log = _Log(document)
    block: list[str] | None = None
    first = 0
    stamp = STAMP.search(document.path)
    for line, text in document.frames():
        prefix = _PREFIX.match(text)
        if prefix is None:
            if block is not None:
                block.append(text)
            else:
                yield from log.plain(text, line)
            continue
        if block is not None:
            yield from log.configuration(block, first)
            block = None
        message = text[prefix.end() :]
        if message.startswith("Config:"):
            block, first = [""] * 0, line + 1
        else:
            yield from log.message(message, line, prefix)
    if block is not None:
        yield from log.configuration(block, first)
    yield from log.close()
    if log.is_training and stamp is not None and not document.is_embedded:
        yield Stated("run_folder", run_folder(document), 1, "fact")
        yield Stated("run_key", stamp["stamp"], 1, "fact")


def run_folder(document: Document) -> str:
    """The folder of one launch: mmengine gives each its own, mmcv puts all of a configuration's beside one another."""
    return document.folder.removesuffix("/vis_data")


class _Log:
    """What is known of the launch at hand."""

    def __init__(self, document: Document) -> None:
        self.is_training = False
        self._document = document
        self._plans = Plans()
        self._has_cuda = False
        self._uses_gpu = False
        self._last_step: float | None = None
        self._command_at = 0
        self._trains = False
        """Whether the launch at hand has trained, or said that it will."""
        self._tested: tuple[int, str] | None = None
        """Where it was tested."""

    def plain(self, text: str, line: int) -> Iterator[Stated]:
        """A line without a time: the environment, and the launcher's command."""
        if "System environment:" in text:
            yield from self._launch(text, line)
        elif "CUDA available: " in text:
            self._has_cuda = "True" in text
        elif "GPU " in text and (gpu := _GPU.match(text)):
            yield Stated("gpu_name", gpu["name"], line, raw=text.strip())
        elif "GPU number: " in text and self._has_cuda:
            yield Stated("num_gpus", text.rpartition(": ")[2].strip(), line, raw=text.strip())
        elif text.strip().startswith("seed: "):
            yield Stated("seed", text.rpartition(": ")[2].strip(), line, raw=text.strip())
        elif "Training finished successfully" in text and self.is_training:
            yield Stated("training_end", True, line, "mark", raw=text.strip())
        elif " command is " in text and (found := _COMMAND.search(text)):
            yield from self.close()
            self._command_at = line
            if found["what"] == "Testing":
                self._tested = (line, text.strip())
                return
            yield Stated("launch", True, line, "mark", raw=text.strip())
            for word in found["command"].split():
                if word.endswith(".py"):
                    is_config = not word.endswith("train.py")
                    yield Stated("config_file" if is_config else "program", word, line, "fact", raw=text.strip())

    def message(self, message: str, line: int, prefix: re.Match[str]) -> Iterator[Stated]:
        """What stands behind `2023-02-10 17:54:50,644 - mmdet - INFO - `."""
        point = _LINE.match(message)
        if point:
            yield from self._point(point, line, message)
        elif message.startswith("Environment info"):
            yield from self._launch(message, line)
        elif running := _RUNNING.match(message):
            # The same record goes to the console and to the file: its time and place name the execution.
            yield Stated("tracker_run", f"{prefix['time']} {running['folder']}", line, "fact", raw=message)
            yield Stated("output_dir", running["folder"].strip(), line, "fact", raw=message)
            yield Stated("host", running["host"], line, "fact", raw=message)
        elif message.startswith("Exp name: ") and prefix["logger"] == "mmengine":
            yield Stated("tracker_run", message.removeprefix("Exp name: ").strip(), line, "fact", raw=message)
        elif plan := _PLAN.match(message):
            mark = "plan_epochs" if plan["unit"] == "epochs" else "plan_steps"
            yield Stated("training_start", True, line, "mark", raw=message)
            yield Stated("framework", "openmmlab", line, raw=message)
            yield Stated(mark, int(plan["n"]), line, "mark", raw=message)
            self.is_training = self._trains = True
        elif message.startswith("Checkpoints will be saved to ") and prefix["logger"] == "mmengine":
            yield from self._begin(line, message)
            yield Stated("output_dir", message.removeprefix("Checkpoints will be saved to ").rstrip(". "), line, "fact")
        elif saved := _SAVED.match(message):
            yield from self._saved(saved, line, message)
        elif seed := _SEED.match(message):
            yield Stated("seed", int(seed["seed"]), line, raw=message)
        elif message.startswith("resumed "):
            yield Stated("resume", True, line, "mark", raw=message)

    def close(self) -> Iterator[Stated]:
        """The end of a launch: one that tested a checkpoint trained nothing, though it echoes how that was trained."""
        if self._tested is not None and not self._trains:
            yield Stated("evaluates", self._tested[1][:80], self._tested[0], "fact", raw=self._tested[1])
        self._tested, self._trains = None, False

    def _launch(self, text: str, line: int) -> Iterator[Stated]:
        if not self._command_at or line - self._command_at > 60:
            yield from self.close()
            yield Stated("launch", True, line, "mark", raw=text.strip())
        self._command_at = 0
        self._uses_gpu = False
        self._last_step = None

    def configuration(self, block: list[str], first: int) -> Iterator[Stated]:
        """The echoed configuration; one that was cut off says nothing."""
        ends = (at for at, text in enumerate(block) if text and not _OF_CONFIGURATION.match(text))
        block = block[: next(ends, len(block))]
        self._document.claimed.update(range(first, first + len(block)))
        for offset, text in enumerate(block):
            devices = _RANGE.match(text)
            if devices:
                yield Stated("num_gpus", int(devices["n"]), first + offset, raw=text)
                if self._has_cuda:
                    yield from self._gpu(first + offset, text)
        try:
            leaves = list(_literals.assignment_leaves("\n".join(block), first))
        except ValueError:
            return
        yield from config.stated(leaves, "reported")
        listed = next((leaf for leaf in leaves if leaf.path[:1] == ("gpu_ids",)), None)
        if listed is not None and self._has_cuda:
            yield from self._gpu(listed.line, f"gpu_ids = [{listed.value}, ...]")

    def _gpu(self, line: int, raw: str) -> Iterator[Stated]:
        if not self._uses_gpu:
            self._uses_gpu = True
            yield Stated("device", "cuda", line, raw=raw)

    def _begin(self, line: int, raw: str) -> Iterator[Stated]:
        self._trains = True
        if not self.is_training:
            self.is_training = True
            yield Stated("training_start", True, line, "mark", raw=raw)
        yield Stated("framework", "openmmlab", line, raw=raw)

    def _saved(self, saved: re.Match[str], line: int, raw: str) -> Iterator[Stated]:
        n = float(saved["n"])
        if saved["unit"] == "epochs":
            yield Stated("epoch", n, line, "metric", epoch=n, raw=raw)
        else:
            yield Stated("iter", n, line, "metric", step=n, raw=raw)

    def _point(self, point: re.Match[str], line: int, raw: str) -> Iterator[Stated]:
        self._document.claimed.add(line)
        a, a_of = float(point["a"]), float(point["a_of"] or 0)
        b, b_of = float(point["b"] or 0), float(point["b_of"] or 0)
        pairs = [(m["key"], m["value"]) for m in _PAIR.finditer(point["rest"])]
        if point["mode"] in ("val", "test"):
            # mmengine reports the progress of an evaluation, too; only its last line has metrics.
            if " eta: " in f" {point['rest']}":
                return
            # `Epoch(test) [2010/2010]` counts the test's own iterations.
            epoch = a if point["unit"] == "Epoch" and point["b"] else None
            if point["mode"] == "test":
                self._tested = self._tested or (line, raw)
            split = "val" if point["mode"] == "val" else "test"
            for key, value in pairs:
                if key not in _NO_METRIC and key != "lr":
                    yield Stated(f"{split}/{key}", value, line, "metric", self._last_step, epoch, raw=raw)
            return
        self._trains = True
        if not self.is_training:
            yield from self._begin(line, raw)
        if point["unit"] == "Iter":
            step: float | None = a
            fraction: float | None = None
            if a_of:
                yield from self._plans.see("plan_steps", a, a_of, line, raw)
        else:
            step = (a - 1) * b_of + b if b_of else None
            fraction = a - 1 + b / b_of if b_of else a
        self._last_step = step
        if "memory: " in point["rest"]:
            yield from self._gpu(line, raw)
        for key, value in pairs:
            if key not in _NO_METRIC:
                name = key if key in _OF_TRAINING else f"train/{key}"
                yield Stated(name, value, line, "metric", step, fraction, raw=raw)
