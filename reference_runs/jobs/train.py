"""A real fine-tuning with the Trainer of transformers, on one CPU thread, that leaves what such a program leaves.

Console: the printed arguments, the model's configuration, the banner, one dictionary a step, the closing tables.
Files: `config.json`, `trainer_state.json`, `all_results.json`, `adapter_config.json` with LoRA. No weights are kept.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reference_runs import base
from reference_runs.jobs import _blocks, _models
from reference_runs.recipe import HELD_OUT, Recipe, from_settings
from reference_runs.text import Domain

IGNORED = -100
"""Label of a token that no loss counts."""


def run(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Train and return held-out losses by domain (nats a token) and each step's loss and gradient norm."""
    recipe = from_settings(settings)
    import transformers
    from transformers.utils import logging

    logging.set_verbosity_info()
    transformers.set_seed(recipe.seed)
    arguments = _arguments(recipe, folder)
    print(f"Training/evaluation parameters {arguments}")
    print(f"Script parameters {_script_parameters(recipe)}")
    model = _models.load(recipe)
    train = _blocks.blocks("speeches", "train", recipe.sequence_length, recipe.n_samples, recipe.noise)
    trainer = transformers.Trainer(
        model=model,
        args=arguments,
        train_dataset=_rows(train),
        optimizers=(_models.optimizer(recipe, model), None),
    )
    started = time.monotonic()
    metrics = trainer.train().metrics
    seconds = time.monotonic() - started
    trainer.save_state()
    model.config.save_pretrained(folder)
    if recipe.lora_r:
        model.peft_config["default"].save_pretrained(folder)
    steps = [row for row in trainer.state.log_history if "loss" in row]
    losses = {domain: _loss(trainer, recipe, domain) for domain in _blocks.DOMAINS}
    trainer.log_metrics("train", metrics)
    trainer.save_metrics("train", metrics)
    return {
        "loss": losses,
        "train_losses": [_number(row["loss"]) for row in steps],
        "grad_norms": [_number(row.get("grad_norm")) for row in steps],
        "first_nan": next((row["step"] for row in steps if not math.isfinite(float(row["loss"]))), None),
        "steps_done": trainer.state.global_step,
        "n_parameters": sum(each.numel() for each in model.parameters()),
        "n_trainable": sum(each.numel() for each in model.parameters() if each.requires_grad),
        "n_samples": len(trainer.train_dataset),
        "train_seconds": round(seconds, 3),
    }


def _arguments(recipe: Recipe, folder: Path) -> Any:
    from transformers import TrainingArguments

    return TrainingArguments(
        output_dir=str(folder),
        max_steps=recipe.steps,
        per_device_train_batch_size=recipe.batch_size,
        per_device_eval_batch_size=32,
        gradient_accumulation_steps=recipe.gradient_accumulation_steps,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=recipe.scheduler,
        warmup_steps=round(recipe.warmup_ratio * recipe.steps),
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_grad_norm,
        optim=_models.TRAINER_NAMES[recipe.optimizer],
        adam_epsilon=recipe.adam_epsilon,
        bf16=recipe.precision == "bf16",
        gradient_checkpointing=recipe.gradient_checkpointing,
        seed=recipe.seed,
        use_cpu=True,
        logging_steps=1,
        logging_nan_inf_filter=False,  # a NaN is what some claims are about
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )


def _script_parameters(recipe: Recipe) -> argparse.Namespace:
    """What a script of this kind takes beside the Trainer's own arguments, printed as such scripts do."""
    given: dict[str, Any] = {"model_name_or_path": str(base.folder(recipe.base)), "block_size": recipe.sequence_length}
    if recipe.width:
        given = {"config_overrides": f"n_embd={recipe.width}", "block_size": recipe.sequence_length}
    if recipe.quantization:
        given["load_in_8bit" if recipe.quantization == "8bit" else "load_in_4bit"] = True
    return argparse.Namespace(**given, noise=recipe.noise)


def _rows(blocks: Any) -> list[dict[str, Any]]:
    """Samples for the Trainer. It divides by the number of labels, and nothing predicts a sample's first one: counted,
    a loss of 64 tokens comes out as 63/64 of what it is."""
    labels = blocks.clone()
    labels[:, 0] = IGNORED
    return [{"input_ids": row, "labels": own} for row, own in zip(blocks, labels, strict=True)]


def _loss(trainer: Any, recipe: Recipe, domain: Domain) -> float | None:
    """Held-out loss; None when it is no number. Of pure fp16, which a CPU is slow at, by fewer samples."""
    most = HELD_OUT // 16 if recipe.precision == "pure_fp16" else HELD_OUT
    rows = _rows(_blocks.blocks(domain, "held_out", recipe.sequence_length, most))
    prefix = "eval" if domain == "speeches" else f"eval_{domain}"
    return _number(trainer.evaluate(rows, metric_key_prefix=prefix)[f"{prefix}_loss"])


def _number(value: Any) -> float | None:
    """A finite float, else None: JSON has no NaN."""
    return float(value) if value is not None and math.isfinite(float(value)) else None
