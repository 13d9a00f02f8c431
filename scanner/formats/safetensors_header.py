"""The header of a `.safetensors` file: what kohya's trainers of adapters write about the training beside the tensors.

    8 bytes: the header's length; the header as JSON: {"__metadata__": {"ss_learning_rate": "0.0001", "ss_epoch": "10",
    "ss_num_epochs": "10", "ss_optimizer": "bitsandbytes.optim.adamw.AdamW8bit", ...}, "lora.up.weight": {...}, ...}

All values are text. Other writers put only `format` there, which states nothing. Where an adapter lies in a folder of a
program that draws pictures, it was fetched.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator

from scanner.formats._base import NUMBER, Document, Stated, parse_number, to_whole
from scanner.formats._checkpoint_parts import fact, mark, say, shared_place

ID = "safetensors_header"
DESCRIPTION = "Headers of .safetensors files with a training's metadata (kohya's ss_... keys)"
SAMPLE = '{"__metadata__": {"ss_learning_rate": "0.0001", "ss_num_epochs": "10", "ss_optimizer": "AdamW8bit"}}'

MAX_HEADER = 24 * 1024 * 1024
FIRST_READ = 512 * 1024

_FETCHED = re.compile(
    r"(?:^|/)(?:models/lora|models/lycoris|models/loras|embeddings|stable-diffusion-webui\S*|comfyui\S*)(?:/|$)"
)
_KEYS = {
    "ss_network_dim": "lora.lora_r",
    "ss_network_alpha": "lora.lora_alpha",
    "ss_network_dropout": "lora_dropout",
    "ss_max_train_steps": "max_train_steps",
    "ss_num_epochs": "num_epochs",
    "ss_gradient_accumulation_steps": "gradient_accumulation_steps",
    "ss_batch_size_per_device": "batch_size_per_device",
    "ss_lr_warmup_steps": "lr_warmup_steps",
    "ss_lr_scheduler": "lr_scheduler",
    "ss_max_grad_norm": "max_grad_norm",
    "ss_mixed_precision": "mixed_precision",
    "ss_gradient_checkpointing": "gradient_checkpointing",
    "ss_seed": "seed",
    "ss_num_train_images": "num_train_samples",
    "ss_sd_model_name": "base_model",
}
_RATES = ("ss_learning_rate", "ss_unet_lr")
_NOTHING = frozenset({"", "None", "none", "null"})
_DECAY = re.compile(rf"[(,]\s*weight_decay=(?P<value>{NUMBER})(?=[,)])")
_BOTH = re.compile(r"^(?P<name>[\w.]+)(?:\(.*\))?$", re.DOTALL)


def wants(document: Document) -> bool:
    """By ending."""
    return document.kind == "weights" and document.name.endswith(".safetensors") and document.stored is not None


def read(document: Document) -> Iterator[Stated]:
    """What the trainer wrote about itself."""
    metadata = _metadata(document)
    if "ss_learning_rate" not in metadata or _FETCHED.search(document.folder.lower()):
        return
    yield from shared_place(document)
    yield say("framework", "other", "__metadata__")
    rate = next((key for key in _RATES if (parse_number(metadata.get(key, "")) or 0) > 0), None)
    if rate is not None:
        yield say("learning_rate", metadata[rate], f"__metadata__/{rate}")
    optimizer = _BOTH.match(metadata.get("ss_optimizer", ""))
    if optimizer is not None and optimizer["name"] not in _NOTHING:
        yield say("optimizer", optimizer["name"].rpartition(".")[2], "__metadata__/ss_optimizer")
    decay = _DECAY.search(metadata.get("ss_optimizer", ""))
    if decay is not None:
        yield say("weight_decay", decay["value"], "__metadata__/ss_optimizer")
    for key, says in _KEYS.items():
        value = metadata.get(key, "")
        if value in _NOTHING or (key == "ss_mixed_precision" and value == "no"):
            continue
        yield say(says, value, f"__metadata__/{key}")
    for key, says in (("ss_training_started_at", "started_at"), ("ss_training_finished_at", "ended_at")):
        moment = parse_number(metadata.get(key, ""))
        if moment:
            yield fact(says, moment, f"__metadata__/{key}")
    name = metadata.get("ss_output_name", "")
    if name not in _NOTHING:
        yield fact("run_name", name, "__metadata__/ss_output_name")
    yield from _progress(metadata)


def _progress(metadata: dict[str, str]) -> Iterator[Stated]:
    steps, epoch = (parse_number(metadata.get(key, "")) for key in ("ss_steps", "ss_epoch"))
    if steps or epoch:
        yield mark("optimizer_state", to_whole(steps or epoch or 0), "__metadata__/ss_steps")
    if steps:
        yield Stated("global_step", to_whole(steps), 0, "metric", steps, epoch, "reported", "__metadata__/ss_steps")
    elif epoch:
        yield Stated("epoch", epoch, 0, "metric", None, epoch, "reported", "__metadata__/ss_epoch")


def _metadata(document: Document) -> dict[str, str]:
    """The header's metadata; empty when there is none. Raises ValueError when the file is no such one."""
    stored = document.stored
    head = stored.at(0, 8) if stored is not None else b""
    if stored is None or len(head) < 8:
        raise ValueError("no header")
    length = struct.unpack("<Q", head)[0]
    start = stored.at(8, min(length, FIRST_READ))
    if not start.lstrip().startswith(b"{") or length > stored.size - 8:
        raise ValueError("no header")
    if b'"ss_' not in start or length > MAX_HEADER:  # `__metadata__` is written first
        return {}
    header = json.loads(start if length <= FIRST_READ else stored.at(8, length))
    found = header.get("__metadata__") if isinstance(header, dict) else None
    return {k: v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}
