"""Models of real shapes with random weights, as `memory/models.toml` names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reference_runs.memory.models import NamedModel, get_model

_LAYERS = {"gpt2": "n_layer", "gpt_neo": "num_layers"}


def config(name: str, layers: int | None = None, **changes: Any) -> Any:
    """The configuration of a named model, with another number of layers where one is given."""
    from transformers import CONFIG_MAPPING

    named = get_model(name)
    arguments: dict[str, Any] = {**named.arguments, **changes}
    if layers is not None:
        arguments[_LAYERS.get(named.family.model_type, "num_hidden_layers")] = layers
        if named.family.model_type == "gpt_neo":
            if layers % 2:
                raise ValueError("GPT-Neo's layers come in pairs, one global and one local")
            arguments["attention_types"] = [[["global", "local"], layers // 2]]
    return CONFIG_MAPPING[named.family.model_type].from_dict(arguments)


def n_layers(name: str) -> int:
    """Layers of a named model."""
    return int(config(name).num_hidden_layers)


def model(name: str, device: str, layers: int | None = None, **changes: Any) -> Any:
    """The language model with random weights; on "meta" it takes no memory."""
    import torch
    import transformers

    named: NamedModel = get_model(name)
    model_class = getattr(transformers, named.family.language_model)
    torch.manual_seed(0)
    with torch.device(device):
        return model_class(config(name, layers, **changes))


def tokens(settings: Mapping[str, Any], vocabulary: int, device: str) -> Any:
    """A batch of random tokens, batch_size x sequence_length."""
    import torch

    size = (settings["batch_size"], settings["sequence_length"])
    return torch.randint(0, vocabulary, size, generator=torch.Generator().manual_seed(0)).to(device)
