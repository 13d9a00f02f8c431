"""What a fine-tuning of a replay is made of, and the job that runs it. Standard library only.

Two experiments that need the same training build equal recipes and so share one job: nothing but what changes the
training stands in a recipe.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from reference_runs.base import Base
from reference_runs.records import Job

Optimizer = Literal["adamw", "adam", "adam_l2", "sgd", "sgd_momentum", "adamw_8bit"]
"""`adam` has no weight decay, `adam_l2` adds it to the gradient, `adamw` takes it off the weights."""
Precision = Literal["fp32", "bf16", "pure_fp16", "pure_bf16"]
"""`bf16` is autocast; the pure ones hold weights and optimizer states in the format too."""


HELD_OUT = 128
"""Held-out samples of each domain that a training is judged by; always the same ones."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One fine-tuning of a shipped base, or a training from nothing, on the speeches; defaults are the Trainer's."""

    base: Base
    steps: int
    learning_rate: float
    seed: int = 1
    batch_size: int = 16
    gradient_accumulation_steps: int = 1
    sequence_length: int = 64
    optimizer: Optimizer = "adamw"
    adam_epsilon: float = 1e-8
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    """0.0 does not clip."""
    scheduler: str = "cosine"
    """As `lr_scheduler_type`."""
    warmup_ratio: float = 0.1
    precision: Precision = "fp32"
    gradient_checkpointing: bool = False
    lora_r: int = 0
    """0 trains all weights."""
    lora_alpha: int = 32
    lora_dropout: float = 0.05
    lora_targets: tuple[str, ...] = ("c_attn",)
    quantization: Literal["", "8bit", "nf4"] = ""
    width: int = 0
    """Width of a model of two layers that starts from random weights; 0 starts from the base."""
    n_samples: int = 2048
    """Number of distinct training samples, each of `sequence_length` tokens; 0 takes all there are."""
    noise: float = 0.0
    """Share of the words of the training text that are replaced by words drawn from it."""

    def job(self) -> Job:
        """The job that runs this recipe."""
        seconds = _SECONDS_A_STEP[self.base] * self.steps * self.gradient_accumulation_steps * self.batch_size / 16
        if self.precision == "pure_fp16":
            seconds *= 20  # few CPUs multiply fp16
        if self.width:
            seconds *= self.width / 128
        return Job("train", _described(self), limit_s=60 + 20 * seconds, expected_s=3 + seconds)


def base_job(base: Base, sequence_length: int) -> Job:
    """The job that measures a base as it comes."""
    return Job("base_loss", {"base": base, "sequence_length": sequence_length}, limit_s=120, expected_s=3)


_SECONDS_A_STEP: dict[Base, float] = {"quick": 0.09, "full": 0.4}
"""Of 16 samples, one thread of a small server."""


_OF_LORA = ("lora_alpha", "lora_dropout", "lora_targets")


def _described(recipe: Recipe) -> dict[str, Any]:
    """A recipe as a job's settings: JSON knows no tuples, and an adapter that is not there has no settings."""
    row = asdict(recipe)
    if recipe.lora_r:
        return row | {"lora_targets": list(recipe.lora_targets)}
    return {name: value for name, value in row.items() if name not in _OF_LORA}


def from_settings(settings: Mapping[str, Any]) -> Recipe:
    """The recipe of a job's settings."""
    row = dict(settings)
    if "lora_targets" in row:
        row["lora_targets"] = tuple(row["lora_targets"])
    return Recipe(**row)
