"""Whether accumulated micro-batches give the gradient of the effective batch."""

from __future__ import annotations

from collections.abc import Mapping

from reference_runs.records import Claim, Finding, Hardware, Job, Result
from scanner.records import Figure


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """One comparison of gradients: a batch of the stated size against the accumulated micro-batches."""
    settings = {"batch": int(claim.quantity["batch"]), **claim.settings}
    return {"same": Job("accumulation", settings, limit_s=60, expected_s=3)}


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """The largest relative difference of a gradient; then that with samples of several lengths."""
    settings, found = claim.settings, results["same"]
    scope = {
        "n_parameters": found["n_parameters"],
        "batch_size": settings["micro_batch"],
        "gradient_accumulation_steps": settings["accumulation"],
        "sequence_length": settings["sequence_length"],
        "precision": "fp32",
        "dropout": 0.0,
        "device": "cpu",
    }
    figures = (
        Figure("relative_difference", found["difference"]),
        Figure("relative_difference_several_lengths", found["difference_several_lengths"]),
    )
    return Finding("measured", figures, scope=scope)
