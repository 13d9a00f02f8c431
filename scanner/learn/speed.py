"""Hours by device, and the same training on two devices: only where the runs state how long they took."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from itertools import combinations

from scanner.learn._cases import Case, executed, grouped, ids
from scanner.learn._experiments import key_of
from scanner.records import Figure, Learning

SAME = ("batch_size", "gradient_accumulation_steps", "sequence_length", "precision", "quantization", "lora_r",
        "gradient_checkpointing", "num_devices", "dataset")  # fmt: skip
"""What must not differ between two runs whose speed is compared."""


def hours(cases: Sequence[Case]) -> list[Learning]:
    """Hours of training by device, the most first, of the runs that state both; and how many runs state no duration."""
    found = []
    for name, group in grouped(executed(cases), _device):
        timed = [case for case in group if (case.number("duration_s") or 0) > 0]
        if timed:
            total = math.fsum(case.number("duration_s") or 0 for case in timed) / 3600
            figures = (Figure("hours", total, n=len(timed)), Figure("executed", len(group)))
            untimed = [case for case in group if not (case.number("duration_s") or 0) > 0]
            found.append(Learning("hours", name, figures, ids([*timed, *untimed])))
    return sorted(found, key=lambda x: (-float(x.figures[0].value or 0), x.subject))


def ratios(cases: Sequence[Case]) -> list[Learning]:
    """How many times as many steps a second one device does as another, of the same experiment and settings."""

    def same(case: Case) -> str | None:
        if _device(case) is None or _rate(case) is None:
            return None
        return repr((key_of(case), [case.get(field) for field in SAME]))

    found = []
    for _, group in grouped(executed(cases), same):
        for (a, first), (b, second) in combinations(sorted(grouped(group, _device)), 2):
            slow, fast = sorted(((_median(first), a, first), (_median(second), b, second)), key=lambda x: x[:2])
            figures = (
                Figure("slow", slow[1], n=len(slow[2])),
                Figure("fast", fast[1], n=len(fast[2])),
                Figure("ratio", fast[0] / slow[0], n=len(group)),
                Figure("slow_rate", slow[0]),
                Figure("fast_rate", fast[0]),
            )
            found.append(Learning("speed", first[0].model or "", figures, ids([*slow[2], *fast[2]])))
    return found


def _device(case: Case) -> str | None:
    """The GPU's name, else the device; what merely was in the machine of a CPU run does not count."""
    device = case.get("device")
    name = case.get("gpu_name") if device != "cpu" else None
    found = name or device
    return None if found is None else str(found)


def _rate(case: Case) -> float | None:
    """Steps a second over the whole training."""
    steps, seconds = case.number("steps_done"), case.number("duration_s")
    return steps / seconds if steps and seconds and steps > 0 and seconds > 0 else None


def _median(cases: Sequence[Case]) -> float:
    return statistics.median_low([rate for case in cases if (rate := _rate(case)) is not None])
