"""The summary of pycocotools' evaluation, printed by detection trainings after an epoch.

     Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.354
     Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets=100 ] = 0.555
     Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.460

Twelve lines, of which the first two are the metrics that detection is told by; sizes of objects and recalls state
nothing here, and no line is anybody's precision or recall. Masks and keypoints are announced by `Evaluate annotation
type *segm*` and are other metrics. Detectron2 and OpenMMLab print their own summary in their own scale beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import LOOSE_NUMBER, Document, Stated

ID = "coco_summary"
DESCRIPTION = "Summary of pycocotools after a detection epoch"
SAMPLE = """ Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.354
 Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets=100 ] = 0.555"""

_LINE = re.compile(
    r"Average (?:Precision|Recall)\s+\((?P<kind>AP|AR)\) @\[ IoU=(?P<iou>[\d.:]+)\s+\| area=\s*(?P<area>\w+) "
    rf"\| maxDets=\s*(?P<max>\d+) \] = (?P<value>{LOOSE_NUMBER})"
)
_TYPE = re.compile(r"Evaluate annotation type \*(?P<type>\w+)\*")
_OWN_SUMMARY = ("detectron2", "d2.evaluation", "mmdet", "mmengine")
_KEYS = {"0.50:0.95": "bbox_mAP", "0.50": "bbox_mAP_50"}


def wants(document: Document) -> bool:
    """Logs with a line of the summary."""
    return document.kind == "log" and document.mentions("@[ IoU=")


def read(document: Document) -> Iterator[Stated]:
    """The two headline precisions of boxes; all lines are claimed."""
    has_own = document.mentions(*_OWN_SUMMARY)
    is_of_boxes = True
    for number, line in enumerate(document.lines, 1):
        if "Evaluate annotation" in line and (announced := _TYPE.search(line)):
            is_of_boxes = announced["type"] == "bbox"
        elif "@[ IoU=" in line and (found := _LINE.search(line)):
            document.claimed.add(number)
            key = _KEYS.get(found["iou"]) if found["kind"] == "AP" and found["area"] == "all" else None
            if key is None or has_own or not is_of_boxes or float(found["value"]) < 0:
                continue  # -1: nothing was there to be found
            yield Stated(key, float(found["value"]), number, "metric", raw=line.strip()[:200])
