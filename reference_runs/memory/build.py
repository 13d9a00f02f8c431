"""From a shape to a model of fake tensors, in training mode and with what it needs of adapters. Runs in the child."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import transformers

from reference_runs.memory.adapters import add_adapters, quantize
from reference_runs.memory.models import NamedModel, get_model
from reference_runs.memory.shape import TrainingShape
from scanner.errors import ReplayError

_TYPES = {"fp16": torch.float16, "bf16": torch.bfloat16}


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """What is to be built."""

    config: Any
    model_class: Any
    lora_targets: tuple[str, ...]
    vocabulary: int


def compute_type(shape: TrainingShape) -> torch.dtype | None:
    """The 16-bit type in which the step multiplies, None for fp32."""
    return _TYPES.get(shape.precision.removesuffix("_true"))


def plan(shape: TrainingShape) -> ModelPlan:
    """The configuration and class of the shape's model; an error when the model is not known or cannot do it."""
    named = get_model(shape.model)
    family = named.family
    class_name = family.classification if shape.head == "classification" else family.language_model
    if not class_name:
        raise ReplayError(f"model {shape.model}: no classification head is known for {family.model_type}")
    config = _config(named)
    if hasattr(config, "use_cache"):
        config.use_cache = False  # of no use in training, as trainers know
    limit = getattr(config, family.positions) if family.positions else None
    if limit is not None and shape.sequence_length > limit:
        raise ReplayError(f"sequence_length {shape.sequence_length}: {shape.model} knows {limit} positions")
    if config.is_encoder_decoder:
        config.decoder_start_token_id = 0  # stands in no configuration class, only in published configurations
    if shape.head == "classification" and getattr(config, "pad_token_id", None) is None:
        config.pad_token_id = 0  # classifiers over a decoder look for the last token that is not padding
    targets = shape.lora_targets or family.lora_targets
    return ModelPlan(config, getattr(transformers, class_name), targets, config.vocab_size)


def build(chosen: ModelPlan, shape: TrainingShape) -> Any:
    """The model, under the fake mode of the caller."""
    pure = shape.precision.endswith("_true")
    dtype = compute_type(shape) if pure else torch.float32
    # Architectures say themselves whether they know sdpa; asked for it in vain, transformers would refuse.
    attention = shape.attention if shape.attention == "eager" or chosen.model_class._supports_sdpa else "eager"
    model = chosen.model_class._from_config(chosen.config, dtype=dtype, attn_implementation=attention)
    if shape.quantization:
        quantize(model, shape.quantization, compute_type(shape))
    if shape.lora_r is not None:
        add_adapters(model, shape.lora_r, chosen.lora_targets)
    model.train()
    if shape.gradient_checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    return model


def _config(named: NamedModel) -> Any:
    config_class = transformers.CONFIG_MAPPING[named.family.model_type]
    return config_class.from_dict(dict(named.arguments))
