"""From a predicted peak to an answer. The constants stand here, each with its reason; docs/MEMORY.md says more."""

from __future__ import annotations

from scanner.records import Fit

CONTEXT_GIB = 0.3
"""A CUDA context with lazily loaded kernels takes 0.3 to 0.6 GiB of every process, outside the allocator: the least."""
CONTEXT_AND_WORKSPACES_GIB = 0.6
"""The most of the same, with the workspace of cuBLAS."""
SPREAD = 1.30
"""Published peaks of BERT-large on a V100 lie up to 1.33 times above the predicted reserved memory (docs/MEMORY.md);
with the 0.6 GiB this covers all five."""


def answer(allocated_gib: float, reserved_gib: float, gpu_memory_gib: float) -> Fit:
    """Whether a predicted peak fits: `borderline` is where other software, fragmentation or luck decides."""
    if SPREAD * reserved_gib + CONTEXT_AND_WORKSPACES_GIB <= gpu_memory_gib:
        return "fits"
    if allocated_gib + CONTEXT_GIB > gpu_memory_gib:
        return "does_not_fit"
    return "borderline"
