"""Whether the epochs that the Trainer writes down were asked for, or only follow from a limit in steps.

The Trainer always writes both `Num Epochs` and `Total optimization steps`. Where steps were the plan, the epochs are
those steps rounded up to whole epochs; where epochs were the plan, the steps are a whole number of steps for each.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

MAX_EPOCHS = 10_000_000
"""The Trainer writes the largest integer where data of unknown length are trained on for a number of steps."""


def epochs_are_planned(epochs: int, steps: int, per_epoch: Iterable[int]) -> bool:
    """Whether the steps are exactly the epochs, for any of the possible numbers of steps in an epoch."""
    return 0 < epochs < MAX_EPOCHS and any(n > 0 and epochs * n == steps for n in per_epoch)


def steps_per_epoch_by_progress(step: float, epoch: float) -> set[int]:
    """Whole numbers of updates that one epoch may have, when so many steps are so many epochs."""
    if not (math.isfinite(step) and math.isfinite(epoch)) or step <= 0 or epoch <= 0:
        return set()
    ratio = step / epoch
    return {math.floor(ratio + 1e-6), math.ceil(ratio - 1e-6)}


def steps_per_epoch_by_size(examples: int, per_device: int, total_batch: int, accumulation: int) -> set[int]:
    """Whole numbers of updates that one epoch may have: the last batch and the last accumulation kept or dropped."""
    shared = total_batch // accumulation if accumulation > 0 else 0
    if shared <= 0 or per_device <= 0:
        return set()
    devices = max(1, shared // per_device)
    batches = {
        -(-examples // shared),  # rounded up, whatever the size
        examples // shared,
        -(-examples // per_device // devices),
        -(-examples // devices // per_device),
    }
    return {max(1, n) for b in batches for n in (b // accumulation, -(-b // accumulation))}
