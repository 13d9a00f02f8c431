"""Bytes of optimizer state a parameter, measured: AdamW of torch and AdamW8bit of bitsandbytes after one step.

Settings: `model` (a name of models.toml; one layer of it is made, with a small vocabulary).
Result: `bytes_per_parameter` by optimizer, `n_parameters`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reference_runs.jobs import _shapes

_SMALL_VOCABULARY = 4096


def run(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """One step of each on the same parameters with the same gradients."""
    import torch
    from bitsandbytes.optim import AdamW8bit

    device = "cuda" if torch.cuda.is_available() else "cpu"
    found = {}
    for name, kind in (("adamw", torch.optim.AdamW), ("adamw_8bit", AdamW8bit)):
        model = _shapes.model(settings["model"], device, layers=1, vocab_size=_SMALL_VOCABULARY)
        for parameter in model.parameters():
            parameter.grad = torch.full_like(parameter, 1e-3)
        optimizer = kind(model.parameters(), lr=1e-3)
        optimizer.step()
        found[name] = sum(_bytes(state) for state in optimizer.state.values()) / model.num_parameters()
    return {"bytes_per_parameter": found, "n_parameters": model.num_parameters()}


def _bytes(state: Mapping[str, Any]) -> int:
    """Bytes of one parameter's state; tables that all parameters share are left out."""
    import torch

    own = [value for name, value in state.items() if not name.startswith("qmap")]
    return sum(value.numel() * value.element_size() for value in own if isinstance(value, torch.Tensor))
