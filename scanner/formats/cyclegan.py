"""Consoles and logs of the CycleGAN and pix2pix training program (pytorch-CycleGAN-and-pix2pix and its many children).

    ----------------- Options ---------------
                   batch_size: 4                             	[default: 1]
                           lr: 0.0002
    ----------------- End -------------------
    ================ Training Loss (Mon Jan  1 10:00:00 2024) ================
    (epoch: 1, iters: 100, time: 0.217, data: 0.223) D_A: 0.412 G_A: 0.312 cycle_A: 1.512
    End of epoch 200 / 200 	 Time Taken: 100 sec

The options are echoed with those that were not asked for: all of them ran. The losses are the networks' parts and
have no total. Every launch appends its own heading to `loss_log.txt`. Iterations count within the epoch, so they are
no steps. The same options are printed by tests (`isTrain: False`): they train nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import Document, Stated

ID = "cyclegan"
DESCRIPTION = "Logs of the CycleGAN and pix2pix training program"
SAMPLE = """================ Training Loss (Mon Jan  1 10:00:00 2024) ================
(epoch: 1, iters: 100, time: 0.217, data: 0.223) D_A: 0.412 G_A: 0.312 cycle_A: 1.512 """

_HEAD = re.compile(r"^=+ Training Loss \((?P<at>[^()]{10,40})\) =+\s*$")
_POINT = re.compile(
    r"^(?:\[Rank \d+\] )?\(epoch: (?P<epoch>\d+), iters: (?P<iters>\d+), time: [\d.]+(?:, data: [\d.]+)?\),? (?=\w)"
)
_END = re.compile(r"^End of epoch (?P<n>\d+) / (?P<of>\d+)\s+Time Taken: \d+ sec")
_OPTIONS = re.compile(r"^-+ Options -+\s*$")
_OPTIONS_END = re.compile(r"^-+ End -+\s*$")
_OPTION = re.compile(r"^\s*(?P<key>\w+): (?P<value>\S.*?)?\s*(?:\[default: .*\]\s*)?$")
_NAMES = frozenset({"model", "batch_size", "batchSize", "lr", "lr_policy", "gpu_ids", "dataroot", "name"})
MAX_OPTIONS = 200


def wants(document: Document) -> bool:
    """Logs with the program's heading, points or options."""
    return document.kind == "log" and document.mentions("= Training Loss (", "(epoch: ", "- Options -")


def read(document: Document) -> Iterator[Stated]:
    """Options, headings, points and ends of epochs."""
    options: dict[str, tuple[str, int]] | None = None
    started = 0
    is_begun = False
    for number, line in enumerate(document.lines, 1):
        if options is not None:
            if _OPTIONS_END.match(line) or len(options) > MAX_OPTIONS:
                yield from _options(options)
                options, is_begun = None, True
            elif found := _OPTION.match(line):
                options[found["key"]] = (found["value"] or "", number)
        elif _OPTIONS.match(line):
            options = {}
        elif line.startswith("=") and _HEAD.match(line):
            if not is_begun:  # else its options have begun it
                yield Stated("launch", True, number, "mark", raw=line.strip())
            is_begun = False
            yield Stated("training_start", True, number, "mark", raw=line.strip())
            yield Stated("framework", "pytorch", number, raw=line.strip())
            started = number
        elif "(epoch: " in line and (point := _POINT.match(line)):
            document.claimed.add(number)
            if not started:
                yield Stated("training_start", True, number, "mark", raw=line.strip()[:200])
                yield Stated("framework", "pytorch", number, raw=line.strip()[:200])
                started = number
            yield Stated("epoch", float(point["epoch"]), number, "metric", epoch=float(point["epoch"]))
        elif line.startswith("End of epoch") and (end := _END.match(line)):
            document.claimed.add(number)
            yield Stated("plan_epochs", int(end["of"]), number, "mark", raw=line.strip())
            yield Stated("epoch", float(end["n"]), number, "metric", epoch=float(end["n"]), raw=line.strip())


def _options(options: dict[str, tuple[str, int]]) -> Iterator[Stated]:
    """What a training's options state; its epochs are those at the first rate and those of the decay."""
    if options.get("isTrain", ("True", 0))[0] != "True" or "lr" not in options:
        return
    for key, (value, line) in options.items():
        if key in _NAMES and value not in ("", "None") and key != "gpu_ids":
            yield Stated("run_name" if key == "name" else key, value, line, "fact" if key == "name" else "setting")
    gpus, line = options.get("gpu_ids", ("", 0))
    if gpus and gpus != "-1" and line:
        yield Stated("device", "cuda", line, raw=f"gpu_ids: {gpus}")
    for steady, decaying in (("n_epochs", "n_epochs_decay"), ("niter", "niter_decay")):
        if steady in options and decaying in options:
            parts = (options[steady][0], options[decaying][0])
            if all(part.isdigit() for part in parts):
                line = options[decaying][1]
                raw = f"{steady}: {parts[0]}, {decaying}: {parts[1]}"
                yield Stated("epochs", int(parts[0]) + int(parts[1]), line, raw=raw)
