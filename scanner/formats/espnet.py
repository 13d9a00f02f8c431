"""ESPnet 2's `train.log`: its launcher's comments, the optimizer as built, batches and the results of each epoch.

    # python3 -m espnet2.bin.asr_train --config conf/train.yaml --ngpu 1 --output_dir exp/asr
    [host] 2023-01-01 10:00:20,001 (trainer:280) INFO: 1/40epoch started
    [host] 2023-01-01 10:01:20,001 (trainer:732) INFO: 1epoch:train:1-50batch: iter_time=0.012, loss=92.18, acc=0.101,
    optim0_lr0=2.080e-06, train_time=1.201
    [host] 2023-01-01 10:03:00,001 (trainer:338) INFO: 1epoch results: [train] loss=85.680, [valid] loss=59.680
    [host] 2023-01-01 10:06:01,001 (trainer:440) INFO: The training was finished at 40 epochs
    # Ended (code 0) at Sun Jan  1 10:06:03 JST 2023, elapsed time 362 seconds

Batches count from 1 within their epoch and before accumulation, so they state no step. Of the optimizer's first group
`initial_lr` is what was asked for: a scheduler has already warmed `lr` down. Models of several losses print their parts
(`loss_ctc`, `loss_att`) beside `loss`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import LOOSE_NUMBER, Document, Stated
from scanner.formats._plans import Plans

ID = "espnet"
DESCRIPTION = "Training logs of ESPnet 2"
SAMPLE = """[host] 2023-01-01 10:00:20,001 (trainer:280) INFO: 1/40epoch started
[host] 2023-01-01 10:03:00,001 (trainer:338) INFO: 1epoch results: [train] loss=85.680, [valid] loss=59.680, acc=0.2"""

_STARTED = re.compile(r"\bINFO: (?P<epoch>\d+)(?:/(?P<of>\d+))? ?epoch started\b")
_BATCH = re.compile(r"\bINFO: \d+epoch:(?P<split>train|valid):\d+-\d+batch: (?P<rest>.*)$")
_RESULTS = re.compile(r"\bINFO: (?P<epoch>\d+)epoch results: (?P<rest>.*)$")
_SECTION = re.compile(r"\[(?P<split>\w+)\] (?P<rest>[^\[]*)")
_PAIR = re.compile(rf"(?:^|, )(?P<key>[A-Za-z]\w*)=(?P<value>{LOOSE_NUMBER})(?=,|\s|$)")
_RATE = re.compile(r"(?:optim0_)?lr_?0$")
_MEASURED = frozenset({"loss", "acc", "cer", "wer", "grad_norm"})
_EARLY = re.compile(r"\bINFO: \[Early stopping\] .*The training was stopped at \d+epoch")
_FINISHED = re.compile(r"\bINFO: The training was finished at \d+ epochs")
_COMMAND = re.compile(r"^# (?P<command>python\S* -m (?P<program>espnet\d?\.bin\.\w*_train)\b.*)$")
_ENDED = re.compile(r"^# Ended \(code (?P<code>\d+)\)")
_SAVED = re.compile(r"\bINFO: Saving the configuration in (?P<folder>\S+)/config\.yaml")
_SCHEDULER = re.compile(r"\bINFO: Scheduler: (?P<name>\w+)\((?:.*\bwarmup_steps=(?P<steps>\d+))?")
_OPTIMIZER = re.compile(r"^(?P<name>[A-Z]\w*) \($")
_GROUP = re.compile(r"^\s+(?P<key>initial_lr|lr|weight_decay): (?P<value>\S+)$")


def wants(document: Document) -> bool:
    """Logs of its trainer."""
    return document.kind == "log" and document.mentions(
        "epoch results: [train]", "epoch:train:1-", "# python3 -m espnet2"
    )


def read(document: Document) -> Iterator[Stated]:
    """Command, optimizer, epochs, and how it ended."""
    plans = Plans()
    is_named = False
    lines = document.lines
    for line, text in enumerate(lines, 1):
        raw = text.strip()[:200]
        if "epoch" in text and (point := _BATCH.search(text) or _RESULTS.search(text)):
            document.claimed.add(line)
            if not is_named:
                is_named = True
                yield Stated("framework", "other", line, raw=raw)
            if "split" in point.re.groupindex:
                yield from _pairs(point["rest"], _split(point["split"]), line, None)
            else:
                for section in _SECTION.finditer(point["rest"]):
                    if section["split"] in ("train", "valid"):
                        yield from _pairs(section["rest"], _split(section["split"]), line, float(point["epoch"]))
        elif "epoch started" in text and (started := _STARTED.search(text)):
            document.claimed.add(line)
            if started["epoch"] == "1":
                yield Stated("training_start", True, line, "mark", raw=raw)
            if started["of"]:
                yield from plans.see("plan_epochs", float(started["epoch"]), float(started["of"]), line, raw)
        elif text.startswith("# "):
            yield from _launcher(text, line, is_named)
        elif "INFO: " in text:
            if "INFO: Optimizer:" in text:
                yield from _optimizer(document, line)
            elif _EARLY.search(text):
                yield Stated("early_stop", True, line, "mark", raw=raw)
            elif _FINISHED.search(text):
                yield Stated("training_end", True, line, "mark", raw=raw)
            elif saved := _SAVED.search(text):
                yield Stated("output_dir", saved["folder"], line, "fact", raw=raw)
            elif scheduler := _SCHEDULER.search(text):
                document.claimed.add(line)
                yield Stated("lr_scheduler", scheduler["name"].removesuffix("V2"), line, raw=raw)
                if scheduler["steps"]:
                    yield Stated("warmup_steps", scheduler["steps"], line, raw=raw)


def _split(written: str) -> str:
    return "val" if written == "valid" else "train"


def _pairs(rest: str, split: str, line: int, epoch: float | None) -> Iterator[Stated]:
    for pair in _PAIR.finditer(rest):
        key, raw = pair["key"], pair.group().strip(", ")
        if _RATE.match(key):
            yield Stated("lr", pair["value"], line, "metric", None, epoch, raw=raw)
        elif key in _MEASURED:
            written = key if key == "grad_norm" else f"{split} {key}"
            yield Stated(written, pair["value"], line, "metric", None, epoch, raw=raw)


def _launcher(text: str, line: int, is_named: bool) -> Iterator[Stated]:
    """The comments of run.pl: what was launched and how it ended."""
    if (found := _COMMAND.match(text)) is not None:
        yield Stated("command", found["command"], line, "fact", raw=text)
        yield Stated("program", found["program"], line, "fact", raw=text)
        if (config := re.search(r" --config (\S+)", text)) is not None:
            yield Stated("config_file", config[1], line, "fact", raw=text)
        if (folder := re.search(r" --output_dir (\S+)", text)) is not None:
            yield Stated("output_dir", folder[1], line, "fact", raw=text)
        if (devices := re.search(r" --ngpu (\d+)", text)) is not None and devices[1] != "0":
            yield Stated("num_gpus", devices[1], line, origin="command_line", raw=devices.group().strip())
    elif is_named and (ended := _ENDED.match(text)) is not None:
        yield Stated("exit_code", ended["code"], line, "fact", raw=text)


def _optimizer(document: Document, line: int) -> Iterator[Stated]:
    """The optimizer printed below a line; its lines are claimed, so that the warmed-down rate is nobody's."""
    found: dict[str, Stated] = {}
    for at in range(line + 1, min(line + 60, len(document.lines)) + 1):
        text = document.lines[at - 1]
        document.claimed.add(at)
        if (name := _OPTIMIZER.match(text)) is not None:
            found["optimizer"] = Stated("optimizer", name["name"], at, raw=text)
        elif (group := _GROUP.match(text)) is not None:
            found.setdefault(group["key"], Stated(group["key"], group["value"], at, raw=text.strip()))
        elif text.strip() == ")":
            break
    if "initial_lr" in found:
        found.pop("lr", None)
    yield from found.values()
