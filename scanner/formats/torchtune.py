"""torchtune: the console of a recipe, and the file that its DiskLogger writes.

    INFO:torchtune.utils._logging:Running LoRAFinetuneRecipeSingleDevice with resolved config:

    batch_size: 2
    model:
      _component_: torchtune.models.llama3_2.lora_llama3_2_1b
    ...
    1|25|Loss: 2.3000783920288086:   1%|          | 25/1617 [01:02<1:02:11,  2.34s/it]

    Step 1 | loss:2.3000783920288086 lr:2.9e-06 tokens_per_second_per_gpu:812.1 ...      (logs/log_1735725600.txt)

A bar counts the steps of its epoch, its text the epoch (from 1) and all steps. `batch_size` is per device. Recipes that
evaluate, generate or quantize print their configuration in the same way and train nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats import _yaml
from scanner.formats._base import LOOSE_NUMBER, Document, Stated

ID = "torchtune"
DESCRIPTION = "Console of torchtune's recipes, and its DiskLogger's file"
SAMPLE = """INFO:torchtune.utils._logging:Running LoRAFinetuneRecipeSingleDevice with resolved config:
1|25|Loss: 2.3000783920288086:   1%|          | 25/1617 [01:02<1:02:11,  2.34s/it]"""

_RUNNING = re.compile(r"\bRunning (?P<recipe>\w*(?:Finetune|DPO|PPO|GRPO|KD|QAT)\w*) with resolved config:")
_BAR = re.compile(
    rf"^\s*(?P<epoch>\d+)\|(?P<step>\d+)\|Loss: (?P<loss>{LOOSE_NUMBER}):\s+\d+%\|.*?\| (?P<n>\d+)/(?P<of>\d+) \["
)
_LOGS = re.compile(r"^Writing logs to (?P<folder>.+)/[^/]+$")
_ROW = re.compile(r"^Step (?P<step>\d+) \| (?P<rest>\S+:.*)$")
_PAIR = re.compile(rf"(?:^| )(?P<key>[\w/]+):(?P<value>{LOOSE_NUMBER})(?= |$)")
_AFTER = re.compile(r"^(?:[A-Z]+:|Writing logs|Traceback|\[|wandb|\s*\d+%)")
_SETTINGS = {
    "batch_size": "batch_size_per_device",
    "epochs": "epochs",
    "gradient_accumulation_steps": "gradient_accumulation_steps",
    "seed": "seed",
    "dtype": "precision",
    "device": "device",
    "enable_activation_checkpointing": "activation_checkpointing",
    "clip_grad_norm": "clip_grad_norm",
    "checkpointer.checkpoint_dir": "model_name_or_path",
    "dataset.source": "dataset_name",
    "tokenizer.max_seq_len": "max_seq_len",
    "optimizer.lr": "lr",
    "optimizer.weight_decay": "weight_decay",
    "lr_scheduler.num_warmup_steps": "num_warmup_steps",
    "model.lora_rank": "lora_rank",
    "model.lora_alpha": "lora_alpha",
    "model.lora_dropout": "lora_dropout",
}
_COMPONENTS = {
    "optimizer._component_": "optimizer",
    "lr_scheduler._component_": "lr_scheduler",
    "model._component_": "arch",
    "dataset._component_": "data_name",
}


def wants(document: Document) -> bool:
    """Logs of a recipe, or of the metrics that it writes."""
    if document.kind != "log":
        return False
    if document.mentions("torchtune") and document.mentions("with resolved config:", "|Loss: "):
        return True
    return document.name.startswith("log_") and _ROW.match(document.head(1)) is not None and _is_its(document.head(1))


def _is_its(text: str) -> bool:
    return "tokens_per_second" in text or "peak_memory_active:" in text


def read(document: Document) -> Iterator[Stated]:
    """Settings and losses of a console; metrics of a file."""
    is_named = False
    inside = 0
    for line, text in document.frames():
        if line <= inside:
            continue
        if "with resolved config:" in text and (running := _RUNNING.search(text)):
            is_named = True
            yield Stated("launch", True, line, "mark", raw=text.strip())
            yield Stated("framework", "torchtune", line, raw=running.group())
            inside = _end_of_config(document, line)
            yield from _settings(document, line, inside)
        elif "|Loss: " in text and (bar := _BAR.match(text)):
            document.claimed.add(line)
            if not is_named:
                is_named = True
                yield Stated("framework", "torchtune", line, raw=text.strip()[:120])
            yield Stated("train_loss", bar["loss"], line, "metric", float(bar["step"]), raw=text.strip()[:120])
            if bar["n"] == bar["of"]:
                yield Stated("epoch_end", int(bar["epoch"]), line, "mark", raw=text.strip()[:120])
        elif text.startswith("Step ") and (row := _ROW.match(text)):
            document.claimed.add(line)
            if not is_named and _is_its(text):
                is_named = True
                yield Stated("framework", "torchtune", line, raw=text.strip()[:120])
                if document.name.startswith("log_"):
                    yield Stated("run_folder", document.folder, line, "fact")
                    yield Stated("run_key", document.name, line, "fact")
            for pair in _PAIR.finditer(row["rest"]):
                if pair["key"] in ("loss", "lr", "grad_norm") or pair["key"].startswith("val_"):
                    raw = pair.group().strip()
                    yield Stated(pair["key"], pair["value"], line, "metric", float(row["step"]), raw=raw)
        elif text.startswith("Writing logs to ") and (logs := _LOGS.match(text.strip())):
            yield Stated("output_dir", logs["folder"], line, "fact", raw=text.strip())
        elif is_named and "it/s" in text and "/" in text:
            document.claimed.add(line)  # the bar before its first loss: an epoch's steps are no plan


def _end_of_config(document: Document, line: int) -> int:
    """The last line of the YAML text below a line."""
    last = line
    while last < len(document.lines) and last - line < 400 and not _AFTER.match(document.lines[last]):
        last += 1
    return last


def _settings(document: Document, first: int, last: int) -> Iterator[Stated]:
    document.claimed.update(range(first + 1, last + 1))
    try:
        leaves = list(_yaml.leaves("\n".join(document.lines[first:last])))
    except ValueError:
        return  # cut off, or broken by another process's line
    for leaf in leaves:
        path, line = ".".join(map(str, leaf.path)), leaf.line + first
        if leaf.value in (None, "", "null"):
            continue
        raw = f"{path}: {leaf.value}"
        if path == "output_dir" or path == "checkpointer.output_dir":
            yield Stated("output_dir", str(leaf.value), line, "fact", raw=raw)
        elif path in _SETTINGS:
            yield Stated(_SETTINGS[path], leaf.value, line, raw=raw)
        elif path in _COMPONENTS:
            name = str(leaf.value).rpartition(".")[2]
            yield Stated(_COMPONENTS[path], name, line, raw=raw)
            if path == "model._component_" and name.startswith("qlora_"):
                yield Stated("load_in_4bit", True, line, raw=raw)
