"""The measured peak memory of two training steps on the GPU at hand. Settings: the fields of a `TrainingShape`.

For shapes without quantization: the quantized layers of `memory/` are models of memory, not kernels.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reference_runs.memory.shape import TrainingShape
from scanner.errors import ReplayError


def run(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """`allocated_gib` and `reserved_gib` as PyTorch's allocator counted them, `n_parameters`, `n_trainable`."""
    import torch

    from reference_runs.memory.build import build, compute_type, plan
    from reference_runs.memory.optimizers import OPTIMIZERS

    shape = TrainingShape(**settings)
    if not torch.cuda.is_available() or shape.quantization:
        raise ReplayError("a peak is measured on a GPU, for weights that are not quantized")
    chosen = plan(shape)
    with torch.device("cuda"):
        model = build(chosen, shape)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = OPTIMIZERS[shape.optimizer](trained)
    autocast_to = compute_type(shape) if shape.precision in ("fp16", "bf16") else None
    tokens = torch.randint(0, chosen.vocabulary, (shape.batch_size, shape.sequence_length), device="cuda")
    labels = tokens[:, 0] % 2 if shape.head == "classification" else tokens
    torch.cuda.reset_peak_memory_stats()
    for _ in range(2):
        for _ in range(shape.gradient_accumulation_steps):
            with torch.autocast("cuda", dtype=autocast_to or torch.bfloat16, enabled=autocast_to is not None):
                loss = model(input_ids=tokens, labels=labels).loss
            loss.backward()
            del loss
        optimizer.step()
        optimizer.zero_grad()
    torch.cuda.synchronize()
    return {
        "allocated_gib": torch.cuda.max_memory_allocated() / 2**30,
        "reserved_gib": torch.cuda.max_memory_reserved() / 2**30,
        "n_parameters": sum(parameter.numel() for parameter in model.parameters()),
        "n_trainable": sum(parameter.numel() for parameter in trained),
    }
