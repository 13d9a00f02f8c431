"""Parameters that LoRA trains, counted on the real shape of a model without allocating any of it.

Settings: `model` (a name of models.toml), `r`, `targets` (last parts of module names).
Result: `n_parameters` (of the model without adapters), `n_trainable`, `targets`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reference_runs.jobs import _shapes


def run(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Attach the adapters with peft and count."""
    import torch
    from peft import LoraConfig, get_peft_model

    model = _shapes.model(settings["model"], "meta")
    n_parameters = model.num_parameters()
    adapter = LoraConfig(r=settings["r"], target_modules=list(settings["targets"]), task_type="CAUSAL_LM")
    with torch.device("meta"):
        adapted = get_peft_model(model, adapter)
    n_trainable = sum(each.numel() for each in adapted.parameters() if each.requires_grad)
    return {"n_parameters": n_parameters, "n_trainable": n_trainable, "targets": list(settings["targets"])}
