"""`adapter_config.json`: the adapter that PEFT saved with a checkpoint or a finished training.

    out/checkpoint-500/adapter_config.json    {"base_model_name_or_path": "gpt2", "peft_type": "LORA", "r": 8,
                                               "lora_alpha": 32, "lora_dropout": 0.1, ...}

It tells the model and the adapter's size to the execution whose folder it lies in. Alone it is no evidence that
anything was trained here: adapters are downloaded as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from scanner.formats import _json
from scanner.formats._base import Document, Stated
from scanner.formats._hf_folder import run_folder

ID = "peft_adapter"
DESCRIPTION = "adapter_config.json of PEFT adapters in checkpoints and output folders"
SAMPLE = '{"base_model_name_or_path": "gpt2", "peft_type": "LORA", "r": 8, "lora_alpha": 32, "lora_dropout": 0.1}'

_OF_LORA = ("r", "lora_alpha", "lora_dropout")


def wants(document: Document) -> bool:
    """By name and the key that every version writes."""
    return document.kind == "json" and document.name == "adapter_config.json" and document.mentions('"peft_type"')


def read(document: Document) -> Iterator[Stated]:
    """The folder, the base model, and the adapter's size."""
    leaves = {str(leaf.path[0]): leaf for leaf in _json.leaves(document.text()) if len(leaf.path) == 1}
    kind = leaves.get("peft_type")
    yield Stated("run_folder", run_folder(document.folder), 1, "fact", origin="reported")
    keys = _OF_LORA if kind is not None and str(kind.value).upper() == "LORA" else ()
    for key in ("base_model_name_or_path", *keys):
        leaf = leaves.get(key)
        if leaf is not None and leaf.value is not None:
            name = key if key == "base_model_name_or_path" else f"peft.{key}"
            raw = f'"{key}": {leaf.value}'
            yield Stated(name, leaf.value, leaf.line, origin="reported", pointer=leaf.pointer, raw=raw)
