"""What quantizing costs a trained model: how often it predicts the right token, and its loss, on held-out text.

Settings: `base` (a base model that comes with the package), `domain` (of `text`), `blocks`, `length` (tokens).
Result: for "fp32", "int8" and "nf4" the lists `correct` (tokens predicted right) and `loss` (nats), one value a block;
`length`, the tokens that a block asks for; `n_parameters`, `quantized_share` of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reference_runs import base
from reference_runs.jobs import quantize
from reference_runs.jobs._blocks import blocks


def run(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Evaluate the same blocks with the weights as they are, in 8 bits and in 4."""
    import torch
    from transformers import GPT2LMHeadModel

    rows = blocks(settings["domain"], "held_out", settings["length"], settings["blocks"])
    saved = base.folder(settings["base"])
    device = "cuda" if torch.cuda.is_available() else "cpu"
    correct, losses, model = {}, {}, None
    for name in ("fp32", "int8", "nf4"):
        extra = {} if name == "fp32" else {"quantization_config": quantize.config(name)}
        model = GPT2LMHeadModel.from_pretrained(saved, dtype=torch.float32, **extra)
        correct[name], losses[name] = _evaluated(model.to(device) if not extra else model, rows.to(device))
    whole = GPT2LMHeadModel.from_pretrained(saved)
    n_linear = sum(weights for _, weights in quantize.linear_layers(whole))
    return {
        "correct": correct,
        "loss": losses,
        "length": settings["length"] - 1,
        "n_parameters": whole.num_parameters(),
        "quantized_share": n_linear / whole.num_parameters(),
    }


def _evaluated(model: Any, rows: Any) -> tuple[list[int], list[float]]:
    """Right tokens and mean loss of each row."""
    import torch
    from torch.nn.functional import cross_entropy

    model.eval()
    correct, losses = [], []
    with torch.inference_mode():
        for part in rows.split(16):
            logits, wanted = model(part).logits[:, :-1].float(), part[:, 1:]
            correct += (logits.argmax(-1) == wanted).sum(1).tolist()
            losses += cross_entropy(logits.transpose(1, 2), wanted, reduction="none").mean(1).tolist()
    return correct, losses
