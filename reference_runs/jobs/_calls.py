"""Documented calls, made: only names in the two tables below can be called or meant; anything else is `UnknownName`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


class UnknownName(Exception):
    """A name that this replay does not know: the document's code is left alone."""


_FUNCTIONS = (
    "transformers.BitsAndBytesConfig",
    "transformers.AutoModelForCausalLM.from_pretrained",
    "transformers.get_constant_schedule",
    "transformers.get_constant_schedule_with_warmup",
    "transformers.get_cosine_schedule_with_warmup",
    "transformers.get_linear_schedule_with_warmup",
    "peft.LoraConfig",
    "peft.get_peft_model",
    "peft.prepare_model_for_kbit_training",
    "torch.cuda.amp.autocast",
    "torch.amp.autocast",
    "torch.autocast",
)
"""What documents call, each by where it lives; its last part alone is how it is usually written."""
_METHODS = (
    "model.gradient_checkpointing_enable",
    "model.gradient_checkpointing_disable",
    "model.enable_input_require_grads",
)
_DTYPES = ("bfloat16", "float16", "float32")


def function(name: str, at_hand: Mapping[str, Any]) -> Callable[..., Any]:
    """What a documented name calls. Raises UnknownName; an AttributeError or ImportError says that it is gone."""
    if name in _METHODS:
        owner, method = name.split(".")
        found: Callable[..., Any] = getattr(at_hand[owner], method)
        return found
    for known in _FUNCTIONS:
        if known == name or known.split(".", 1)[1] == name or known.rpartition(".")[2] == name:
            return _imported(known)
    raise UnknownName(name)


def _imported(dotted: str) -> Callable[..., Any]:
    from importlib import import_module

    parts = dotted.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            found: Any = import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            found = getattr(found, part)
        return found
    raise ImportError(f"no module named {parts[0]!r}")


def resolve(value: Any, at_hand: Mapping[str, Any]) -> Any:
    """A value of a job's settings (`literals.as_json`) as the object it stands for."""
    if isinstance(value, list):
        return [resolve(item, at_hand) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "map" in value:
        return {key: resolve(item, at_hand) for key, item in value["map"].items()}
    if "call" in value:
        return call(value, at_hand)
    name = str(value["name"])
    if name in at_hand:
        return at_hand[name]
    if name.removeprefix("torch.") in _DTYPES:
        import torch

        return getattr(torch, name.removeprefix("torch."))
    raise UnknownName(name)


def call(written: Mapping[str, Any], at_hand: Mapping[str, Any]) -> Any:
    """Make a documented call; a model is always loaded from the folder at hand, whatever its name was."""
    callee = function(written["call"], at_hand)
    positional = [resolve(item, at_hand) for item in written["positional"]]
    named = {key: resolve(item, at_hand) for key, item in written["named"].items()}
    if written["call"].endswith("from_pretrained"):
        positional[:1] = [at_hand["folder"]]
        named.pop("pretrained_model_name_or_path", None)
    return callee(*positional, **named)
