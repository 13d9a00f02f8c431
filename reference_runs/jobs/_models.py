"""The model and the optimizer of a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reference_runs import base
from reference_runs.recipe import Optimizer, Recipe

TRAINER_NAMES: dict[Optimizer, str] = {
    "adamw": "adamw_torch",
    "adam": "adamw_torch",
    "adam_l2": "adamw_torch",
    "sgd": "sgd",
    "sgd_momentum": "sgd",
    "adamw_8bit": "adamw_bnb_8bit",
}
"""`optim` of the Trainer; it knows no Adam, and no momentum in older versions: those are handed to it ready."""
MOMENTUM = 0.9
HEAD_WIDTH = 32


def load(recipe: Recipe) -> Any:
    """The model a recipe starts from, with its adapter, in its precision."""
    import torch
    from transformers import GPT2LMHeadModel

    dtype = {"pure_fp16": torch.float16, "pure_bf16": torch.bfloat16}.get(recipe.precision, torch.float32)
    if recipe.width:
        return _untrained(recipe).to(dtype)
    if recipe.quantization:
        model = GPT2LMHeadModel.from_pretrained(
            base.folder(recipe.base), dtype=dtype, quantization_config=_quantization(recipe)
        )
    else:
        model = _plain(base.folder(recipe.base)).to(dtype)
    return _with_adapter(model, recipe) if recipe.lora_r else model


def optimizer(recipe: Recipe, model: Any) -> Any:
    """The optimizer where the Trainer cannot make it from its arguments, else None."""
    import torch

    trained = [each for each in model.parameters() if each.requires_grad]
    made: Any = None
    if recipe.optimizer in ("adam", "adam_l2"):
        decay = recipe.weight_decay if recipe.optimizer == "adam_l2" else 0.0
        made = torch.optim.Adam(trained, lr=recipe.learning_rate, eps=recipe.adam_epsilon, weight_decay=decay)
    if recipe.optimizer == "sgd_momentum":
        made = torch.optim.SGD(trained, lr=recipe.learning_rate, momentum=MOMENTUM, weight_decay=recipe.weight_decay)
    if made is not None:
        print(f"Optimizer: {made}")
    return made


def _plain(folder: Path) -> Any:
    """As `from_pretrained` gives it, which first compiles the renamings of all models there are: a second a process."""
    from safetensors.torch import load_file
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config.from_pretrained(folder))
    model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)  # the tied head is stored once
    model.tie_weights()
    return model


def _untrained(recipe: Recipe) -> Any:
    from transformers import GPT2Config, GPT2LMHeadModel

    shape = {"n_embd": recipe.width, "n_layer": 2, "n_head": recipe.width // HEAD_WIDTH}
    start = GPT2Config.from_pretrained(base.folder(recipe.base))
    return GPT2LMHeadModel(GPT2Config(**start.to_dict() | shape))


def _quantization(recipe: Recipe) -> Any:
    import torch
    from transformers import BitsAndBytesConfig

    if recipe.quantization == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.float32,
    )


def _with_adapter(model: Any, recipe: Recipe) -> Any:
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    if recipe.quantization:
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=recipe.gradient_checkpointing)
    adapted = get_peft_model(
        model,
        LoraConfig(
            r=recipe.lora_r,
            lora_alpha=recipe.lora_alpha,
            lora_dropout=recipe.lora_dropout,
            target_modules=list(recipe.lora_targets),
            fan_in_fan_out=True,  # GPT-2's Conv1D
            task_type="CAUSAL_LM",
        ),
    )
    adapted.print_trainable_parameters()
    return adapted
