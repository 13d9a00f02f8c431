"""How much gradient accumulation raises the peak memory, in copies of the gradients.

[settings]
steps = 4
[settings.shape]
model = "gpt2"
batch_size = 4
sequence_length = 512
"""

from __future__ import annotations

from collections.abc import Mapping

from reference_runs.experiments._shapes import Shape, peak_basis, peak_jobs, scope_of
from reference_runs.records import Claim, Finding, Hardware, Job, Result
from scanner.records import Figure

_FP32_GIB = 4 / 2**30


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """The peak of the shape with and without accumulation."""
    return peak_jobs(_shapes(claim), at_hand)


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """The rise in copies of the fp32 gradients of all trained weights, then both peaks."""
    without, accumulated = results["without"], results["with"]
    copy = without["n_trainable"] * _FP32_GIB
    rise = accumulated["allocated_gib"] - without["allocated_gib"]
    return Finding(
        peak_basis(_shapes(claim).values(), at_hand),
        (
            Figure("gradient_copies", rise / copy),
            Figure("allocated_gib_without", without["allocated_gib"]),
            Figure("allocated_gib_with", accumulated["allocated_gib"]),
        ),
        scope={**scope_of([claim.settings["shape"]]), "gradient_accumulation_steps": claim.settings["steps"]},
    )


def _shapes(claim: Claim) -> dict[str, Shape]:
    shape = claim.settings["shape"]
    return {"without": shape, "with": {**shape, "gradient_accumulation_steps": claim.settings["steps"]}}
