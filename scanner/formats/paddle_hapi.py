"""`paddle.Model.fit` (hapi): an epoch's header, and a bar for training and for evaluation.

    The loss value printed in the log is the current step, and the metric is the average value of previous steps.
    Epoch 1/10
    step  10/938 - loss: 2.0411 - acc: 0.2219 - 12ms/step
    step 938/938 - loss: 0.0512 - acc: 0.9412 - 11ms/step
    Eval begin...
    step 157/157 - loss: 0.0012 - acc: 0.9791 - 6ms/step

Of a bar only its last frame is an epoch's. `evaluate` and `predict` alone print bars without a header of epochs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import LOOSE_NUMBER, Document, Stated, to_float
from scanner.formats._plans import Plans

ID = "paddle_hapi"
DESCRIPTION = "Console of paddle.Model.fit"
SAMPLE = """The loss value printed in the log is the current step, and the metric is the average value of previous \
steps.
Epoch 1/10
step 938/938 - loss: 0.0512 - acc: 0.9412 - 11ms/step"""

_SENTENCE = "The loss value printed in the log is the current step"
_HEADER = re.compile(r"^Epoch (?P<epoch>\d+)/(?P<of>\d+)\s*$")
_STEP = re.compile(r"^step\s+(?P<n>\d+)(?:/(?P<of>\d+))? (?P<rest>- .*)$")
_PAIR = re.compile(rf"(?:^|\s)- (?P<key>[A-Za-z][\w@]*): \[?(?P<value>{LOOSE_NUMBER})(?=[\s\],])")


def wants(document: Document) -> bool:
    """Logs with its opening sentence and an epoch."""
    return document.kind == "log" and document.mentions(_SENTENCE) and document.mentions("Epoch ")


def read(document: Document) -> Iterator[Stated]:
    """The metrics of each whole epoch, and the plan."""
    plans = Plans()
    epoch, step, split = 0, 0, ""
    for line, frame in document.frames():
        text = frame.replace("\b", "").strip()
        if (header := _HEADER.match(text)) is not None:
            document.claimed.add(line)
            epoch, split = int(header["epoch"]), "train"
            if epoch == 1:
                yield Stated("training_start", True, line, "mark", raw=text)
                yield Stated("framework", "paddle", line, raw=text)
            yield from plans.see("plan_epochs", to_float(epoch), float(header["of"]), line, text)
        elif text.startswith("Eval begin"):
            split = "val" if epoch else ""
        elif text.startswith("Predict begin"):
            split = ""
        elif epoch and (bar := _STEP.match(text)) is not None:
            document.claimed.add(line)
            if not split or not bar["of"] or bar["n"] != bar["of"]:
                continue
            if split == "train":
                step = epoch * int(bar["of"])
                yield Stated("epoch_end", epoch, line, "mark", raw=text)
            for pair in _PAIR.finditer(bar["rest"]):
                raw = pair.group().strip(" -")
                yield Stated(
                    f"{split} {pair['key']}", pair["value"], line, "metric", to_float(step), to_float(epoch), raw=raw
                )
