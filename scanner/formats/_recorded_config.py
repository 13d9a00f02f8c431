"""A configuration that a tracker recorded (W&B's config, the text that Hugging Face's Trainer sends to TensorBoard).

It is what the program handed over. The Trainer hands over its arguments together with the whole dump of the model's
configuration (`max_length: 20`, `dropout`), whose defaults are not the run's; that dump is known by
`transformers_version` and `architectures`. `max_steps` beside `num_train_epochs` overrides it where it is positive.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scanner.formats._base import Stated
from scanner.formats._json import Leaf

_MODEL_DUMP = frozenset(
    {"max_length", "dropout", "hidden_dropout_prob", "attention_dropout", "embd_pdrop", "seq_length", "model_type"}
    | {"max_position_embeddings", "torch_dtype", "dtype", "architectures", "seq_len", "max_seq_len", "sequence_length"}
    | {"drop_rate", "dropout_rate", "classifier_dropout", "num_labels"}
)
"""Top-level keys that a dump of a model's configuration may hold beside the trainer's arguments."""

_MODEL_NAMES = ("_name_or_path", "name_or_path")
_RATE = re.compile(r"(?:^|[._])(?:lr|learning_?rate)(?:$|_)", re.IGNORECASE)
_PLAN = re.compile(r"epochs?$|steps$|iter(?:ation)?s?$", re.IGNORECASE)
_FACTS = {"output_dir": "output_dir", "run_name": "run_name"}
_NO_CHOICE = frozenset({"_wandb", "wandb_version"})
_NESTED_DUMPS = frozenset({"task_specific_params", "text_config", "vision_config", "encoder", "decoder", "id2label"})
_TRAINER = frozenset({"per_device_train_batch_size", "num_train_epochs", "output_dir"})
_TRL = frozenset({"dataset_text_field", "max_prompt_length", "max_completion_length"})
_NANOGPT = frozenset({"init_from", "decay_lr", "lr_decay_iters", "always_save_checkpoint"})


def stated(leaves: Iterable[Leaf], with_pointer: bool = True) -> Iterator[Stated]:
    """Settings and facts of configuration leaves whose paths begin with the configuration's own keys."""
    kept = [leaf for leaf in leaves if leaf.path and leaf.path[0] not in _NO_CHOICE]
    top = {str(leaf.path[0]) for leaf in kept}
    by_trainer = top >= _TRAINER
    dumps_model = "transformers_version" in top or "architectures" in top
    by_nanogpt = top >= _NANOGPT
    steps = next((leaf.value for leaf in kept if leaf.path == ("max_steps",)), None)
    has_steps = isinstance(steps, int) and steps > 0
    has_lora = any(key.startswith("lora_") for key in top)
    if by_trainer:
        line = next(leaf.line for leaf in kept if leaf.path[0] == "per_device_train_batch_size")
        name = "trl" if top & _TRL else "hf-trainer"
        yield Stated("framework", name, line, origin="reported", raw="per_device_train_batch_size")
        # The Trainer's callback hands its arguments over when training begins.
        yield Stated("training_program", "TrainingArguments", line, "fact", origin="reported")
    elif any(_RATE.search(key) for key in top) and any(_PLAN.search(key) for key in top):
        line = next(leaf.line for leaf in kept if _RATE.search(str(leaf.path[0])))
        yield Stated("training_program", "learning rate and length", line, "fact", origin="reported")
    if by_nanogpt:
        line = next(leaf.line for leaf in kept if leaf.path[0] == "lr_decay_iters")
        yield Stated("framework", "nanogpt", line, origin="reported", raw="lr_decay_iters")
    for leaf in kept:
        key = ".".join(map(str, leaf.path))
        pointer = leaf.pointer if with_pointer else ""
        raw = f"{key}: {leaf.value}"
        if leaf.value is None or leaf.value in ("", "None"):
            continue
        if dumps_model and (key in _MODEL_DUMP or leaf.path[0] in _NESTED_DUMPS):
            continue
        if dumps_model and key in _MODEL_NAMES:
            yield Stated("model_name_or_path", leaf.value, leaf.line, origin="reported", pointer=pointer, raw=raw)
        elif by_trainer and key == "num_train_epochs" and has_steps:
            continue  # a positive max_steps overrides it
        elif by_nanogpt and key == "dtype":  # its autocast's
            yield Stated("mixed_precision", leaf.value, leaf.line, origin="reported", pointer=pointer, raw=raw)
        elif key == "r" and has_lora:
            yield Stated("lora.r", leaf.value, leaf.line, origin="reported", pointer=pointer, raw=raw)
        elif by_trainer and key in _FACTS:
            yield Stated(_FACTS[key], str(leaf.value), leaf.line, "fact", origin="reported", pointer=pointer, raw=raw)
        else:
            yield Stated(key, leaf.value, leaf.line, origin="reported", pointer=pointer, raw=raw)
