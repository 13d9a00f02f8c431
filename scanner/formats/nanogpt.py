"""Console of nanoGPT and its many copies: what it prints of its configuration, and which program it is.

    Overriding config with config/train_shakespeare_char.py:
    learning_rate = 1e-3 # with baby networks can afford to go a bit higher
    max_iters = 5000
    Overriding: batch_size = 32
    tokens per iteration will be: 8,192
    using fused AdamW: True
    step 0: train loss 4.2874, val loss 4.2823
    iter 0: loss 4.2654, time 23456.12ms, mfu -100.00%
    saving checkpoint to out-shakespeare-char

The configuration file is printed as it stands, with its comments; what the command line overrides follows and holds.
Losses are those of any hand-written loop and left to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import NUMBER, Document, Stated

ID = "nanogpt"
DESCRIPTION = "Console of nanoGPT: overridden configuration, optimizer, checkpoints"
SAMPLE = """Overriding config with config/train_shakespeare_char.py:
learning_rate = 1e-3 # with baby networks can afford to go a bit higher
Overriding: batch_size = 32
iter 0: loss 4.2654, time 23456.12ms, mfu -100.00%"""

_FILE = re.compile(r"^Overriding config with (?P<file>\S.{0,200}?):?\s*$")
_OVERRIDE = re.compile(r"^Overriding: (?P<pair>\w+ = .{1,200})$")
_PAIR = re.compile(
    rf"^(?P<key>[a-z]\w*)\s*=\s*(?P<value>{NUMBER}|True|False|'[^'\n]*'|\"[^\"\n]*\"|[\w./-]+)\s*(?:#.*)?$"
)
_ITER = re.compile(rf"^iter \d+: loss {NUMBER}.{{0,40}}?, time {NUMBER}ms, mfu ")
_KEYS = {
    "learning_rate": "learning_rate",
    "max_iters": "max_iters",
    "batch_size": "batch_size",
    "gradient_accumulation_steps": "gradient_accumulation_steps",
    "block_size": "block_size",
    "weight_decay": "weight_decay",
    "grad_clip": "grad_clip",
    "warmup_iters": "warmup_iters",
    "dropout": "dropout",
    "dataset": "dataset",
    "device": "device",
    "dtype": "mixed_precision",
    "seed": "seed",
}
"""What train.py trains with -> key; `dtype` is that of its autocast."""
_FACTS = {"out_dir": "output_dir", "wandb_run_name": "run_name"}
MAX_CONFIG = 200
"""Lines that a configuration file may have."""


def wants(document: Document) -> bool:
    """Logs in which its configurator or its loop speaks."""
    return document.kind == "log" and document.mentions(
        "Overriding config with ", "tokens per iteration will be: ", "ms, mfu "
    )


def read(document: Document) -> Iterator[Stated]:
    """The configuration in force, the optimizer, the folder of the checkpoints."""
    settings: dict[str, Stated] = {}
    inside = 0
    is_told, is_new = False, True
    for line, text in enumerate(document.lines, 1):
        file, override = _FILE.match(text), _OVERRIDE.match(text)
        if (file or override or text.startswith("tokens per iteration will be: ")) and is_new:
            is_new = False
            yield Stated("launch", True, line, "mark", raw=text)
        if file:
            document.claimed.add(line)
            inside = line + MAX_CONFIG
            yield Stated("config_file", file["file"], line, "fact", raw=text)
        elif override or (line <= inside and _PAIR.match(text)):
            document.claimed.add(line)
            inside = 0 if override else inside
            pair = _PAIR.match(override["pair"] if override else text)
            if pair:
                settings[pair["key"]] = Stated(pair["key"], pair["value"].strip("'\""), line, raw=text.strip())
        elif text.startswith(
            ("tokens per iteration will be: ", "found vocab_size = ", "Initializing ", "number of param")
        ):
            inside = 0
            yield from _in_force(settings)
            if text.startswith("Initializing from OpenAI GPT-2 weights: "):
                yield Stated("model_name", text.rpartition(": ")[2].strip(), line, raw=text)
        elif text.startswith("Resuming training from "):
            yield Stated("resume", True, line, "mark", raw=text)
        elif text.startswith("using fused AdamW: "):
            yield Stated("optimizer", "AdamW", line, raw=text)
        elif text.startswith("saving checkpoint to "):
            yield Stated("output_dir", text.removeprefix("saving checkpoint to ").strip(), line, "fact", raw=text)
        elif _ITER.match(text):
            is_new = True
            if not is_told:
                is_told = True
                yield Stated("framework", "nanogpt", line, raw=text)
    yield from _in_force(settings)


def _in_force(settings: dict[str, Stated]) -> Iterator[Stated]:
    """Each setting as it was printed last."""
    for key, stated in settings.items():
        if key in _FACTS:
            yield stated._replace(key=_FACTS[key], role="fact")
        elif key in _KEYS and stated.value not in ("", "None"):
            yield stated._replace(key=_KEYS[key])
    settings.clear()
