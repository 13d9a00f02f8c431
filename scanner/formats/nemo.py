"""NeMo 2's training lines, which its progress printer writes instead of Lightning's bar.

    [NeMo I 2024-09-01 10:00:01 num_microbatches_calculator:228] setting number of microbatches to constant 2
    Training epoch 0, iteration 10/99 | lr: 1.649e-06 | global_batch_size: 16 | global_step: 10 |
    reduced_train_loss: 9.83 | train_step_timing in s: 0.813 | consumed_samples: 176 | val_loss: 7.21

Iterations and steps count from 0; the total is the last iteration's number, of all steps where those are limited, else
of an epoch: it is a plan only where no second epoch is seen. The batch size there is the global one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import LOOSE_NUMBER, Document, Stated

ID = "nemo"
DESCRIPTION = "Training lines of NeMo 2"
SAMPLE = """Training epoch 0, iteration 10/99 | lr: 1.649e-06 | global_batch_size: 16 | global_step: 10 | \
reduced_train_loss: 9.83"""

_POINT = re.compile(r"\bTraining epoch (?P<epoch>\d+), iteration (?P<n>\d+)/(?P<last>\d+) \| (?P<rest>lr: .*)$")
_PAIR = re.compile(rf"(?:^|\| )(?P<key>[a-z]\w*): (?P<value>{LOOSE_NUMBER})(?= |$)")
_MICRO = re.compile(r"\bsetting number of micro-?batches to constant (?P<n>\d+)\b")
_KEYS = {"lr": "lr", "reduced_train_loss": "train_loss", "val_loss": "val_loss", "grad_norm": "grad_norm"}


def wants(document: Document) -> bool:
    """Logs with its iterations."""
    return document.kind == "log" and document.mentions("Training epoch ") and document.mentions(" | global_step: ")


def read(document: Document) -> Iterator[Stated]:
    """The points of each iteration, the plan in steps, the micro-batches."""
    is_told = False
    plan: Stated | None = None
    for line, text in document.frames():
        if "Training epoch " in text and (point := _POINT.search(text)):
            document.claimed.add(line)
            pairs = {pair["key"]: pair["value"] for pair in _PAIR.finditer(point["rest"])}
            if "global_step" not in pairs:
                continue
            raw, step = text.strip()[:200], float(pairs["global_step"])
            if not is_told:
                is_told = True
                yield Stated("framework", "lightning", line, raw=raw)
                yield Stated("first_step", 0, line, "mark", raw=raw)
                plan = Stated("plan_steps", int(point["last"]) + 1, line, "mark", raw=raw)
            if point["epoch"] != "0":
                plan = None
            for key, name in _KEYS.items():
                if key in pairs:
                    yield Stated(name, pairs[key], line, "metric", step, raw=f"{key}: {pairs[key]}")
        elif "micro" in text and (micro := _MICRO.search(text)):
            document.claimed.add(line)
            yield Stated("gradient_accumulation_steps", micro["n"], line, raw=text.strip())
    if plan is not None:
        yield plan
