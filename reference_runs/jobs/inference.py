"""Forward passes of one model with fp16, 8-bit and 4-bit weights, interleaved, on the GPU.

Settings: `model` (a name of models.toml), `batch_size`, `sequence_length`, `rounds`, `warm_up`.
Result: `busy_s` by kind of weights, one value a round.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reference_runs import timing
from reference_runs.jobs import _shapes, quantize


def run(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Save random weights once, load them three times, time them in turn."""
    import torch

    saved = folder / "model"
    model = _shapes.model(settings["model"], "cuda").to(torch.float16)
    model.save_pretrained(saved)
    tokens = _shapes.tokens(settings, model.config.vocab_size, "cuda")
    models = {"fp16": model.eval()}
    for kind in ("int8", "nf4"):
        loaded = type(model).from_pretrained(
            saved, quantization_config=quantize.config(kind), dtype=torch.float16, device_map={"": 0}
        )
        models[kind] = loaded.eval()
    shutil.rmtree(saved)
    steps = {name: _pass(one, tokens) for name, one in models.items()}
    kept = timing.interleaved(steps, settings["rounds"], settings["warm_up"], timing.on_cuda)
    return {"busy_s": {name: [one.busy_s for one in times] for name, times in kept.items()}}


def _pass(model: Any, tokens: Any) -> Callable[[], None]:
    import torch

    def step() -> None:
        with torch.inference_mode():
            model(tokens)

    return step
