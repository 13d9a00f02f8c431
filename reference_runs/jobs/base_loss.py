"""Held-out losses of a base as it comes, on the samples that a training of `jobs/train.py` is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reference_runs.jobs import _blocks, _models
from reference_runs.recipe import HELD_OUT, Recipe


def run(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """`settings`: `base` and `sequence_length`. Nats a token by domain."""
    import torch

    model = _models.load(Recipe(settings["base"], 0, 0.0)).eval()
    losses = {}
    with torch.no_grad():
        for domain in _blocks.DOMAINS:
            rows = _blocks.blocks(domain, "held_out", settings["sequence_length"], HELD_OUT)
            parts = [model(input_ids=part, labels=part).loss.item() for part in rows.split(HELD_OUT // 4)]
            losses[domain] = sum(parts) / len(parts)
    return {"loss": losses, "n_parameters": model.num_parameters()}
