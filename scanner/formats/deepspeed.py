"""What DeepSpeed's engine and launcher print, whatever loop drives them.

    [2023-06-01 10:00:02,101] [INFO] [launch.py:162:main] dist_world_size=2
    [2023-06-01 10:00:12,110] [INFO] [config.py:955:print] DeepSpeedEngine configuration:
    [2023-06-01 10:00:12,110] [INFO] [config.py:959:print]   gradient_accumulation_steps .. 4
    [2023-06-01 10:00:12,110] [INFO] [config.py:959:print]   train_micro_batch_size_per_gpu  8
    [2023-06-01 10:01:12,101] [INFO] [logging.py:96:log_dist] [Rank 0] step=10, skipped=1, lr=[1.8e-06], mom=[...]
    [2023-06-01 10:01:12,102] [INFO] [timer.py:199:stop] epoch=0/micro_step=40/global_step=10, RunningAvgSamplesPerSec=
    steps: 10 loss: 2.1034 iter time (s): 0.413 samples/sec: 77.481                          (the pipeline engine)

The table holds the configuration as the engine resolved it; `train_batch_size` there is the global one, and the user's
own JSON below it repeats what was asked for. The timer's `epoch` is never counted up. Its rates are momentary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import LOOSE_NUMBER, Document, Stated

ID = "deepspeed"
DESCRIPTION = "Engine and launcher lines of DeepSpeed"
SAMPLE = """[2023-06-01 10:00:12,110] [INFO] [config.py:955:print] DeepSpeedEngine configuration:
[2023-06-01 10:01:12,101] [INFO] [logging.py:96:log_dist] [Rank 0] step=10, skipped=1, lr=[1.8e-06], mom=[[0.9]]"""

_STEP = re.compile(rf"\[Rank 0\] step=(?P<step>\d+), skipped=\d+, lr=\[(?P<lr>{LOOSE_NUMBER})")
_TIMER = re.compile(r"\[timer\.py:\d+:stop\] epoch=\d+/micro_step=\d+/global_step=(?P<step>\d+), ")
_PIPE = re.compile(rf"^.{{0,40}}?\bsteps: (?P<step>\d+) loss: (?P<loss>{LOOSE_NUMBER}) iter time \(s\): ")
_ROW = re.compile(r"\[config\.py:\d+:print\]   (?P<key>\w+) (?:\.+ | )(?P<value>.*)$")
_USER = re.compile(r"\[config\.py:\d+:print(?:_user_config)?\]   json = \{\s*$")
_WORLD = re.compile(r"\[launch\.py:\d+:main\] dist_world_size=(?P<n>\d+)")
_SETTINGS = {
    "train_micro_batch_size_per_gpu": "train_micro_batch_size_per_gpu",
    "gradient_accumulation_steps": "gradient_accumulation_steps",
    "gradient_clipping": "gradient_clipping",
    "optimizer_name": "optimizer_name",
    "scheduler_name": "scheduler_name",
    "world_size": "world_size",
    "fp16_enabled": "fp16",
    "bfloat16_enabled": "bf16",
}
_IN_PARAMS = {
    "optimizer_params": {"lr": "lr", "weight_decay": "weight_decay"},
    "scheduler_params": {"warmup_num_steps": "warmup_num_steps"},
}
_OFF = frozenset({"None", "0.0", "0", "False", ""})


def wants(document: Document) -> bool:
    """Logs of its training engine."""
    return document.kind == "log" and document.mentions(
        "DeepSpeedEngine configuration:", ", skipped=", " iter time (s): ", "dist_world_size="
    )


def read(document: Document) -> Iterator[Stated]:
    """The resolved configuration, the engine's steps, and the processes."""
    is_named = in_json = False
    for line, text in document.frames():
        if in_json:
            document.claimed.add(line)
            in_json = text.rstrip() != "}"
        elif "DeepSpeedEngine configuration:" in text:
            if is_named:
                continue
            is_named = True
            yield Stated("framework", "deepspeed", line, raw=text.strip())
        elif ":print" in text and _USER.search(text):
            document.claimed.add(line)
            in_json = True
        elif ":print]" in text and (row := _ROW.search(text)):
            document.claimed.add(line)
            in_json = row["value"].rstrip() == "{"
            yield from _setting(row["key"], row["value"].strip(), line)
        elif ", skipped=" in text and (point := _STEP.search(text)):
            document.claimed.add(line)
            step = float(point["step"])
            if not is_named:
                is_named = True
                yield Stated("framework", "deepspeed", line, raw=point.group())
            if step:  # a scheduler says where it starts before it has done a step
                yield Stated("lr", point["lr"], line, "metric", step, raw=point.group())
        elif "[timer.py:" in text and (timer := _TIMER.search(text)):
            document.claimed.add(line)
            yield Stated("step", timer["step"], line, "metric", float(timer["step"]), raw=timer.group())
        elif " iter time (s): " in text and (pipe := _PIPE.match(text)):
            document.claimed.add(line)
            raw = pipe.group().strip()
            yield Stated("train_loss", pipe["loss"], line, "metric", float(pipe["step"]), raw=raw)
        elif "dist_world_size=" in text and (world := _WORLD.search(text)):
            document.claimed.add(line)
            yield Stated("world_size", world["n"], line, raw=world.group())


def _setting(key: str, value: str, line: int) -> Iterator[Stated]:
    if key in _IN_PARAMS:
        for inner, name in _IN_PARAMS[key].items():
            found = re.search(rf"['\"]{inner}['\"]: (?P<value>[\d.e+-]+)[,}}]", value)
            if found is not None:
                yield Stated(name, found["value"], line, raw=f"{key}.{inner} = {found['value']}")
    elif key in _SETTINGS and value not in _OFF:
        yield Stated(_SETTINGS[key], value, line, raw=f"{key} = {value}")
