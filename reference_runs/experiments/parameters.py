"""The share of its parameters that LoRA trains. Settings of a claim: `r`; `models`, each with `model` and `targets`."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from reference_runs.records import Claim, Finding, Hardware, Job, Result
from scanner.records import Figure


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """One job a model."""
    rank = claim.settings["r"]
    return {
        row["model"]: Job("count", {"model": row["model"], "r": rank, "targets": row["targets"]}, expected_s=2.0)
        for row in claim.settings["models"]
    }


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """The median share; its interval is its range over the models."""
    shares = {model: result["n_trainable"] / result["n_parameters"] for model, result in results.items()}
    judged = Figure("trainable_share", median(shares.values()), min(shares.values()), max(shares.values()), len(shares))
    each = (Figure(f"trainable_share: {model}", share) for model, share in shares.items())
    return Finding(
        basis="computed",
        figures=(judged, *each),
        scope={
            "model": ", ".join(shares),
            "lora_r": claim.settings["r"],
            "lora_targets": ", ".join(dict.fromkeys("+".join(result["targets"]) for result in results.values())),
        },
    )
