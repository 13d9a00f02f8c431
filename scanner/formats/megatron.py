"""The console of Megatron-LM and what descends from it: Megatron-DeepSpeed, GPT-NeoX, SwissArmyTransformer (GLM).

    using world size: 8, data-parallel size: 2, tensor-model-parallel size: 4, pipeline-model-parallel size: 1
    ------------------------ arguments ------------------------
      lr .............................................. 0.00015
      lr .............................. 0.0006......................updated          (GPT-NeoX)
    -------------------- end of arguments ---------------------
    setting number of micro-batches to constant 4
    [before the start of training step] datetime: 2024-01-01 10:00:00
     [2024-01-01 10:00:05] iteration      100/    1000 | consumed samples:         6400 | elapsed time per iteration
     (ms): 430.2 | learning rate: 1.500000E-04 | global batch size:    64 | lm loss: 7.1E+00 | loss scale: 1.0 | ...
     validation loss at iteration 1000 | lm loss value: 2.100000E+00 | lm loss PPL: 8.166170E+00 |
    [after training is done] datetime: 2024-01-01 11:00:00

Launchers put a rank before each line. The table of arguments holds every argument as it was resolved; the rate on an
iteration is momentary, the batch size there is the global one. Of several losses (BERT's `lm loss` and `sop loss`)
none is the total. `train_samples` is a plan in samples, not the size of a data set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import LOOSE_NUMBER, Document, Stated
from scanner.formats._plans import Plans

ID = "megatron"
DESCRIPTION = "Console of Megatron-LM, Megatron-DeepSpeed and GPT-NeoX"
SAMPLE = (
    """ iteration      100/    1000 | consumed samples:         6400 | elapsed time per iteration (ms): 430.2 |"""
    """ learning rate: 1.500E-04 | global batch size:    64 | lm loss: 7.100000E+00 | loss scale: 1.0 |"""
)

_ITERATION = re.compile(r"\biteration\s+(?P<step>\d+)/\s*(?P<total>\d+|infinity)\s*\|(?P<rest>.*)$")
_ITEM = re.compile(rf"^\s*(?P<key>[A-Za-z][\w /.-]{{0,50}}?):?\s+(?P<value>{LOOSE_NUMBER})\s*$")
_EVALUATED = re.compile(
    r"\b(?P<split>validation|test) (?:loss|results) at (?P<where>[^|]{1,80}?)\s*\|(?P<rest>.*)$", re.IGNORECASE
)
_AT = re.compile(r"\biteration\s+(?P<step>\d+)")
_ARGUMENT = re.compile(
    r"(?:^|[\]:>] ?)\s*(?P<key>[a-z]\w{0,60}) \.{2,} ?(?P<value>.*?)(?:\.{2,}(?:updated|default))?\s*$"
)
_WORLD = re.compile(r"\busing world size: (?P<n>\d+)\b")
_MICRO = re.compile(r"\bsetting number of micro-?batches to constant (?P<n>\d+)\b")
_LOADED = re.compile(r"\bsuccessfully loaded checkpoint from .{1,300}? at iteration\s+(?P<step>\d+)")
_SIDE_LOSS = re.compile(r"(?:mtp|moe|load|aux|seq|z|global)[\w -]*[ _]loss$")
"""Terms beside the language model's loss: routers' balance, further tokens."""
_SETTINGS = {
    "lr": "lr",
    "optimizer": "optimizer",
    "optimizer_type": "optimizer_type",
    "lr_decay_style": "lr_decay_style",
    "lr_warmup_iters": "lr_warmup_iters",
    "lr_warmup_fraction": "lr_warmup_fraction",
    "warmup": "warmup_ratio",
    "weight_decay": "weight_decay",
    "clip_grad": "clip_grad",
    "gradient_clipping": "gradient_clipping",
    "hidden_dropout": "dropout",
    "seed": "seed",
    "micro_batch_size": "micro_batch_size",
    "batch_size": "batch_size",
    "train_micro_batch_size_per_gpu": "train_micro_batch_size_per_gpu",
    "gradient_accumulation_steps": "gradient_accumulation_steps",
    "world_size": "world_size",
    "global_num_gpus": "num_gpus",
    "train_iters": "train_iters",
    "seq_length": "seq_length",
    "fp16": "fp16",
    "bf16": "bf16",
    "precision": "precision",
    "checkpoint_activations": "activation_checkpointing",
    "recompute_granularity": "activation_checkpointing",
    "data_path": "data_path",
    "epochs": "epochs",
}
"""Arguments that state a field -> key; `train_batch_size` and `global_batch_size` are global and state none."""
MAX_ARGUMENT = 1000
_OFF_AT_ZERO = frozenset({"lr_warmup_iters", "warmup", "lr_warmup_fraction", "epochs", "clip_grad"})


def wants(document: Document) -> bool:
    """Logs with its iteration lines, or with its table of arguments."""
    if document.kind != "log":
        return False
    if document.mentions("elapsed time per iteration (ms):"):
        return True
    return document.mentions("- arguments -") and document.mentions("_parallel_size ..")


def read(document: Document) -> Iterator[Stated]:
    """Arguments, iterations, evaluations, and the beginning and end of each training."""
    plans = Plans()
    in_table = is_named = has_iterated = is_launched = False
    for line, text in document.frames():
        if "iteration" in text and (point := _ITERATION.search(text)) and "elapsed time per iteration" in text:
            document.claimed.add(line)
            has_iterated = True
            if not is_named:
                is_named = True
                yield Stated("framework", "megatron", line, raw=text.strip())
            if point["total"].isdigit():
                yield from plans.see("plan_steps", float(point["step"]), float(point["total"]), line, text)
            yield from _points(point["rest"], line, float(point["step"]))
        elif " at " in text and (found := _EVALUATED.search(text)):
            document.claimed.add(line)
            yield from _evaluated(found, line)
        elif "- arguments -" in text:
            in_table = True
            document.claimed.add(line)
        elif in_table and "- end of arguments -" in text:
            in_table = False
            document.claimed.add(line)
            if not is_named:
                is_named = True
                yield Stated("framework", "megatron", line, raw=text.strip())
        elif in_table and " .." in text[:200] and (argument := _ARGUMENT.search(text[:MAX_ARGUMENT])):
            document.claimed.add(line)
            yield from _argument(argument["key"], argument["value"].strip(), line)
        elif "world size" in text and (found := _WORLD.search(text)):
            if has_iterated and is_launched:
                yield Stated("launch", True, line, "mark", raw=text.strip())
                is_named = has_iterated = False
            is_launched = True
            document.claimed.add(line)
            yield Stated("world_size", found["n"], line, raw=text.strip())
        elif "micro" in text and (found := _MICRO.search(text)):
            document.claimed.add(line)
            yield Stated("gradient_accumulation_steps", found["n"], line, raw=text.strip())
        elif "[before the start of training step] datetime" in text:
            yield Stated("training_start", True, line, "mark", raw=text.strip())
        elif "[after training is done] datetime" in text:
            if has_iterated:
                yield Stated("training_end", True, line, "mark", raw=text.strip())
        elif "successfully loaded" in text and (found := _LOADED.search(text)) and int(found["step"]):
            yield Stated("resume", True, line, "mark", raw=text.strip())


def _points(rest: str, line: int, step: float) -> Iterator[Stated]:
    items = [item for part in rest.split("|") if (item := _ITEM.match(part))]
    losses = [item["key"] for item in items if re.search(r"(?:^|[ _])loss$", item["key"])]
    parts = [key for key in losses if _SIDE_LOSS.match(key) is None]
    total = next((key for key in parts if key in ("total loss", "loss")), parts[0] if len(parts) == 1 else None)
    for item in items:
        key = item["key"]
        if key in (total, "learning rate", "grad norm"):
            yield Stated(key, item["value"], line, "metric", step, raw=item.group().strip())


def _evaluated(found: re.Match[str], line: int) -> Iterator[Stated]:
    """The losses of an evaluation; the last one, at the end of training, names no iteration."""
    where = found["where"]
    split = "test" if found["split"].lower() == "test" or re.search(r"\btest (?:data|set)\b", where) else "val"
    at = _AT.search(where)
    step = float(at["step"]) if at else None
    for part in found["rest"].split("|"):
        item = _ITEM.match(part)
        if item is None:
            continue
        key = item["key"].lower().removesuffix(" value")
        if key.endswith(("ppl", "perplexity")):
            yield Stated(f"{split} ppl", item["value"], line, "metric", step, raw=item.group().strip())
        elif key.replace("_", " ") in ("lm loss", "loss", "total loss"):
            yield Stated(f"{split} loss", item["value"], line, "metric", step, raw=item.group().strip())


def _argument(key: str, value: str, line: int) -> Iterator[Stated]:
    raw = f"{key} = {value}"
    if value in ("", "None") or (key in _OFF_AT_ZERO and value in ("0", "0.0")):
        return
    if key == "save":
        yield Stated("output_dir", value, line, "fact", raw=raw)
    elif key == "data_path":
        paths = re.findall(r"[^\s\[\],'\"]+", value)
        if len(paths) == 1:
            yield Stated("data_path", paths[0], line, raw=raw)
    elif key == "recompute_granularity":
        yield Stated(_SETTINGS[key], True, line, raw=raw)
    elif key in _SETTINGS:
        yield Stated(_SETTINGS[key], value, line, raw=raw)
