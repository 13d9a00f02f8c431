"""The cheap question before any format is asked: can this text say anything about a training at all?"""

from __future__ import annotations

STEMS = (
    "loss", "epoch", "optim", "learning_rate", "batch", "train", "traceback", "error", "step", "lr",
    "kayıp", "kayip", "dönem", "donem", "eğitim", "egitim", "adım", "损失", "wandb", "mlflow",
    "peft_type", "checkpoint", "perda", "perte",
)  # fmt: skip
"""Lower-case; a text without any of them states no run."""


def may_matter(text: str) -> bool:
    """Whether a text holds any of the words without which no format finds anything."""
    lowered = text.lower()
    return any(stem in lowered for stem in STEMS)
