"""Optimizers as memory: torch's own where they trace, and models of the states of those that run only on a GPU."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

EIGHT_BIT_LEAST = 4096
"""Tensors of fewer elements keep fp32 states (bitsandbytes' min_8bit_size)."""
EIGHT_BIT_BLOCK = 256
"""Elements that share an fp32 scale."""

Parameters = list[torch.nn.Parameter]


class EightBitAdam(torch.optim.Optimizer):
    """The two states of bitsandbytes' 8-bit Adam and AdamW; the kernel works in place."""

    def __init__(self, parameters: Parameters) -> None:
        super().__init__(parameters, {})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        """Allocate the states of every parameter that has a gradient."""
        for parameter in self.param_groups[0]["params"]:
            if parameter.grad is None or self.state[parameter]:
                continue
            n = parameter.numel()
            if n < EIGHT_BIT_LEAST:
                states = {name: torch.zeros(n, dtype=torch.float32) for name in ("state1", "state2")}
            else:
                states = {name: torch.zeros(n, dtype=torch.uint8) for name in ("state1", "state2")}
                n_blocks = math.ceil(n / EIGHT_BIT_BLOCK)
                states |= {name: torch.zeros(n_blocks, dtype=torch.float32) for name in ("absmax1", "absmax2")}
            self.state[parameter] = states


class Lion(torch.optim.Optimizer):
    """One state, and one passing tensor a parameter: the sign of the update."""

    def __init__(self, parameters: Parameters) -> None:
        super().__init__(parameters, {})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        """Allocate the states; compute the update and drop it."""
        for parameter in self.param_groups[0]["params"]:
            if parameter.grad is None:
                continue
            state = self.state[parameter]
            if not state:
                state["exp_avg"] = torch.zeros_like(parameter)
            update = state["exp_avg"] * 0.9
            update.add_(parameter.grad, alpha=0.1).sign_()


def _adafactor(parameters: Parameters) -> Any:
    from transformers.optimization import Adafactor

    return Adafactor(parameters, lr=1e-3, scale_parameter=False, relative_step=False)


OPTIMIZERS: dict[str, Callable[[Parameters], Any]] = {
    "adamw": lambda parameters: torch.optim.AdamW(parameters, foreach=True),
    "adamw_fused": lambda parameters: torch.optim.AdamW(parameters, fused=True),
    "adamw_8bit": EightBitAdam,
    "adam": lambda parameters: torch.optim.Adam(parameters, foreach=True),
    "adafactor": _adafactor,
    "adagrad": lambda parameters: torch.optim.Adagrad(parameters, foreach=True),
    "lion": Lion,
    "rmsprop": lambda parameters: torch.optim.RMSprop(parameters, foreach=True),
    "sgd": lambda parameters: torch.optim.SGD(parameters, lr=0.1, foreach=True),
    "sgd_momentum": lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9, foreach=True),
}
"""By the names of `shape.Optimizer`; `foreach` is torch's default on a GPU."""
