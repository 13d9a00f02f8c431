"""LoRA and full fine-tuning with mlx-lm on Apple machines: its console, and the arguments that it saves.

    Loading pretrained model
    Starting training..., iters: 600
    Iter 1: Val loss 2.362, Val took 1.650s
    Iter 10: Train loss 1.675, Learning Rate 1.000e-05, It/sec 0.355, Tokens/sec 233.7, Trained Tokens 6578
    Iter 100: Saved adapter weights to adapters/adapters.safetensors and adapters/0000100_adapters.safetensors.
    Saved final weights to adapters/adapters.safetensors.

The first versions (lora.py of mlx-examples) print no rate and no memory. A printed rate is momentary; where it never
changes it is the one that was asked for.

`adapter_config.json` holds all arguments of the training (`lora_parameters`, `iters`, ...), written as it begins;
PEFT's file of the same name has a `peft_type` instead. With a schedule the peak is the schedule's first argument, and
`learning_rate` is not used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats import _json
from scanner.formats._base import LOOSE_NUMBER, Document, Stated

ID = "mlx_lm"
DESCRIPTION = "Console and adapter_config.json of mlx-lm (LoRA on Apple silicon)"
SAMPLE = """Starting training..., iters: 600
Iter 10: Train loss 1.675, Learning Rate 1.000e-05, It/sec 0.355, Tokens/sec 233.739, Trained Tokens 6578"""

_ITER = re.compile(
    rf"(?:^|[\s\]])Iter (?P<step>\d+): (?P<split>Train|Val) loss (?P<loss>{LOOSE_NUMBER}),"
    rf"(?: Learning Rate (?P<rate>{LOOSE_NUMBER}),)? (?:It/sec|Val took) "
)
_START = re.compile(r"(?:^|[\s\]])Starting training\.\.\., iters: (?P<iters>\d+)\s*$")
_SAVED = re.compile(
    r"(?:^|[\s\]])(?:(?P<final>Saved final)|Iter \d+: Saved)(?: adapter| model)? weights to (?P<file>\S+?)\.?(?:$|\s)"
)
_RESUMED = "Loading fine-tuned weights from "
_ARGUMENTS = (
    "model",
    "data",
    "optimizer",
    "learning_rate",
    "batch_size",
    "iters",
    "max_seq_length",
    "seed",
    "grad_checkpoint",
    "grad_accumulation_steps",
)
_OF_LORA = ("lora_parameters.rank", "lora_parameters.alpha", "lora_parameters.dropout")
_SCHEDULE = {
    "lr_schedule.name": "lr_schedule",
    "lr_schedule.warmup": "warmup_steps",
    "lr_schedule.arguments.0": "learning_rate",
}


def wants(document: Document) -> bool:
    """Logs of its trainer, and the file of arguments by the keys that every version writes."""
    if document.kind == "json":
        return (
            document.name == "adapter_config.json" and '"peft_type"' not in document.text() and _is_arguments(document)
        )
    return document.kind == "log" and document.mentions("Iter ") and document.mentions(", It/sec ", ", Val took ")


def _is_arguments(document: Document) -> bool:
    return (
        document.mentions('"lora_parameters"') and document.mentions('"iters"') and document.mentions('"adapter_path"')
    )


def read(document: Document) -> Iterator[Stated]:
    """Losses, plan, folder and end of a console; the arguments of a file."""
    yield from _arguments(document) if document.kind == "json" else _console(document)


def _console(document: Document) -> Iterator[Stated]:
    rates: list[Stated] = []
    is_told = False
    for line, text in document.frames():
        if (point := _ITER.search(text)) is not None:
            document.claimed.add(line)
            if not is_told:
                is_told = True
                yield Stated("framework", "other", line, raw=point.group().strip())
            step = float(point["step"])
            split = "train" if point["split"] == "Train" else "val"
            yield Stated(f"{split}_loss", point["loss"], line, "metric", step, raw=point.group().strip())
            if point["rate"]:
                rates.append(Stated("learning_rate", point["rate"], line, raw=f"Learning Rate {point['rate']}"))
                yield rates[-1]._replace(role="metric", step=step)
        elif (start := _START.search(text)) is not None:
            yield from _constant(rates)
            rates.clear()
            document.claimed.add(line)
            yield Stated("training_start", True, line, "mark", raw=text.strip())
            yield Stated("iters", int(start["iters"]), line, raw=text.strip())
        elif (saved := _SAVED.search(text)) is not None:
            document.claimed.add(line)
            folder = saved["file"].rpartition("/")[0]
            if folder:
                yield Stated("output_dir", folder, line, "fact", raw=saved.group().strip())
            if saved["final"]:
                yield Stated("training_end", True, line, "mark", raw=saved.group().strip())
        elif text.strip() == "Loading pretrained model":
            yield from _constant(rates)
            rates.clear()
            yield Stated("launch", True, line, "mark", raw=text.strip())
        elif text.startswith(_RESUMED):
            yield Stated("resume", True, line, "mark", raw=text.strip())
    yield from _constant(rates)


def _constant(rates: list[Stated]) -> Iterator[Stated]:
    """The rate of a training that never changed it."""
    if len(rates) > 1 and len({str(rate.value) for rate in rates}) == 1:
        yield rates[0]


def _arguments(document: Document) -> Iterator[Stated]:
    found = {".".join(map(str, leaf.path)): leaf for leaf in _json.leaves(document.text())}
    if "train" in found and found["train"].value is not True:
        return
    yield Stated("run_folder", document.folder, 1, "fact", origin="reported")
    yield Stated("training_program", "mlx_lm", 1, "fact", origin="reported", raw=document.name)
    yield Stated("framework", "other", 1, origin="reported", raw=document.name)
    kind = found.get("fine_tune_type")
    of_lora = () if kind is not None and kind.value == "full" else _OF_LORA
    has_schedule = "lr_schedule.name" in found
    for key in (*_ARGUMENTS, *of_lora, *_SCHEDULE):
        leaf = found.get(key)
        if leaf is None or leaf.value is None or (has_schedule and key == "learning_rate"):
            continue
        raw = f"{key}: {leaf.value}"
        yield Stated(_SCHEDULE.get(key, key), leaf.value, leaf.line, origin="reported", pointer=leaf.pointer, raw=raw)
    path = found.get("adapter_path")
    if path is not None and isinstance(path.value, str):
        yield Stated("output_dir", path.value, path.line, "fact", origin="reported", pointer=path.pointer)
