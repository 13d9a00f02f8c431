"""What quantization costs a trained model in accuracy: the share of next tokens that it predicts right.

Settings of a claim: `quantization` ("int8" or "nf4"), `base`, `domain`, `blocks`, `length`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean

from reference_runs.records import Claim, Finding, Hardware, Job, Result
from reference_runs.timing import bootstrap
from scanner.records import Figure


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """One job; the claims about 8 bits and about 4 share it."""
    settings = {key: claim.settings[key] for key in ("base", "domain", "blocks", "length")}
    return {"quality": Job("quantized_quality", settings, limit_s=300.0, expected_s=8.0)}


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """The relative loss of accuracy, paired by block of text, and the rise of the loss."""
    result, kind = results["quality"], claim.settings["quantization"]
    pairs = list(zip(result["correct"]["fp32"], result["correct"][kind], strict=True))
    lost = bootstrap(pairs, _lost)
    before, after = fmean(result["loss"]["fp32"]), fmean(result["loss"][kind])
    n_tokens = result["length"] * len(pairs)
    return Finding(
        basis="measured",
        figures=(
            Figure("accuracy_loss", lost.value, lost.low, lost.high, len(pairs)),
            Figure("accuracy_before", sum(right for right, _ in pairs) / n_tokens, n=n_tokens),
            Figure("perplexity_rise", math.exp(after - before) - 1),
        ),
        scope={
            "model": f"{claim.settings['base']} base",
            "parameters": result["n_parameters"],
            "quantized_share": round(result["quantized_share"], 3),
            "quantization": str(kind),
            "text": f"held-out {claim.settings['domain']}",
            "accuracy": "share of next tokens predicted right",
        },
    )


def _lost(pairs: Sequence[tuple[int, int]]) -> float:
    return 1 - sum(after for _, after in pairs) / max(1, sum(before for before, _ in pairs))
