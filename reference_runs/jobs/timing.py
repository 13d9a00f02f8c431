"""Forward and backward passes of one model in several modes, interleaved; the optimizer, the same in all, is left out.

Settings: `model` (a name of models.toml), `batch_size`, `sequence_length`, `modes` (of `_MODES`), `rounds`, `warm_up`.
Result: `wall_s` and `busy_s`, each a list by mode, one value a round; `n_parameters`, `device`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from reference_runs import timing
from reference_runs.jobs import _shapes


class _Mode(NamedTuple):
    checkpointing: bool = False
    bf16: bool = False
    tf32: bool = False


_MODES = {
    "fp32": _Mode(),
    "tf32": _Mode(tf32=True),
    "checkpointing": _Mode(checkpointing=True),
    "bf16": _Mode(bf16=True),
}


def run(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Time the modes on the GPU where there is one, else on one core."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = _shapes.model(settings["model"], device)
    model.train()
    tokens = _shapes.tokens(settings, model.config.vocab_size, device)

    def step(mode: _Mode) -> None:
        (model.gradient_checkpointing_enable if mode.checkpointing else model.gradient_checkpointing_disable)()
        torch.backends.cuda.matmul.allow_tf32 = mode.tf32
        with _autocast(mode, device):
            loss = model(input_ids=tokens, labels=tokens).loss
        loss.backward()
        model.zero_grad(set_to_none=True)

    steps = {name: (lambda mode=_MODES[name]: step(mode)) for name in settings["modes"]}
    timer = timing.on_cuda if device == "cuda" else timing.on_cpu
    kept = timing.interleaved(steps, settings["rounds"], settings["warm_up"], timer)
    return {
        "wall_s": {name: [one.wall_s for one in times] for name, times in kept.items()},
        "busy_s": {name: [one.busy_s for one in times] for name, times in kept.items()},
        "n_parameters": model.num_parameters(),
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
    }


def _autocast(mode: _Mode, device: str) -> AbstractContextManager[Any]:
    import torch

    return torch.autocast(device, dtype=torch.bfloat16) if mode.bf16 else nullcontext()
