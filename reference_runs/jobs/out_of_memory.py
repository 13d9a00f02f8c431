"""A CUDA allocation that cannot succeed, and what it says. Settings: none. Result: `message`, as a traceback ends."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reference_runs.child import last_line

_TENTH = 0.1


def run(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Allow this process a tenth of the GPU and ask for half of it."""
    import torch

    torch.cuda.set_per_process_memory_fraction(_TENTH)
    half = torch.cuda.get_device_properties(0).total_memory // 2
    try:
        torch.empty(half, dtype=torch.uint8, device="cuda")
    except RuntimeError as error:
        return {"message": last_line(error)}
    raise RuntimeError("half of the GPU's memory was given although a tenth was allowed")
