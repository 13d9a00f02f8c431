"""How large a batch fits into a GPU's memory; always predicted, since a GPU at hand is seldom the one in question.

[quantity]
low = 8
high = 16
[settings]
gpu_memory_gib = 12
[settings.shape]                            # judged: the largest batch that fits
model = "TinyLlama-1.1B"
sequence_length = 512
[settings.beside.nf4_lora]                  # shown: the peak at the end of the range under another method
model = "TinyLlama-1.1B"
sequence_length = 512
quantization = "nf4"
lora_r = 16
"""

from __future__ import annotations

from collections.abc import Mapping

from reference_runs.experiments._shapes import scope_of
from reference_runs.memory.answer import CONTEXT_AND_WORKSPACES_GIB, CONTEXT_GIB, SPREAD
from reference_runs.records import Claim, Finding, Hardware, Job, Result
from scanner.records import Figure


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """The largest batch up to twice the range's end, and the peaks beside it."""
    memory, end = claim.settings["gpu_memory_gib"], int(claim.quantity["high"])
    judged = {"shape": dict(claim.settings["shape"]), "gpu_memory_gib": memory, "most": 2 * end}
    beside = claim.settings.get("beside", {})
    return {
        "largest": Job("largest_batch", judged, limit_s=300.0, expected_s=12.0),
        **{name: Job("predict", {**shape, "batch_size": end}, 180.0, 5.0) for name, shape in beside.items()},
    }


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """The largest batch, from what fits for certain to what is not refused; peaks as bands of need in GiB."""
    largest = results["largest"]
    figures = [Figure("largest_batch", largest["certain"], largest["certain"], largest["possible"])]
    for name in claim.settings.get("beside", {}):
        peak = results[name]
        least = peak["allocated_gib"] + CONTEXT_GIB
        most = SPREAD * peak["reserved_gib"] + CONTEXT_AND_WORKSPACES_GIB
        figures.append(Figure(f"need_gib_{name}", peak["allocated_gib"], least, most))
    return Finding(
        "predicted",
        tuple(figures),
        scope={**scope_of([claim.settings["shape"]]), "gpu_memory_gib": claim.settings["gpu_memory_gib"]},
    )
