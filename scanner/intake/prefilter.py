"""The cheap question before any format is asked: can this text say anything about a training at all?"""

from __future__ import annotations

STEMS = (
    "loss", "epoch", "optim", "learning_rate", "batch", "train", "traceback", "error", "step", "lr", "iter", "acc",
    "learn:", "auc", "rmse", "valid", "reward", "cuda", "slurm", "killed", "wandb", "mlflow", "peft_type", "checkpoint",
    "round", "fold", "bleu", "perplexity", "exception", "fault", "bad_alloc", "nccl", "module named", "exitcode",
    "sigterm", "sigint", "interrupt", "ctrl + c", "subprocess", "mixed_precision",
    "kayıp", "kayip", "dönem", "donem", "eğitim", "egitim", "adım", "doğruluk", "dogruluk", "başarı", "basari", "hata",
    "poca", "poque", "perda", "perdida", "pérdida", "perte", "exactitud", "acur", "précision", "verlust", "genauigkeit",
    "эпох", "потер", "точност", "에폭", "손실", "정확도", "エポック", "損失", "精度", "损失", "训练", "准确率", "轮",
)  # fmt: skip
"""Lower-case; a text without any of them states no run."""


def may_matter(text: str) -> bool:
    """Whether a text holds any of the words without which no format finds anything."""
    lowered = text.lower()
    return any(stem in lowered for stem in STEMS)
