"""Gradients of one batch against those of its micro-batches, accumulated as a training accumulates them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reference_runs.jobs import _blocks, _models
from reference_runs.recipe import Recipe

IGNORED = -100
"""Label of a token that no loss counts."""


def run(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """`settings`: `base`, `batch`, `micro_batch`, `accumulation`, `sequence_length`. The largest relative difference of
    a parameter's gradient (norm of the difference by norm), for samples of one length and for samples of several."""
    length, n_accumulated = settings["sequence_length"], settings["micro_batch"] * settings["accumulation"]
    model = _models.load(Recipe(settings["base"], 0, 0.0)).eval()  # no dropout: it draws anew for each batch
    rows = _blocks.blocks("speeches", "train", length, max(settings["batch"], n_accumulated))
    shortened = rows.clone()
    for i, row in enumerate(shortened):
        row[length - (i * length) // (2 * len(rows)) :] = IGNORED
    differences = []
    for labels in (rows, shortened):
        whole = _gradients(model, [(rows[: settings["batch"]], labels[: settings["batch"]])])
        micro = [part[:n_accumulated].split(settings["micro_batch"]) for part in (rows, labels)]
        parts = _gradients(model, list(zip(*micro, strict=True)))
        differences.append(max(float((a - b).norm() / a.norm()) for a, b in zip(whole, parts, strict=True)))
    return {
        "difference": differences[0],
        "difference_several_lengths": differences[1],
        "n_parameters": model.num_parameters(),
    }


def _gradients(model: Any, batches: Sequence[tuple[Any, Any]]) -> list[Any]:
    """Gradients of the mean of the batches' mean losses."""
    model.zero_grad()
    for rows, labels in batches:
        (model(input_ids=rows, labels=labels).loss / len(batches)).backward()
    return [each.grad.clone() for each in model.parameters()]
