"""How much a change of settings lowers the peak memory of a training step: the median over several configurations.

[settings]
change = { gradient_checkpointing = true }
[[settings.shapes]]                         # the same step with and without the change
model = "gpt2"
batch_size = 8
sequence_length = 512
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from reference_runs.experiments._shapes import Shape, peak_basis, peak_jobs, scope_of
from reference_runs.records import Claim, Finding, Hardware, Job, Result
from scanner.records import Figure


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """The peak of each shape with and without the change."""
    return peak_jobs(_shapes(claim), at_hand)


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """The median saving, then the smallest and the largest, as shares of the peak without the change."""
    shapes = claim.settings["shapes"]
    savings = [
        1 - results[f"with {number}"]["allocated_gib"] / results[f"without {number}"]["allocated_gib"]
        for number in range(len(shapes))
    ]
    change = {f"change_{name}": value for name, value in claim.settings["change"].items()}
    return Finding(
        peak_basis(_shapes(claim).values(), at_hand),
        (
            Figure("saving", median(savings), n=len(savings)),
            Figure("smallest_saving", min(savings)),
            Figure("largest_saving", max(savings)),
        ),
        scope={**scope_of(shapes), **change},
    )


def _shapes(claim: Claim) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {}
    for number, shape in enumerate(claim.settings["shapes"]):
        shapes[f"without {number}"] = shape
        shapes[f"with {number}"] = {**shape, **claim.settings["change"]}
    return shapes
