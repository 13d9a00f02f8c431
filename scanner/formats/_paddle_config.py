"""The configurations that PaddlePaddle's tools print before they train, as settings.

PaddleOCR and PaddleClas write one indented `key : value` a line behind their logger's name, PaddleSeg a YAML text
between dashes, PaddleNLP's Trainer its arguments in a column. Evaluation prints the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scanner.formats import _yaml
from scanner.formats._base import Stated

_LOGGED = re.compile(
    r"^\[[\d/: -]+\] (?:ppocr|ppcls|root) (?:INFO|DEBUG): (?P<indent> *)(?P<key>[A-Za-z]\w*) : ?(?P<value>.*)$"
)
_COLUMN = re.compile(r"^\[[\d/:, -]+\] \[\s*(?:INFO|DEBUG)\] - (?P<key>[a-z]\w*)\s*:\s?(?P<value>\S.*)$")
_PATHS = {
    "global.epoch_num": "epoch_num",
    "global.epochs": "epochs",
    "global.seed": "seed",
    "architecture.algorithm": "model",
    "arch.name": "model",
    "optimizer.name": "optimizer",
    "optimizer.lr.learning_rate": "learning_rate",
    "optimizer.lr.name": "lr_scheduler",
    "optimizer.regularizer.factor": "weight_decay",
    "optimizer.regularizer.coeff": "weight_decay",
    "optimizer.weight_decay": "weight_decay",
    "optimizer.type": "optimizer",
    "train.loader.batch_size_per_card": "batch_size_per_gpu",
    "train.dataset.data_dir": "data_dir",
    "dataloader.train.sampler.batch_size": "batch_size_per_gpu",
    "dataloader.train.dataset.image_root": "data_dir",
    "batch_size": "batch_size_per_gpu",
    "iters": "iters",
    "seed": "seed",
    "model.type": "model",
    "lr_scheduler.learning_rate": "learning_rate",
    "lr_scheduler.type": "lr_scheduler",
    "learning_rate.value": "learning_rate",
    "learning_rate.decay.type": "lr_scheduler",
    "train_dataset.dataset_root": "data_dir",
}
_ARGUMENTS = frozenset(
    "learning_rate per_device_train_batch_size gradient_accumulation_steps num_train_epochs max_steps optim seed fp16 "
    "bf16 lr_scheduler_type warmup_ratio warmup_steps weight_decay max_grad_norm world_size model_name_or_path device "
    "max_seq_length max_length dataset_name_or_path recompute lora_rank lora_alpha".split()
)
_RENAMED = {"recompute": "gradient_checkpointing", "dataset_name_or_path": "dataset_name"}
_NO_VALUE = frozenset({"", "None", "null", "Distillation"})


class Logged:
    """Indented `key : value` lines of a logger; the indent gives the path."""

    def __init__(self) -> None:
        self._path: list[tuple[int, str]] = []

    def see(self, text: str, line: int) -> tuple[bool, list[Stated]]:
        """Whether the line is one of a configuration, and what it states."""
        found = _LOGGED.match(text)
        if found is None:
            return False, []
        indent = len(found["indent"])
        while self._path and self._path[-1][0] >= indent:
            self._path.pop()
        self._path.append((indent, found["key"].lower()))
        path = ".".join(key for _, key in self._path)
        return True, list(_stated(path, found["value"].strip(), line))


def yaml_block(lines: Sequence[str], first: int) -> tuple[int, list[Stated]]:
    """(last line, settings) of the YAML text that follows the heading on line `first`, up to a line of dashes."""
    last = first
    while last < len(lines) and last - first < 600 and not lines[last].startswith("-----"):
        last += 1
    try:
        leaves = list(_yaml.leaves("\n".join(lines[first:last])))
    except ValueError:
        leaves = []  # cut off, or broken by another process's line
    found = [
        stated
        for leaf in leaves
        for stated in _stated(".".join(map(str, leaf.path)).lower(), str(leaf.value), leaf.line + first)
    ]
    return min(last + 1, len(lines)), found


def argument(text: str, line: int) -> tuple[bool, list[Stated]]:
    """One of the arguments of PaddleNLP's Trainer, which are named as Hugging Face's."""
    found = _COLUMN.match(text)
    if found is None:
        return False, []
    key, value = found["key"], found["value"].strip()
    if key == "output_dir":
        return True, [Stated("output_dir", value, line, "fact", raw=f"{key}: {value}")]
    if key not in _ARGUMENTS or value in _NO_VALUE or (key == "max_steps" and value.startswith("-")):
        return True, []
    value = value.removeprefix("OptimizerNames.").removeprefix("SchedulerType.")
    return True, [Stated(_RENAMED.get(key, key), value, line, raw=f"{key}: {value}")]


def _stated(path: str, value: str, line: int) -> Iterator[Stated]:
    if value in _NO_VALUE:
        return
    raw = f"{path}: {value}"
    if path in ("global.save_model_dir", "global.output_dir"):
        yield Stated("output_dir", value, line, "fact", raw=raw)
    elif path in _PATHS:
        yield Stated(_PATHS[path], value, line, raw=raw)
