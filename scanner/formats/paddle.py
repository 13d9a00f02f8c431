"""Consoles of PaddlePaddle's tools: PaddleOCR, PaddleClas, PaddleDetection, PaddleSeg, PaddleX, PaddleNLP.

    [2023/03/01 10:00:00] ppocr INFO: epoch: [1/500], global_step: 10, lr: 0.0001, acc: 0.0, loss: 61.3, ...
    [2023/03/01 10:00:24] ppocr INFO: cur metric, acc: 0.4123, norm_edit_dis: 0.6123, fps: 812.3
    [2022/03/01 10:00:10] ppcls INFO: [Train][Epoch 1/2][Iter: 0/32]lr: 0.00039, CELoss: 4.6, loss: 4.6, ...
    [2022/03/01 10:00:18] ppcls INFO: [Eval][Epoch 1][Avg]CELoss: 3.51, loss: 3.51, top1: 0.25686, top5: 0.59118
    [03/01 10:00:10] ppdet.engine INFO: Epoch: [0] [ 0/82] learning_rate: 0.0 loss: 18.3 loss_cls: 4.1 ...
    2022-03-01 10:00:10 [INFO] [TRAIN] epoch: 1, iter: 10/1000, loss: 1.1312, lr: 0.0099, batch_cost: 0.2, ...
    2022-03-01 10:05:20 [INFO] [EVAL] #Images: 76 mIoU: 0.8123 Acc: 0.9912 Kappa: 0.7812
    2021-05-01 10:00:10 [INFO] [TRAIN] Epoch=1/2, Step=10/25, loss=2.31, lr=0.0025, time_each_step=0.2s, eta=0:0:10
    global step 10, epoch: 1, batch: 10, loss: 0.67410, accu: 0.58125, speed: 3.32 step/s
    [2023-05-01 10:00:11,114] [    INFO] - loss: 0.69, learning_rate: 1.3e-05, global_step: 10, interval_runtime: ...

Evaluation prints the configuration, too, so settings are told only once a line of training has been seen.
PaddleDetection counts epochs from 0 and never says how many are planned. An epoch is over when its mean, a checkpoint
or the next one is seen.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from scanner.formats import _paddle_config as config
from scanner.formats._base import LOOSE_NUMBER, Document, Stated
from scanner.formats._plans import Plans

ID = "paddle"
DESCRIPTION = "Consoles of PaddlePaddle's tools (OCR, classification, detection, segmentation, NLP)"
SAMPLE = """[2023/03/01 10:00:00] ppocr INFO: epoch: [1/500], global_step: 10, lr: 0.000100, acc: 0.0, loss: 61.3
[2022/03/01 10:00:18] ppcls INFO: [Eval][Epoch 1][Avg]CELoss: 3.51, loss: 3.51, top1: 0.25686, top5: 0.59118"""

MAX_LINE = 2000
_TRAIN = re.compile(
    r"\bepoch: \[(?P<e1>\d+)/(?P<e1_of>\d+)\], (?:global_step|iter): (?P<s1>\d+), (?P<r1>.*)$"
    r"|\[Train\]\[Epoch (?P<e2>\d+)/(?P<e2_of>\d+)\]\[(?:Iter: (?P<n2>\d+)/(?P<of2>\d+)|Avg)\](?P<r2>.*)$"
    r"|\bppdet\S* INFO: Epoch: \[(?P<e3>\d+)\] \[\s*(?P<n3>\d+)/(?P<of3>\d+)\] (?P<r3>.*)$"
    r"|\[TRAIN\]\s+epoch[:=]\s?(?P<e4>\d+), iter[:=]\s?(?P<s4>\d+)/(?P<s4_of>\d+), (?P<r4>loss[:=].*)$"
    r"|\[TRAIN\]\s+Epoch=(?P<e5>\d+)/(?P<e5_of>\d+), Step=(?P<n5>\d+)/(?P<of5>\d+), (?P<r5>.*)$"
    r"|\[TRAIN\]\s+Epoch (?P<e6>\d+) finished, (?P<r6>.*)$"
    r"|\bglobal step (?P<s7>\d+), epoch: (?P<e7>\d+), batch: \d+, (?P<r7>.*)$"
    r"|\] - (?P<r8>loss: .*\bglobal_step: (?P<s8>\d+), .*)$"
)
_EVAL = re.compile(
    r"\bcur metric, (?P<r1>.*)$|\[Eval\]\[Epoch \d+\]\[Avg\](?P<r2>.*)$|\[EVAL\]\s+#Images[:=]\s?\d+ (?P<r3>.*)$"
    r"|\[EVAL\] Finished, Epoch=\d+, (?P<r4>.*)$|(?:^|\] - |\s)(?P<r5>eval loss: .*)$"
    r"|\] - (?P<r6>eval_loss: .*\beval_runtime: .*)$|\bBest test bbox (?P<r7>ap is [\d.]+\d)"
)
_SILENT = re.compile(
    r"\[Eval\]\[Epoch \d+\]\[(?:Iter|best)|\bbest metric, |\[EVAL\]\s+The model with|\bCurrent evaluated best model|"
    r"\bBest test \w+ ap is"
)
"""Batches of an evaluation, and the best so far, which stands in an evaluation above."""
_PAIR = re.compile(rf"(?<![\w.])(?P<key>[A-Za-z][\w@]*)(?:\(\w*\))?(?:[:=]\s?| is )(?P<value>{LOOSE_NUMBER})(?![\w.:])")
_MEASURED = frozenset("loss lr learning_rate acc accu acc1 top1 hmean precision recall miou dice bbox_map ap".split())
_PLACE = re.compile(r"\btrain with paddle \S+ and device (?:Place\()?(?P<device>gpu|cpu|CUDA|CPU|xpu|npu)")
_BEGUN = re.compile(r"\btrain dataloader has (?P<n>\d+) iters")
_SAVED = re.compile(r"\bSave checkpoint: |\bsave model in \S+latest\b")
_FINISHED = re.compile(r"\] - train_runtime: (?P<s>[\d.]+), .*\btrain_loss: ")
_SHOWS_ENDS = frozenset({"e1", "e2", "e3", "e5"})
"""Epochs of tools that show the end of the last one, too; else the epoch last seen is all there is to tell."""
_HEADING = re.compile(r"-{5,}\s?Config Information\s?-{5,}")


def wants(document: Document) -> bool:
    """Logs in which one of the tools trains."""
    return document.kind == "log" and (
        document.mentions("ppocr INFO:", "ppcls INFO:", "root INFO: [Train]", "ppdet.engine INFO:", "time_each_step=")
        or (document.mentions("[TRAIN]") and document.mentions("reader_cost"))
        or (document.mentions("paddle") and document.mentions("global step ", ", interval_runtime: "))
    )


def read(document: Document) -> Iterator[Stated]:
    """Settings, points, plans and ends."""
    loop = _Loop()
    logged, inside = config.Logged(), 0
    for line, text in document.frames():
        if len(text) > MAX_LINE:
            continue
        if line <= inside:
            document.claimed.add(line)
        elif "loss" in text and (batch := _TRAIN.search(text)) is not None:
            document.claimed.add(line)
            yield from loop.train({key: value for key, value in batch.groupdict().items() if value}, line, text)
        elif loop.epoch is not None and (evaluated := _EVAL.search(text)):
            document.claimed.add(line)
            rest = evaluated[evaluated.lastgroup or 0]
            yield from loop.measure("val ", rest, line)
        elif _SILENT.search(text) is not None:
            document.claimed.add(line)
        elif _HEADING.search(text) is not None:
            inside, found = config.yaml_block(document.lines, line)
            yield from loop.ask(found)
        elif text.startswith("eval model:"):
            document.claimed.add(line)  # the bar of an evaluation is no plan
        elif (finished := _FINISHED.search(text)) is not None:
            document.claimed.add(line)
            yield Stated("training_end", True, line, "mark", raw=text.strip())
            yield Stated("train_runtime", finished["s"], line, raw=text.strip())
        elif "INFO" in text:
            is_setting, found = logged.see(text, line)
            if not is_setting and " - " in text:
                is_setting, found = config.argument(text, line)
            if is_setting:
                document.claimed.add(line)
                yield from loop.ask(found)
            else:
                yield from _message(text, line, loop)


def _message(text: str, line: int, loop: _Loop) -> Iterator[Stated]:
    if (place := _PLACE.search(text)) is not None:
        device = place["device"].lower()
        yield from loop.ask([Stated("device", "cuda" if device == "gpu" else device, line, raw=place.group())])
    elif _BEGUN.search(text) is not None:
        yield from loop.begin(line, text)
    elif _SAVED.search(text) is not None:
        yield from loop.close(line, text)


class _Loop:
    """The training at hand."""

    def __init__(self) -> None:
        self.epoch: float | None = None
        self.step: float | None = None
        self._batches = 0.0
        """Batches of an epoch."""
        self._plans = Plans()
        self._asked: list[Stated] = []
        self._is_told = False
        self._closed: float | None = None

    def ask(self, found: list[Stated]) -> Iterator[Stated]:
        """Settings, kept back until a training is seen."""
        if self._is_told:
            yield from found
        else:
            self._asked.extend(found)

    def begin(self, line: int, text: str) -> Iterator[Stated]:
        """The first sign of a training."""
        if not self._is_told:
            self._is_told = True
            yield from self._asked
            yield Stated("framework", "paddle", line, raw=text.strip()[:160])
            if "ppdet" in text:
                yield Stated("first_epoch", 0, line, "mark", raw=text.strip()[:160])

    def train(self, batch: dict[str, str], line: int, text: str) -> Iterator[Stated]:
        """A line of training: its groups are numbered after the tool, and their names say what they are."""
        yield from self.begin(line, text)
        by_kind = {key.lstrip("0123456789")[0] + key[2:]: value for key, value in batch.items() if key[0] != "o"}
        of = next((float(value) for key, value in batch.items() if key.startswith("of")), None)
        epoch = float(by_kind["e"]) if "e" in by_kind else None
        if epoch is not None and self.epoch is not None and epoch > self.epoch and _SHOWS_ENDS & batch.keys():
            yield from self.close(line, text)
        self.epoch = epoch if epoch is not None else self.epoch if self.epoch is not None else -1.0
        if "e_of" in by_kind and epoch is not None:
            yield from self._plans.see("plan_epochs", epoch, float(by_kind["e_of"]), line, text)
        if "s" in by_kind:
            self.step = float(by_kind["s"])
            if "s_of" in by_kind:
                yield from self._plans.see("plan_steps", self.step, float(by_kind["s_of"]), line, text)
        elif "n" in by_kind and of is not None and epoch is not None:
            from_1 = "[TRAIN]" in text
            self._batches = of
            self.step = (epoch if "ppdet" in text else epoch - 1) * of + float(by_kind["n"]) + (not from_1)
        elif epoch is not None and self._batches:
            self.step = epoch * self._batches
        yield from self.measure("train ", by_kind["r"], line)
        if epoch is not None and ("][Avg]" in text or " finished, " in text):
            yield from self.close(line, text)

    def measure(self, split: str, rest: str, line: int) -> Iterator[Stated]:
        """The metrics among the pairs of a line; a Trainer's epochs are fractions."""
        pairs = {pair["key"]: pair["value"] for pair in _PAIR.finditer(rest)}
        epoch = self.epoch
        if "epoch" in pairs:
            epoch = float(pairs["epoch"])
        for key, value in pairs.items():
            name = key.lower().removeprefix("eval_")
            if name not in _MEASURED and not (split == "val " and name in ("accuracy", "f1")):
                continue
            written = name if name in ("lr", "learning_rate") else f"{split}{_PLAIN.get(name, name)}"
            raw = f"{key}: {value}"
            yield Stated(written, value, line, "metric", self.step, None if epoch == -1.0 else epoch, raw=raw)

    def close(self, line: int, text: str) -> Iterator[Stated]:
        """The epoch at hand is over."""
        if self.epoch is not None and 0 <= self.epoch < math.inf and self._closed != self.epoch:
            self._closed = self.epoch
            yield Stated("epoch_end", int(self.epoch), line, "mark", raw=text.strip()[:160])


_PLAIN = {"accu": "acc", "hmean": "f1", "ap": "bbox_ap", "bbox_map": "bbox_ap"}
