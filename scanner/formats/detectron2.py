"""Logs of detectron2's default trainer: the launch, the configuration that ran, iterations, evaluations.

    [11/16 02:58:04] detectron2 INFO: Rank of current process: 0. World size: 6
    [11/16 02:58:06] detectron2 INFO: Running with full config:
    SOLVER:
      BASE_LR: 0.02
    [11/16 02:58:10] d2.engine.train_loop INFO: Starting training from iteration 0
    [11/16 02:58:32] d2.utils.events INFO:  eta: 3:30:43  iter: 19  total_loss: 1.56  lr: 2.5e-05  max_mem: 118M
    [11/16 03:06:55] d2.evaluation.testing INFO: copypaste: AP,AP50,AP75,APs,APm,APl

`IMS_PER_BATCH` is the batch of all workers together, so it is divided by the world size. The closing hooks ("Overall
training speed") run when a training is stopped, too, and mark no planned end. The rate on a line is momentary, but the
first one after a resume is the rate that the checkpoint restored in place of `BASE_LR`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats import _yaml
from scanner.formats._base import LOOSE_NUMBER, Document, Stated
from scanner.formats._json import Leaf

ID = "detectron2"
DESCRIPTION = "Logs of detectron2's trainer"
SAMPLE = """[11/16 02:58:04] detectron2 INFO: Rank of current process: 0. World size: 6
[11/16 02:58:32] d2.utils.events INFO:  eta: 3:30:43  iter: 19  total_loss: 1.56  lr: 2.5373e-05  max_mem: 11810M"""

_HEAD = re.compile(r"^\[\d\d/\d\d \d\d:\d\d:\d\d\] (?P<logger>[\w.]+)(?: [A-Z]+)?: ?(?P<text>.*)$")
_WORLD = re.compile(r"^Rank of current process: \d+\. World size: (?P<n>\d+)")
_NAMED_CONFIG = re.compile(r"\bconfig_file='(?P<path>[^']{1,300})'")
_GPU = re.compile(r"^GPU [\d,]+\s{2,}(?P<name>\S.{1,60}?)(?: \(arch=[\d.]+\))?\s*$")
_PAIR = re.compile(rf"(?:^|\s)(?P<key>[A-Za-z][\w/.-]*): (?P<value>{LOOSE_NUMBER})(?=\s|$)")
_COMPANIONS = frozenset({"iter", "time", "data_time", "last_time", "last_data_time"})
_TIME = re.compile(r"^Total training time: (?P<time>(?:\d+ days?, )?\d+:\d\d:\d\d)")
_SAMPLES = re.compile(
    r"\((?P<n>\d+) images left|Removed \d+ images with no usable annotations\. (?P<left>\d+) images left"
)
_START = re.compile(r"^Starting training from iteration (?P<n>\d+)")
_KEYS = frozenset(
    "SOLVER.BASE_LR SOLVER.MAX_ITER SOLVER.LR_SCHEDULER_NAME SOLVER.WEIGHT_DECAY SOLVER.WARMUP_ITERS SOLVER.OPTIMIZER "
    "MODEL.META_ARCHITECTURE MODEL.DEVICE SEED OUTPUT_DIR DATASETS.TRAIN.0".split()
)
MAX_CONFIG_LINES = 2000


def wants(document: Document) -> bool:
    """Logs in which detectron2's loggers speak."""
    return document.kind == "log" and document.mentions("detectron2", "d2.utils.events", "fvcore.common")


def read(document: Document) -> Iterator[Stated]:
    """Every launch with its configuration, its iterations and evaluations."""
    lines = document.lines
    world = 0
    step: float | None = None
    task = ""
    columns: list[str] = []
    inside = 0
    is_announced = says_device = resumed = False
    for number, line in enumerate(lines, 1):
        if number <= inside:
            continue
        head = _HEAD.match(line)
        if head is None:
            if line.startswith("sys.platform  "):
                if not is_announced:  # the environment's table, in a log whose header lines are gone
                    world, step, says_device, resumed = 0, None, False, False
                    yield from _launch(line, number)
                is_announced = False
            gpu = _GPU.match(line) if line.startswith("GPU ") else None
            if gpu:
                yield Stated("gpu_name", gpu["name"], number, origin="reported", raw=line.strip())
            continue
        text = head["text"]
        if (found := _WORLD.match(text)) is not None:
            world, step = int(found["n"]), None
            says_device = resumed = False
            is_announced = True
            yield from _launch(text, number)
            yield Stated("world_size", world, number, origin="reported", raw=text)
        elif text.startswith("Command line arguments: "):
            yield from _arguments(text, number)
        elif text.startswith("Running with full config:"):
            inside = _end_of_block(lines, number)
            yield from _config(lines, number, inside, world)
        elif (found := _START.match(text)) is not None:
            yield Stated("training_start", True, number, "mark", raw=text)
            yield Stated("first_step", 0, number, "mark", raw=text)
            resumed = found["n"] != "0"
            if resumed:
                yield Stated("resume", True, number, "mark", raw=text)
        elif "iter: " in text and "_loss: " in text:
            document.claimed.add(number)
            pairs = {m["key"]: m["value"] for m in _PAIR.finditer(text)}
            step = float(pairs["iter"]) if "iter" in pairs else None
            for key, value in pairs.items():
                if key not in _COMPANIONS:
                    yield Stated(key, value, number, "metric", step, raw=text.strip())
            if resumed and "lr" in pairs:
                resumed = False
                yield Stated("learning_rate", pairs["lr"], number, origin="reported", raw=text.strip())
            if "max_mem: " in text and not says_device:
                says_device = True
                yield Stated("device", "cuda", number, origin="reported", raw=text.strip())
        elif text.startswith("copypaste: "):
            fields = text.removeprefix("copypaste: ").split(",")
            if fields[0].startswith("Task: "):
                task, columns = fields[0].removeprefix("Task: "), []
            elif not columns:
                columns = fields
            elif len(columns) == len(fields):
                for column, value in zip(columns, fields, strict=True):
                    yield Stated(f"val/{task}/{column}", value, number, "metric", step, raw=text)
                columns = []
        elif (found := _TIME.match(text)) is not None:
            yield Stated("training_time", found["time"], number, origin="reported", raw=text)
        elif (found := _SAMPLES.search(text)) is not None:
            yield Stated("train_samples", found["n"] or found["left"], number, origin="reported", raw=text)


def _launch(text: str, number: int) -> Iterator[Stated]:
    yield Stated("launch", True, number, "mark", raw=text)
    yield Stated("framework", "detectron2", number, origin="reported", raw=text)


def _arguments(text: str, number: int) -> Iterator[Stated]:
    yield Stated("command", text.removeprefix("Command line arguments: "), number, "fact", raw=text)
    if (found := _NAMED_CONFIG.search(text)) is not None:
        yield Stated("config_file", found["path"], number, "fact", raw=found.group())
    if "eval_only=True" in text:
        yield Stated("evaluates", "eval_only=True", number, "fact", raw=text)


def _end_of_block(lines: list[str], number: int) -> int:
    """The last line of the configuration that begins behind a line."""
    for at in range(number, min(len(lines), number + MAX_CONFIG_LINES)):
        if _HEAD.match(lines[at]):
            return at
    return min(len(lines), number + MAX_CONFIG_LINES)


def _config(lines: list[str], number: int, end: int, world: int) -> Iterator[Stated]:
    try:
        leaves = list(_yaml.leaves("\n".join(lines[number:end])))
    except ValueError:
        return
    for leaf in leaves:
        key = ".".join(map(str, leaf.path))
        line = leaf.line + number
        if key == "SOLVER.IMS_PER_BATCH" and isinstance(leaf.value, int) and world > 0 and leaf.value % world == 0:
            raw = f"{key} = {leaf.value} over {world} workers"
            yield Stated("batch_size_per_gpu", leaf.value // world, line, origin="reported", raw=raw)
        elif key == "OUTPUT_DIR" and leaf.value:
            yield Stated("output_dir", leaf.value, line, "fact", raw=f"{key} = {leaf.value}")
        elif key == "DATASETS.TRAIN":
            yield from _datasets(leaf, line)
        elif key in _KEYS and leaf.value is not None and leaf.value != "":
            yield Stated(key.removesuffix(".0").replace("DATASETS.TRAIN", "train_dataset"), leaf.value, line,
                         origin="reported", raw=f"{key} = {leaf.value!r}")  # fmt: skip


def _datasets(leaf: Leaf, line: int) -> Iterator[Stated]:
    """A tuple that YAML reads as text: `('coco_2017_train',)`."""
    found = re.findall(r"'([^']{1,100})'", str(leaf.value))
    if len(found) == 1:
        yield Stated("train_dataset", found[0], line, origin="reported", raw=f"DATASETS.TRAIN = {leaf.value}")
