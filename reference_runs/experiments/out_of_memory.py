"""What PyTorch says when a GPU's memory is not enough. Settings of a claim: `pattern`, what the message must match."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reference_runs.records import Claim, Finding, Hardware, Job, NotTestable, Result
from scanner.records import Figure


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """One job that provokes it."""
    if not at_hand.gpu:
        raise NotTestable("no_gpu")
    return {"message": Job("out_of_memory", {}, expected_s=5.0)}


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """Whether the message reads as documented."""
    message = results["message"]["message"]
    matches = re.search(claim.settings["pattern"], message) is not None
    return Finding(
        basis="measured",
        figures=(Figure("runs", matches),),
        scope={"device": at_hand.gpu, "message": message[:200]},
        errors=() if matches else (("message", message[:200]),),
    )
