"""Makes fake tensors on the CPU use memory as CUDA kernels do. Undone when the context ends, also by an error.

Three things differ between the devices: attention kernels, dropout's mask, and which functions autocast runs in fp32.
They are replaced where Python and the dispatcher look them up, so that a recomputation inside the backward pass meets
them too. Fake tensors of the device `cuda` are no way out: without CUDA, autograd ends the process on them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F

KEPT_IN_FP32 = (
    "acos cosh cumprod cumsum erfinv exp expm1 log log10 log2 log1p reciprocal rsqrt sinh tan softplus "
    "layer_norm group_norm norm.Scalar norm.ScalarOpt_dim softmax.int log_softmax.int prod sum sum.dim_IntList "
    "pow.Tensor_Scalar pow.Tensor_Tensor pow.Scalar nll_loss cross_entropy_loss mse_loss l1_loss kl_div "
    "binary_cross_entropy_with_logits smooth_l1_loss"
).split()
"""Functions that autocast runs in fp32 on CUDA (torch's documentation of autocast, "CUDA Ops that can autocast to
float32"). CPU autocast leaves most of them in 16 bits."""


class _FusedAttention(torch.autograd.Function):
    """What flash and memory-efficient attention keep and take: inputs, output and the log-sum-exp of each row."""

    @staticmethod
    def forward(ctx: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, bias: Any) -> torch.Tensor:
        out = torch.empty_like(query)
        log_sum_exp = torch.empty(query.shape[:-1], dtype=torch.float32)
        ctx.save_for_backward(query, key, value, bias, out, log_sum_exp)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        query, key, value, bias, _, log_sum_exp = ctx.saved_tensors
        delta = torch.empty_like(log_sum_exp)
        half = query.dtype in (torch.float16, torch.bfloat16)
        # Flash attention sums the query's gradient in fp32, and gives each query head its own key and value gradient.
        accumulator = torch.empty(query.shape, dtype=torch.float32) if half else None
        grouped = key.shape[1] != query.shape[1]
        own = [torch.empty_like(query) for _ in range(2)] if grouped else []
        grad_bias = None
        if bias is not None and bias.requires_grad:
            full = torch.empty((*query.shape[:-1], key.shape[-2]), dtype=query.dtype)
            grad_bias = full.sum_to_size(bias.shape)
            del full
        found = torch.empty_like(query), torch.empty_like(key), torch.empty_like(value), grad_bias
        del delta, accumulator, own
        return found


def _attention(autocast_to: torch.dtype | None) -> Callable[..., torch.Tensor]:
    def scaled_dot_product_attention(
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attn_mask: torch.Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> torch.Tensor:
        if autocast_to:
            query, key, value = (x.to(autocast_to) for x in (query, key, value))
            if attn_mask is not None and attn_mask.is_floating_point():
                attn_mask = attn_mask.to(autocast_to)
        grouped = key.shape[1] != query.shape[1]
        if grouped and query.dtype == torch.float32:
            # Flash takes no fp32, memory-efficient attention no grouped heads (sdp_utils.cpp): the plain form is left.
            return torch.ops.aten._scaled_dot_product_attention_math(
                query, key, value, attn_mask, dropout_p, is_causal, None, scale=scale, enable_gqa=True
            )[0]
        return _FusedAttention.apply(query, key, value, attn_mask)

    return scaled_dot_product_attention


def _dropout(x: torch.Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> torch.Tensor:
    """Dropout with the one-byte mask of the CUDA kernel; on the CPU the mask is a tensor of floats."""
    return torch.native_dropout(x, p, True)[0] if training and p else x


def _in_fp32(operator: Any, key: Any) -> Callable[..., Any]:
    def run(*args: Any, **kwargs: Any) -> Any:
        raised = [
            x.float() if isinstance(x, torch.Tensor) and x.dtype in (torch.float16, torch.bfloat16) else x for x in args
        ]
        with torch._C._ExcludeDispatchKeyGuard(key):
            return operator(*raised, **kwargs)

    return run


@contextmanager
def _autocast_like_cuda() -> Iterator[None]:
    key = torch._C.DispatchKeySet(torch._C.DispatchKey.AutocastCPU)
    library = torch.library.Library("aten", "IMPL", "AutocastCPU")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a kernel is replaced is what is wanted
            for name in KEPT_IN_FP32:
                packet, _, overload = name.partition(".")
                operator = getattr(getattr(torch.ops.aten, packet), overload or "default")
                library.impl(name, _in_fp32(operator, key))
        yield
    finally:
        library._destroy()


@contextmanager
def like_cuda(autocast_to: torch.dtype | None) -> Iterator[None]:
    """Within, kernels and autocast use memory as on a CUDA device; `autocast_to` is autocast's type, None without."""
    kept = F.dropout, F.scaled_dot_product_attention
    replaced: Any = _dropout, _attention(autocast_to)
    F.dropout, F.scaled_dot_product_attention = replaced
    try:
        if autocast_to is None:
            yield
        else:
            with _autocast_like_cuda():
                yield
    finally:
        F.dropout, F.scaled_dot_product_attention = kept
