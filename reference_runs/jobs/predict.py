"""The predicted peak memory of one training step. Settings: the fields of a `TrainingShape`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reference_runs.memory.shape import TrainingShape


def run(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """A prediction: allocated_gib, reserved_gib, parts, phase, n_parameters, n_trainable, seconds."""
    from reference_runs.memory.trace import trace

    return trace(TrainingShape(**settings))
