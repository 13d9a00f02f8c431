"""The line that closes a validation in the style of PyTorch's ImageNet example (DeiT, MAE, ConvNeXt, MoCo, Swin, ...).

    Epoch: [11]  [5003/5004]  eta: 0:00:00  lr: 0.000101  loss: 3.0002 (3.1121)  time: 0.2126  max mem: 5930
    Test:  [130/131]  eta: 0:00:00  loss: 0.8101 (0.8801)  acc1: 81.2500 (79.8200)  time: 0.2212
    * Acc@1 79.820 Acc@5 94.950 loss 0.881
     * Prec@1 69.758 Prec@5 89.078                                  older examples

Its star stands for the validation set: neither its loss nor its accuracies are the training's. Points of the epochs
are everybody's and read as any loop's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import NUMBER, Document, Stated

ID = "imagenet_summary"
DESCRIPTION = "Closing line of an ImageNet-style validation"
SAMPLE = """Epoch: [11]  [5003/5004]  eta: 0:00:00  lr: 0.000101  loss: 3.0002 (3.1121)
* Acc@1 79.820 Acc@5 94.950 loss 0.881"""

_SUMMARY = re.compile(
    rf"(?:^|INFO:?)\s*\*+\s+(?:Acc|Prec)@1:?\s+(?P<top1>{NUMBER})(?:,?\s+(?:Acc|Prec)@5:?\s+{NUMBER})?"
    rf"(?:,?\s+[Ll]oss:?\s+(?P<loss>{NUMBER}))?\s*$"
)
_EPOCH = re.compile(r"\b(?:Epoch:? ?|Train:? ?)\[?\s*(?P<epoch>\d{1,6})(?:/\d+)?[\]:\s]")


def wants(document: Document) -> bool:
    """Logs with such a line."""
    return document.kind == "log" and document.mentions("* Acc@1", "* Prec@1")


def read(document: Document) -> Iterator[Stated]:
    """The accuracy and the loss of every validation, at the epoch that was trained before it."""
    epoch: float | None = None
    for number, line in enumerate(document.lines, 1):
        if "@1" in line and "*" in line and (found := _SUMMARY.search(line[:400])):
            document.claimed.add(number)
            raw = line.strip()[:200]
            yield Stated("val/acc1", float(found["top1"]), number, "metric", epoch=epoch, raw=raw)
            if found["loss"]:
                yield Stated("val/loss", float(found["loss"]), number, "metric", epoch=epoch, raw=raw)
        elif ("Epoch" in line or "Train" in line) and (begun := _EPOCH.search(line[:200])):
            epoch = float(begun["epoch"])
