"""Speed of inference with quantized weights, on a GPU: bitsandbytes' CPU kernels say nothing about its GPU ones.

Settings of a claim: `model`, `batch_size`, `sequence_length`, `rounds`, `warm_up`.
"""

from __future__ import annotations

from collections.abc import Mapping

from reference_runs.records import Claim, Finding, Hardware, Job, NotTestable, Result
from reference_runs.timing import paired_ratio
from scanner.records import Figure


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """One job; it runs alone."""
    if not at_hand.gpu:
        raise NotTestable("no_gpu")
    return {"inference": Job("inference", dict(claim.settings), limit_s=400.0, expected_s=60.0, alone=True)}


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """Time in 8 and in 4 bits over time in fp16."""
    busy = results["inference"]["busy_s"]
    figures = []
    for name in ("int8", "nf4"):
        ratio = paired_ratio(busy[name], busy["fp16"])
        figures.append(Figure(f"time_ratio_{name}", ratio.value, ratio.low, ratio.high, len(busy[name])))
    return Finding("measured", tuple(figures), scope={**claim.settings, "device": at_hand.gpu})
