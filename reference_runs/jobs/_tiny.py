"""Tiny models with random weights: what is legal for them is legal for large ones of their family."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reference_runs.child import last_line
from reference_runs.jobs._calls import UnknownName

if TYPE_CHECKING:
    import torch

VOCABULARY, LENGTH, SAMPLES = 256, 16, 16

_COMMON: Mapping[str, Any] = {"vocab_size": VOCABULARY, "hidden_size": 64, "max_position_embeddings": 64}
_USUAL: Mapping[str, Any] = {**_COMMON, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128}
_FAMILIES: Mapping[str, Mapping[str, Any]] = {
    "gpt2": {"vocab_size": VOCABULARY, "n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 64},
    "gpt_neo": {**_COMMON, "num_layers": 2, "num_heads": 4, "attention_types": [[["global", "local"], 1]]},
    "gpt_neox": _USUAL,
    "llama": _USUAL,
    "mistral": {**_USUAL, "num_key_value_heads": 2},
    "opt": {**_USUAL, "ffn_dim": 128, "word_embed_proj_dim": 64},
    "phi": _USUAL,
    "qwen2": {**_USUAL, "num_key_value_heads": 2},
}
"""By `model_type`; sizes as each family's configuration class calls them."""
FAMILIES = tuple(_FAMILIES)


def save(family: str, folder: Path) -> Path:
    """Make a tiny model of a family, always the same, and save it as a hub would: config.json and safetensors."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(0)
    config = AutoConfig.for_model(family, **_FAMILIES[family], bos_token_id=0, eos_token_id=0, pad_token_id=0)
    target = folder / family
    AutoModelForCausalLM.from_config(config).save_pretrained(target)
    return target


def samples() -> list[dict[str, torch.Tensor]]:
    """Random tokens, each sample its own label."""
    import torch

    rows = torch.randint(0, VOCABULARY, (SAMPLES, LENGTH), generator=torch.Generator().manual_seed(0))
    return [{"input_ids": row, "labels": row} for row in rows]


def attempt(work: Callable[[], Any], names: Iterable[str]) -> tuple[str, list[str]]:
    """Do it: the error as the last line of its traceback, "" when there is none, and which of the names are deprecated.

    Only warnings that speak of one of the names count: the others are between the libraries.
    """
    error = ""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            work()
        except UnknownName:
            raise
        except Exception as failure:
            error = last_line(failure)
    said = [
        f"{w.category.__name__}: {str(w.message).splitlines()[0]}" for w in caught if "deprecated" in str(w.message)
    ]
    ours = re.compile(rf"(?<![\w])({'|'.join(re.escape(name) for name in names)})(?!\w)")
    return error, list(dict.fromkeys(text for text in said if ours.search(text)))
