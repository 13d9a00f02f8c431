"""Bytes that quantized weights take, measured on one layer (GPT-Neo: two) of a real shape with random weights.

Settings: `model` (a name of models.toml), `quantization` ("int8" or "nf4").
Result: `bytes_per_weight` of the quantized linear layers, scales and all; `n_linear` and `n_parameters` of the whole
model; `whole_bytes`, the whole model with its other weights in fp16; `footprint_bytes` of what was measured.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reference_runs.jobs import _shapes

_FP16 = 2
_SMALL_VOCABULARY = 256
"""Embeddings stay as they are: they are counted, not made."""


def config(kind: str) -> Any:
    """The quantization as the document writes it."""
    import torch
    from transformers import BitsAndBytesConfig

    if kind == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=torch.bfloat16,
        bnb_4bit_use_double_quant=True,
    )


def run(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Quantize for real, then scale up to the whole shape."""
    import torch

    name = settings["model"]
    layers = 2 if _shapes.config(name).model_type == "gpt_neo" else 1
    model = _shapes.model(name, "cpu", layers, vocab_size=_SMALL_VOCABULARY).to(torch.float16)
    model.save_pretrained(folder / "model")
    quantized = type(model).from_pretrained(
        folder / "model", quantization_config=config(settings["quantization"]), dtype=torch.float16
    )
    n_weights = sum(weights for _, weights in linear_layers(model))
    n_bytes = sum(_held(quantized.get_submodule(layer)) for layer, _ in linear_layers(model))
    shutil.rmtree(folder / "model")
    whole = _shapes.model(name, "meta")
    n_linear, n_parameters = sum(weights for _, weights in linear_layers(whole)), whole.num_parameters()
    return {
        "bytes_per_weight": n_bytes / n_weights,
        "n_linear": n_linear,
        "n_parameters": n_parameters,
        "whole_bytes": n_bytes / n_weights * n_linear + (n_parameters - n_linear) * _FP16,
        "footprint_bytes": quantized.get_memory_footprint(),
    }


def linear_layers(model: Any) -> Iterator[tuple[str, int]]:
    """The linear layers that bitsandbytes quantizes, with their number of weights: all but the head."""
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    head = model.get_output_embeddings()
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear | Conv1D) and module is not head:
            yield name, module.weight.numel()


def _held(layer: Any) -> int:
    """Bytes of a quantized layer's weight with its scales, each tensor once; without its bias."""
    import torch

    seen: dict[int, int] = {}
    pending: list[Any] = [layer.weight, getattr(layer.weight, "quant_state", None)]
    pending += [getattr(layer.weight, name, None) for name in ("CB", "SCB")]
    pending += [getattr(getattr(layer, "state", None), name, None) for name in ("CB", "SCB")]
    while pending:
        one = pending.pop()
        if isinstance(one, torch.Tensor):
            seen[one.data_ptr()] = one.numel() * one.element_size()
        elif one is not None:
            pending += [getattr(one, name, None) for name in ("absmax", "code", "offset", "state2")]
    return sum(seen.values())
