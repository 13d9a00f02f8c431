"""Tokens a second of training: forward and backward passes, the optimizer left out.

Where the whole model would take too long, `layers` names two depths of it: they are timed in turn, and the time of the
whole is the straight line through both, as all layers are alike.
Settings: `model`, `batch_size`, `sequence_length`, `device` ("cpu" with `threads`, or "cuda"), `layers` (two numbers,
or none for the whole model), `precision` ("fp32" or "bf16"), `rounds`, `warm_up`.
Result: `step_s` (by the clock) and `busy_s` (computing) of the whole model, one a round; `tokens` of a step;
`n_parameters` of the whole model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from reference_runs import timing
from reference_runs.jobs import _shapes


def run(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Time the depths in turn."""
    import torch

    if settings["device"] == "cpu":
        torch.set_num_threads(settings["threads"])
    depths = settings["layers"] or [None]
    steps = {str(depth): _step(settings, depth) for depth in depths}
    timer = timing.on_cuda if settings["device"] == "cuda" else timing.on_cpu
    kept = timing.interleaved(steps, settings["rounds"], settings["warm_up"], timer)
    n_layers = _shapes.n_layers(settings["model"])

    def whole(clock: str) -> list[float]:
        rounds = zip(*([getattr(one, clock) for one in kept[str(depth)]] for depth in depths), strict=True)
        return [line(times, depths, n_layers) if settings["layers"] else times[0] for times in rounds]

    return {
        "step_s": whole("wall_s"),
        "busy_s": whole("busy_s"),
        "tokens": settings["batch_size"] * settings["sequence_length"],
        "n_parameters": _shapes.model(settings["model"], "meta").num_parameters(),
    }


def line(times: Sequence[float], depths: Sequence[int], whole: int) -> float:
    """Seconds at `whole` layers on the straight line through two depths."""
    return times[0] + (whole - depths[0]) * (times[1] - times[0]) / (depths[1] - depths[0])


def _step(settings: Mapping[str, Any], depth: int | None) -> Callable[[], None]:
    import torch

    device = settings["device"]
    model = _shapes.model(settings["model"], device, depth)
    model.train()
    tokens = _shapes.tokens(settings, model.config.vocab_size, device)

    def step() -> None:
        with torch.autocast(device, dtype=torch.bfloat16) if settings["precision"] == "bf16" else nullcontext():
            loss = model(input_ids=tokens, labels=tokens).loss
        loss.backward()
        model.zero_grad(set_to_none=True)

    return step
