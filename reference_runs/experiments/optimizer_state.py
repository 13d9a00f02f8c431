"""Bytes of state that AdamW8bit holds for each parameter, beside AdamW's. Settings of a claim: `model`."""

from __future__ import annotations

from collections.abc import Mapping

from reference_runs.records import Claim, Finding, Hardware, Job, Result
from scanner.records import Figure


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """One job."""
    return {"state": Job("optimizer_state", {"model": claim.settings["model"]}, expected_s=4.0)}


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """Bytes a parameter, of both."""
    found = results["state"]["bytes_per_parameter"]
    return Finding(
        basis="measured",
        figures=(
            Figure("bytes_per_parameter", found["adamw_8bit"]),
            Figure("bytes_per_parameter_adamw", found["adamw"]),
        ),
        scope={
            "model": f"{claim.settings['model']}, one layer",
            "parameters": results["state"]["n_parameters"],
            "precision": "fp32",
        },
    )
