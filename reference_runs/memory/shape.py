"""What a training step looks like, as far as its memory is concerned. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from scanner.errors import ReplayError

Precision = Literal["fp32", "tf32", "fp16", "bf16", "fp16_true", "bf16_true"]
"""`fp16` and `bf16` are autocast over fp32 weights, as `--fp16`, `--bf16` and `torch.autocast` do; the `_true` ones
hold weights, gradients and optimizer states in 16 bits. `tf32` takes the memory of `fp32`."""

Optimizer = Literal[
    "adamw",
    "adamw_fused",
    "adamw_8bit",
    "adam",
    "adafactor",
    "adagrad",
    "lion",
    "rmsprop",
    "sgd",
    "sgd_momentum",
]
"""`adamw`, `adam` and the like are torch's classes with their defaults: on a GPU the foreach form, which holds one
more copy of the weights during the step; `adamw_fused` holds none."""

Quantization = Literal["int8", "nf4"]
Attention = Literal["sdpa", "eager"]
Head = Literal["language_model", "classification"]


@dataclass(frozen=True, slots=True)
class TrainingShape:
    """One optimizer step of one process on one GPU."""

    model: str
    """A name of `models.toml`, as people write it ("gpt2", "EleutherAI/gpt-neo-125M"), or a path of a config.json."""
    batch_size: int
    """Samples of one forward pass."""
    sequence_length: int
    """Tokens of a sample; of an encoder-decoder, of its source and of its target."""
    precision: Precision = "fp32"
    optimizer: Optimizer = "adamw"
    gradient_accumulation_steps: int = 1
    gradient_checkpointing: bool = False
    lora_r: int | None = None
    """Rank of the adapters; the model itself is frozen then. None trains every weight."""
    lora_targets: tuple[str, ...] = ()
    """Last part of the names of the linear layers that get an adapter; empty: peft's choice for the architecture."""
    quantization: Quantization | None = None
    """How the frozen linear layers are held: bitsandbytes' int8, or NF4 with double quantization."""
    attention: Attention = "sdpa"
    """Falls back to eager where an architecture knows nothing else (GPT-Neo)."""
    head: Head = "language_model"

    def __post_init__(self) -> None:
        for name in ("batch_size", "sequence_length", "gradient_accumulation_steps"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ReplayError(f"{name} {value!r}: must be a whole number of at least 1")
        if self.lora_r is not None and (not isinstance(self.lora_r, int) or self.lora_r < 1):
            raise ReplayError(f"lora_r {self.lora_r!r}: must be a whole number of at least 1, or absent")
        choices = (
            ("precision", get_args(Precision)),
            ("optimizer", get_args(Optimizer)),
            ("quantization", (None, *get_args(Quantization))),
            ("attention", get_args(Attention)),
            ("head", get_args(Head)),
        )
        for name, known in choices:
            if getattr(self, name) not in known:
                listed = ", ".join(str(choice) for choice in known if choice)
                raise ReplayError(f"{name} {getattr(self, name)!r}: not known; one of {listed}")
        if self.lora_targets and self.lora_r is None:
            raise ReplayError("lora_targets without lora_r: name the rank of the adapters")
        if self.quantization and self.lora_r is None:
            raise ReplayError(
                f"quantization {self.quantization} without lora_r: quantized weights cannot be trained, only adapters"
            )

    @property
    def effective_batch_size(self) -> int:
        """Samples of one optimizer step."""
        return self.batch_size * self.gradient_accumulation_steps
