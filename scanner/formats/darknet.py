"""Consoles of Darknet (YOLOv2 to YOLOv4) training a detector or classifier.

    Learning Rate: 0.00261, Momentum: 0.9, Decay: 0.0005
     2000: 0.204883, 0.218242 avg loss, 0.002610 rate, 2.410243 seconds, 128000 images, 0.010000 hours left
     mean average precision (mAP@0.50) = 0.901234, or 90.12 %

Only the average is called a loss; the number before it, of the iteration alone, has no name. `batch` is cut by
`subdivisions` into what the device takes at once, and is no one's batch size here. The rate on a line is momentary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import LOOSE_NUMBER, Document, Stated

ID = "darknet"
DESCRIPTION = "Console of Darknet (YOLOv2 to YOLOv4)"
SAMPLE = """Learning Rate: 0.00261, Momentum: 0.9, Decay: 0.0005
 2000: 0.204883, 0.218242 avg loss, 0.002610 rate, 2.410243 seconds, 128000 images"""

_POINT = re.compile(
    rf"^\s*(?P<step>\d{{1,9}}): (?:{LOOSE_NUMBER}), (?P<loss>{LOOSE_NUMBER}) avg(?: loss)?, "
    rf"(?P<rate>{LOOSE_NUMBER}) rate, "
    r"[\d.]+ seconds, \d+ images"
)
_RATES = re.compile(
    rf"^Learning Rate: (?P<lr>{LOOSE_NUMBER}), Momentum: (?:{LOOSE_NUMBER}), Decay: (?P<decay>{LOOSE_NUMBER})\s*$"
)
_MAP = re.compile(rf"mean average precision \(mAP@0?\.50?\) = (?P<value>{LOOSE_NUMBER})")
_GPU = re.compile(r"compute_capability = \d+, cudnn_half = \d, GPU: (?P<name>[^,\n]{3,60}?)\s*$")


def wants(document: Document) -> bool:
    """Logs with Darknet's iterations."""
    return document.kind == "log" and document.mentions(" avg, ", " avg loss, ") and document.mentions(" rate, ")


def read(document: Document) -> Iterator[Stated]:
    """Rates, iterations, mean average precisions."""
    step: float | None = None
    before: list[Stated] = []
    for line, text in document.frames():
        if " rate, " in text and (point := _POINT.match(text)):
            document.claimed.add(line)
            raw = text.strip()[:200]
            if step is None or float(point["step"]) < step:
                yield Stated("training_start", True, line, "mark", raw=raw)
                yield Stated("framework", "other", line, raw=raw)
            yield from before
            before = []
            step = float(point["step"])
            yield Stated("train/loss", point["loss"], line, "metric", step, raw=raw)
            yield Stated("lr", point["rate"], line, "metric", step, raw=raw)
        elif text.startswith("Learning Rate: ") and (rates := _RATES.match(text)):
            before = [
                Stated("lr", rates["lr"], line, raw=text.strip()),
                Stated("weight_decay", rates["decay"], line, raw=text.strip()),
            ]
        elif "mean average precision" in text and (found := _MAP.search(text)) and step is not None:
            document.claimed.add(line)
            yield Stated("val/mAP50", found["value"], line, "metric", step, raw=text.strip())
        elif "compute_capability" in text and (gpu := _GPU.search(text)):
            yield Stated("gpu_name", gpu["name"], line, raw=text.strip())
            yield Stated("device", "cuda", line, raw=text.strip())
