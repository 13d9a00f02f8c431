"""Whether there is a GPU memory in which a small batch fits and a large one does not.

[quantity]
fails = 16
fits = 4
low = 4         # GiB: the GPUs in question
high = 24
[settings]
model = "gpt2"
sequence_lengths = [512, 128, 1024]         # the first is judged
"""

from __future__ import annotations

from collections.abc import Mapping

from reference_runs.experiments._shapes import Shape, peak_basis, peak_jobs
from reference_runs.memory.answer import CONTEXT_AND_WORKSPACES_GIB, CONTEXT_GIB, SPREAD
from reference_runs.records import Claim, Finding, Hardware, Job, Result
from scanner.records import Figure


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """The peak of both batches at each length."""
    return peak_jobs(_shapes(claim), at_hand)


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """The window's width in GiB at the first length, then where each length's window begins and ends.

    It begins where the small batch fits for certain and ends where the large one might.
    """
    least, most = claim.quantity["low"], claim.quantity["high"]
    figures = []
    for length in claim.settings["sequence_lengths"]:
        small, large = results[f"fits {length}"], results[f"fails {length}"]
        begin = max(least, SPREAD * small["reserved_gib"] + CONTEXT_AND_WORKSPACES_GIB)
        end = min(most, large["allocated_gib"] + CONTEXT_GIB)
        figures.append(Figure(f"window_gib_at_{length}", end - begin, begin, end))
    judged = figures[0]
    lengths = ", ".join(str(length) for length in claim.settings["sequence_lengths"])
    return Finding(
        peak_basis(_shapes(claim).values(), at_hand),
        (Figure("window_gib", judged.value), *figures),
        scope={"model": claim.settings["model"], "sequence_length": lengths, "precision": "fp32"},
    )


def _shapes(claim: Claim) -> dict[str, Shape]:
    model = claim.settings["model"]
    return {
        f"{name} {length}": {"model": model, "batch_size": int(claim.quantity[name]), "sequence_length": length}
        for name in ("fits", "fails")
        for length in claim.settings["sequence_lengths"]
    }
