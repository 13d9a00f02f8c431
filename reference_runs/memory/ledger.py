"""Follows every tensor storage of a trace through the allocator's simulation, and says what holds the peak."""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from reference_runs.memory.allocator import Block, CachingAllocator

PARTS = ("weights", "gradients", "optimizer", "activations", "logits", "other")
WEIGHTS, GRADIENTS, OPTIMIZER, ACTIVATIONS, LOGITS, OTHER = range(len(PARTS))
"""`other` are the passing tensors of the backward pass and the inputs."""


class Ledger(TorchDispatchMode):
    """While active, each storage that an operator returns is a block until the storage is gone."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.allocator = CachingAllocator()
        self.phase = ""
        """What goes on now: "forward", "backward" or "optimizer"."""
        self.peak_phase = ""
        self.peak_parts = [0] * len(PARTS)
        self.peak_requested = 0
        """The peak in bytes as asked for, without the allocator's rounding."""
        self._vocabulary = vocabulary
        self._held = [0] * len(PARTS)
        self._requested = 0
        self._blocks: dict[int, list[Any]] = {}
        """By address of the storage: its block, its part, its bytes."""

    def add(self, tensor: torch.Tensor, part: int) -> None:
        """Count the storage of `tensor` unless it is known."""
        storage = tensor.untyped_storage()
        key = storage._cdata
        n_bytes = storage.nbytes()
        if key in self._blocks or not n_bytes:
            return
        allocator = self.allocator
        before = allocator.peak_allocated
        block = allocator.malloc(n_bytes)
        self._blocks[key] = [block, part, n_bytes]
        self._held[part] += block.size
        self._requested += n_bytes
        self.peak_requested = max(self.peak_requested, self._requested)
        # Of equal peaks the last: the second step is the steady state, its optimizer states are known as such.
        if allocator.allocated >= before:
            self.peak_phase = self.phase
            self.peak_parts = self._held.copy()
        weakref.finalize(storage, self._drop, key, block).atexit = False

    def assign(self, tensor: torch.Tensor, part: int) -> None:
        """From now on the storage of `tensor` belongs to `part`."""
        entry = self._blocks.get(tensor.untyped_storage()._cdata)
        if entry is not None:
            block, old, _ = entry
            self._held[old] -= block.size
            self._held[part] += block.size
            entry[1] = part

    def _drop(self, key: int, block: Block) -> None:
        entry = self._blocks.get(key)
        if entry is not None and entry[0] is block:
            del self._blocks[key]
            self._held[entry[1]] -= block.size
            self._requested -= entry[2]
            self.allocator.free(block)

    def _part(self, tensor: torch.Tensor) -> int:
        if self.phase == "optimizer":
            return OPTIMIZER
        if tensor.dim() >= 2 and tensor.shape[-1] == self._vocabulary:
            return LOGITS
        # Autograd runs backward functions without grad mode; what is computed with it there is recomputed activations.
        return ACTIVATIONS if self.phase == "forward" or torch.is_grad_enabled() else OTHER

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if isinstance(out, torch.Tensor):
            self.add(out, self._part(out))
        elif isinstance(out, (tuple, list)):
            for item in out:
                if isinstance(item, torch.Tensor):
                    self.add(item, self._part(item))
        return out
