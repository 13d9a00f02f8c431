"""The console of the Hugging Face Trainer: dict lines, the `***** Running training *****` block, the closing summary.

    ***** Running training *****
      Num examples = 1,000
      Num Epochs = 3
      Instantaneous batch size per device = 8
      Gradient Accumulation steps = 4
      Total optimization steps = 93
    {'loss': 2.3, 'grad_norm': 1.2, 'learning_rate': 4.9e-05, 'epoch': 0.1}
    {'eval_loss': 2.1, 'eval_runtime': 1.2, 'epoch': 1.0}
    {'train_runtime': 12.3, 'train_samples_per_second': 24.1, 'train_loss': 2.2, 'epoch': 3.0}

The `learning_rate` of a dict line is momentary; the closing `train_loss` is the mean over the run and is not yielded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import LOOSE_NUMBER, Document, Stated, parse_number

ID = "hf_console"
DESCRIPTION = "Console of the Hugging Face Trainer (transformers, TRL)"
SAMPLE = """***** Running training *****
  Num Epochs = 3
{'loss': 2.3, 'learning_rate': 4.9e-05, 'epoch': 0.1}"""

_PAIR = re.compile(rf"'(?P<key>[\w/@.\- ]+)': '?(?P<value>{LOOSE_NUMBER})'?(?=[,}}])")
_DICT = re.compile(r"\{'[\w/@.\- ]+': [^{}]*\}")
_BLOCK = {
    "Num examples": "num_examples",
    "Num Epochs": "num_epochs",
    "Instantaneous batch size per device": "per_device_train_batch_size",
    "Gradient Accumulation steps": "gradient_accumulation_steps",
    "Total optimization steps": "total_optimization_steps",
}
_BLOCK_LINE = re.compile(rf"(?P<key>{'|'.join(map(re.escape, _BLOCK))}) = (?P<value>[\d,]+)\s*$")
_NOT_METRICS = {"epoch", "train_loss"}
_SUMMARY = {"train_runtime"}


def wants(document: Document) -> bool:
    """Logs only."""
    return document.kind == "log"


def read(document: Document) -> Iterator[Stated]:
    """Metric lines, the plan printed before training, and the closing summary."""
    for line, text in document.frames():
        if "{'" in text:
            for found in _DICT.finditer(text):
                yield from _dict_line(found.group(), line)
        elif " = " in text:
            stated = _BLOCK_LINE.search(text)
            if stated:
                key, value = _BLOCK[stated["key"]], stated["value"].replace(",", "")
                yield Stated(key, int(value), line, origin="reported", raw=stated.group())
        elif "***** Running training *****" in text:
            yield Stated("training_start", True, line, "mark", raw=text.strip())
            yield Stated("framework", "hf-trainer", line)


def _dict_line(text: str, line: int) -> Iterator[Stated]:
    pairs = {m["key"]: m["value"] for m in _PAIR.finditer(text)}
    if "epoch" not in pairs:
        return
    epoch = parse_number(pairs["epoch"])
    if "train_runtime" in pairs:
        yield Stated("training_end", True, line, "mark", epoch=epoch, raw=text)
        yield Stated("train_runtime", pairs["train_runtime"], line, raw=text)
        yield Stated("epoch", pairs["epoch"], line, "metric", epoch=epoch, raw=text)
        yield Stated("framework", "hf-trainer", line)
        return
    for key, value in pairs.items():
        if key not in _NOT_METRICS:
            yield Stated(key, value, line, "metric", epoch=epoch, raw=text)
