"""One training step on fake tensors: no memory is taken, every storage is counted. Runs in the child process."""

from __future__ import annotations

import gc
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from reference_runs.memory.build import ModelPlan, build, compute_type, plan
from reference_runs.memory.cuda_kernels import like_cuda
from reference_runs.memory.ledger import GRADIENTS, OPTIMIZER, OTHER, PARTS, WEIGHTS, Ledger
from reference_runs.memory.optimizers import OPTIMIZERS
from reference_runs.memory.shape import TrainingShape

GIB = 2**30
N_STEPS = 2
"""The first step makes the optimizer's states; the second is like all that follow."""
N_MICRO_BATCHES = 2
"""Of more, each is like the second: gradients exist and those of the micro batch are added to them."""


def trace(shape: TrainingShape, emulate_cuda: bool = True) -> dict[str, Any]:
    """The fields of a `Prediction`; without `emulate_cuda` what the CPU itself would take, for checks against it."""
    started = time.process_time()
    chosen = plan(shape)
    # The collector of cycles would free tensors at moments that depend on what was predicted before.
    gc.disable()
    try:
        found = _on_fake_tensors(shape, chosen, emulate_cuda)
    finally:
        gc.enable()
        gc.collect()
    return {**found, "seconds": time.process_time() - started}


def _on_fake_tensors(shape: TrainingShape, chosen: ModelPlan, emulate_cuda: bool) -> dict[str, Any]:
    with warnings.catch_warnings(), FakeTensorMode(allow_non_fake_inputs=True):
        warnings.simplefilter("ignore")
        model = build(chosen, shape)
        ledger = Ledger(chosen.vocabulary)
        with ledger, _random_state_kept(), unpacked():
            return _train(model, shape, chosen, ledger, emulate_cuda)


def _train(model: Any, shape: TrainingShape, chosen: ModelPlan, ledger: Ledger, emulate_cuda: bool) -> dict[str, Any]:
    for tensor in (*model.parameters(), *model.buffers()):
        ledger.add(tensor, WEIGHTS)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]

    def of_gradients(parameter: torch.Tensor) -> None:
        if parameter.grad is not None:
            ledger.assign(parameter.grad, GRADIENTS)

    for parameter in trained:
        parameter.register_post_accumulate_grad_hook(of_gradients)
    optimizer = OPTIMIZERS[shape.optimizer](trained)
    autocast_to = compute_type(shape) if shape.precision in ("fp16", "bf16") else None
    kernels = like_cuda(autocast_to) if emulate_cuda else nullcontext()
    with kernels:
        for _ in range(N_STEPS):
            for _ in range(min(shape.gradient_accumulation_steps, N_MICRO_BATCHES)):
                ledger.phase = "forward"
                loss = _loss(model, shape, chosen, ledger, autocast_to)
                ledger.phase = "backward"
                loss.backward()
                del loss
            ledger.phase = "optimizer"
            optimizer.step()
            for state in optimizer.state.values():
                for value in state.values():
                    if isinstance(value, torch.Tensor):
                        ledger.assign(value, OPTIMIZER)
            optimizer.zero_grad()
    allocator = ledger.allocator
    return {
        "allocated_gib": allocator.peak_allocated / GIB,
        "reserved_gib": allocator.peak_reserved / GIB,
        "requested_gib": ledger.peak_requested / GIB,
        "parts": {name: size / GIB for name, size in zip(PARTS, ledger.peak_parts, strict=True)},
        "phase": ledger.peak_phase,
        "n_parameters": sum(p.numel() for p in model.parameters()) + quantized_parameters(model),
        "n_trainable": sum(p.numel() for p in trained),
    }


def quantized_parameters(model: Any) -> int:
    """Weights that are held in fewer bits, as many as before."""
    from reference_runs.memory.adapters import QuantizedLinear

    layers = [module for module in model.modules() if isinstance(module, QuantizedLinear)]
    return sum(layer.in_features * layer.out_features for layer in layers)


def _loss(model: Any, shape: TrainingShape, chosen: ModelPlan, ledger: Ledger, autocast_to: torch.dtype | None) -> Any:
    size = (shape.batch_size, shape.sequence_length)
    tokens = torch.randint(0, chosen.vocabulary, size)
    ledger.assign(tokens, OTHER)
    labels = torch.randint(0, 2, size[:1]) if shape.head == "classification" else tokens
    with torch.autocast("cpu", dtype=autocast_to or torch.bfloat16, enabled=autocast_to is not None):
        return model(input_ids=tokens, labels=labels).loss


@contextmanager
def unpacked() -> Iterator[None]:
    """Samples that are not packed: transformers looks at the positions for that, which fake tensors do not have.

    Unable to look, it would hand attention a mask that a real step over unpadded, unpacked samples does without.
    """
    from transformers import masking_utils

    kept = masking_utils.find_packed_sequence_indices
    masking_utils.find_packed_sequence_indices = lambda position_ids: None
    try:
        yield
    finally:
        masking_utils.find_packed_sequence_indices = kept


@contextmanager
def _random_state_kept() -> Iterator[None]:
    """Checkpointing reads the generator's state, which is a real tensor: leave it as it was."""
    state = torch.random.get_rng_state()
    try:
        yield
    finally:
        torch.random.set_rng_state(state)
