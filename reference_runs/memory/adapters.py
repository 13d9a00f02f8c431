"""LoRA adapters and quantized linear layers as memory: the shapes and passing tensors of peft and bitsandbytes.

Models of memory, not of arithmetic: with fake tensors no number is computed.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
from torch import nn

from scanner.errors import ReplayError

NF4_BLOCK = 64
"""Weights that share a scale (bitsandbytes' default); the scales are held in 8 bits when quantized twice."""
NF4_OUTER_BLOCK = 256
"""Scales that share an fp32 scale of their own: 4 + 8/64 + 32/(64*256) = 4.127 bits a weight."""

SCALING = 2.0
"""lora_alpha over rank; its value takes no memory."""


class QuantizedLinear(nn.Module):
    """A frozen linear layer held in 8 or 4 bits."""

    def __init__(
        self,
        n_in: int,
        n_out: int,
        bias: nn.Parameter | None,
        kind: Literal["int8", "nf4"],
        compute: torch.dtype | None,
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = n_in, n_out
        self.kind = kind
        self.compute = compute
        """Type in which NF4 multiplies, None: that of the input."""
        self.bias = bias
        n = n_in * n_out
        if kind == "int8":
            held = {"codes": torch.empty((n_out, n_in), dtype=torch.int8), "scales": torch.empty(n_out)}
        else:
            n_scales = math.ceil(n / NF4_BLOCK)
            held = {
                "codes": torch.empty((math.ceil(n / 2), 1), dtype=torch.uint8),
                "scales": torch.empty(n_scales, dtype=torch.uint8),
                "outer_scales": torch.empty(math.ceil(n_scales / NF4_OUTER_BLOCK)),
            }
        for name, tensor in held.items():
            self.register_buffer(name, tensor)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """A tensor of the shape and type that the layer gives, with what the kernels take on the way."""
        with torch.autocast("cpu", enabled=False):
            given = x.dtype
            if self.kind == "nf4" and self.compute is not None:
                x = x.to(self.compute)
            function: Any = _Int8 if self.kind == "int8" else _Nf4
            out: torch.Tensor = function.apply(x, self)
            return out.to(given)


class _Int8(torch.autograd.Function):
    """bitsandbytes' MatMul8bitLt: keeps its input, quantizes it in passing, dequantizes the weight to go back."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, layer: QuantizedLinear) -> torch.Tensor:
        flat = x.reshape(-1, x.shape[-1])
        ctx.layer, ctx.flat, ctx.shape = layer, flat, x.shape
        half = flat.to(torch.float16)
        codes = torch.empty(flat.shape, dtype=torch.int8)
        scales = torch.empty(flat.shape[0])
        del half
        products = torch.empty((flat.shape[0], layer.out_features), dtype=torch.int32)
        out = torch.empty((*x.shape[:-1], layer.out_features), dtype=x.dtype)
        del products, codes, scales
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        weight = ctx.layer.codes.to(ctx.flat.dtype)
        return torch.matmul(grads[0].to(ctx.flat.dtype), weight).view(ctx.shape), None


class _Nf4(torch.autograd.Function):
    """bitsandbytes' MatMul4Bit: keeps nothing of its input, dequantizes the weight forward and backward."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, layer: QuantizedLinear) -> torch.Tensor:
        ctx.layer = layer
        return nn.functional.linear(x, _dequantized(layer, x.dtype))

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return torch.matmul(grads[0], _dequantized(ctx.layer, grads[0].dtype)), None


def _dequantized(layer: QuantizedLinear, dtype: torch.dtype) -> torch.Tensor:
    scales = torch.empty(layer.scales.shape, dtype=torch.float32)
    weight = torch.empty((layer.out_features, layer.in_features), dtype=dtype)
    del scales
    return weight


class LoraLinear(nn.Module):
    """A frozen layer with a trained detour over `rank` features, as peft's lora.Linear."""

    def __init__(self, base: nn.Module, n_in: int, n_out: int, rank: int, dropout: float) -> None:
        super().__init__()
        self.base = base
        # peft holds adapters in fp32 unless told otherwise (autocast_adapter_dtype), also over 16-bit weights.
        self.lora_A = nn.Linear(n_in, rank, bias=False, dtype=torch.float32)
        self.lora_B = nn.Linear(rank, n_out, bias=False, dtype=torch.float32)
        self.dropout = nn.Dropout(dropout) if dropout else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The base's output with the scaled detour added."""
        out = self.base(x)
        given = out.dtype
        if isinstance(self.base, QuantizedLinear):
            out = out.clone()
            if not torch.is_autocast_enabled("cpu"):
                x = x.to(self.lora_A.weight.dtype)
            detour: torch.Tensor = self.lora_B(self.lora_A(self.dropout(x))) * SCALING
            if not torch.is_autocast_enabled("cpu"):
                detour = detour.to(given)
            return out + detour
        x = x.to(self.lora_A.weight.dtype)
        out = out + self.lora_B(self.lora_A(self.dropout(x))) * SCALING
        return out.to(given)


def linear_size(module: nn.Module) -> tuple[int, int] | None:
    """Inputs and outputs of a linear layer, transformers' Conv1D included; None of any other module."""
    if isinstance(module, nn.Linear):
        return module.in_features, module.out_features
    if isinstance(module, QuantizedLinear):
        return module.in_features, module.out_features
    if type(module).__name__ == "Conv1D":
        n_in, n_out = module.weight.shape
        return int(n_in), int(n_out)
    return None


def quantize(model: nn.Module, kind: Literal["int8", "nf4"], compute: torch.dtype | None) -> None:
    """Replace the linear layers but those of the output head, as transformers does."""
    kept = _output_layers(model)
    for parent, name, child, (n_in, n_out) in _linear_layers(model):
        if child not in kept:
            setattr(parent, name, QuantizedLinear(n_in, n_out, child.bias, kind, compute))


def add_adapters(model: nn.Module, rank: int, targets: tuple[str, ...], dropout: float = 0.05) -> None:
    """Freeze the model and put adapters on the linear layers whose last name is in `targets`; an error when none is."""
    for parameter in model.parameters():
        parameter.requires_grad = False
    found = list(_linear_layers(model))
    wanted = [row for row in found if row[1] in targets]
    if not wanted:
        names = ", ".join(dict.fromkeys(row[1] for row in found))
        raise ReplayError(f"lora_targets {', '.join(targets)}: no such linear layer; this model has {names}")
    for parent, name, child, (n_in, n_out) in wanted:
        setattr(parent, name, LoraLinear(child, n_in, n_out, rank, dropout))


def _linear_layers(model: nn.Module) -> list[tuple[nn.Module, str, nn.Module, tuple[int, int]]]:
    found = []
    for parent in model.modules():
        for name, child in parent.named_children():
            size = linear_size(child)
            if size:
                found.append((parent, name, child, size))
    return found


def _output_layers(model: nn.Module) -> set[nn.Module]:
    """The output head: the layer over the vocabulary, or the classifier."""
    head = getattr(model, "get_output_embeddings", lambda: None)()
    named = {module for name, module in model.named_modules() if name.split(".")[-1] in ("classifier", "score")}
    inner = {part for module in named for part in module.modules()}
    return inner | ({head} if head is not None else set())
