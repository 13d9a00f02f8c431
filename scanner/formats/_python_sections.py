"""Sectioned configurations that a Python source fills in by assignment (detectron2's and others built on yacs).

    cfg = get_cfg()
    cfg.merge_from_file(model_zoo.get_config_file("COCO-Detection/faster_rcnn_R_50_FPN_3x.yaml"))
    cfg.SOLVER.BASE_LR = 0.00025
    cfg.SOLVER.MAX_ITER = 300
    cfg.MODEL.DEVICE = "cpu"

The file of the model zoo names the model. `IMS_PER_BATCH` is the batch of all devices together and is stated by no one
device's name; what the merged file holds is its own to state.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from scanner.formats._python_known import Known
from scanner.formats._python_scopes import dotted
from scanner.formats._python_settings import Context, Setting

_SLOTS = {
    "SOLVER.BASE_LR": "rate",
    "SOLVER.MAX_ITER": "",
    "SOLVER.WEIGHT_DECAY": "weight_decay",
    "SOLVER.WARMUP_ITERS": "",
    "SOLVER.LR_SCHEDULER_NAME": "",
    "SOLVER.OPTIMIZER": "optimizer",
    "MODEL.DEVICE": "device",
    "SEED": "",
}
"""Keys below the configuration's own name -> slot."""
_ZOO = ("get_config_file", "get_checkpoint_url", "get_config")


def read(at: Context) -> Iterator[Setting]:
    """What the assignments before the training and the zoo's file state; nothing in a source without detectron2."""
    if not any(framework == "detectron2" for _, framework in at.training.calls):
        return
    for node, place in at.program.statements:
        if not isinstance(node, ast.Assign) or at.values.open_arms(place) is None:
            continue
        if place.scope.is_module and at.training.last_order and place.order > at.training.last_order:
            continue
        for target in node.targets:
            key = dotted(target).partition(".")[2]
            if key in _SLOTS:
                yield from at.value(key, _SLOTS[key], at.values.known(node.value), place)
    for call in at.program.calls:
        if call.tail in _ZOO and call.receiver.endswith("model_zoo") and call.node.args:
            known = at.values.known(call.node.args[0])
            if known is not None and isinstance(known.value, str):
                stem = known.value.rpartition("/")[2].partition(".")[0]
                yield from at.value("model", "model", Known(stem, known.line), call.place)
