"""Numbers on a scale against outcomes: learning rates by decade, batch sizes, data set sizes; and the OOM boundary."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.learn._cases import Case, executed, grouped, ids, of_status
from scanner.learn._figures import outcome_figures, spread
from scanner.records import Figure, Learning

NUMERICAL = ("nan_loss", "divergence", "not_converging")


def decade(number: float) -> int:
    """The exponent d with 10^d <= number < 10^(d+1), for positive numbers; compared, so that no logarithm rounds."""
    exponent = int(f"{number:e}".partition("e")[2])
    if number < float(f"1e{exponent}"):
        return exponent - 1
    return exponent + 1 if number >= float(f"1e{exponent + 1}") else exponent


def by_decade(cases: Sequence[Case], field: str) -> list[Learning]:
    """Runs by the decade of a positive number; the subject is the exponent. From the largest decade down."""

    def key(case: Case) -> str | None:
        number = case.number(field)
        return None if number is None or number <= 0 else str(decade(number))

    found = []
    for subject, group in sorted(grouped(cases, key), key=lambda p: -int(p[0])):
        numerical = sum(any(case.ended_by(name) for name in NUMERICAL) for case in executed(group))
        figures = (*outcome_figures(group), Figure("numerical", numerical))
        found.append(Learning(f"{field}_decade", subject, figures, ids(group)))
    return found


def successful_rates(cases: Sequence[Case]) -> list[Learning]:
    """The learning rates of successful runs: median, smallest, largest."""
    found = [case for case in of_status(cases, "success") if (case.number("learning_rate") or 0) > 0]
    if not found:
        return []
    figures = (spread("learning_rate", (case.number("learning_rate") for case in found)),)
    return [Learning("successful_rates", "", figures, ids(found))]


def by_batch_size(cases: Sequence[Case]) -> list[Learning]:
    """Runs by batch size, with those that ran out of GPU memory."""

    def key(case: Case) -> str | None:
        value = case.get("batch_size")
        return None if value is None else str(value)

    found = []
    for subject, group in sorted(grouped(cases, key), key=lambda p: float(p[0])):
        oom = sum(case.ended_by("oom_gpu") for case in group)
        found.append(Learning("by_batch_size", subject, (*outcome_figures(group), Figure("oom", oom)), ids(group)))
    return found


def oom_boundary(cases: Sequence[Case]) -> list[Learning]:
    """Models of which some runs ran out of GPU memory: the smallest batch that did, the largest that did not."""
    found = []
    for subject, group in grouped(executed(cases), lambda case: case.model):
        oom = [case for case in group if case.ended_by("oom_gpu")]
        fitted = of_status(group, "success")
        smallest = spread("oom_batch", (case.number("batch_size") for case in oom))
        if not oom or smallest.value is None:
            continue
        largest = spread("fitting_batch", (case.number("batch_size") for case in fitted))
        figures = (Figure("oom", len(oom)), smallest, Figure("success", len(fitted)), largest)
        found.append(Learning("oom_boundary", subject, figures, ids([*oom, *fitted])))
    return found


def memory(cases: Sequence[Case]) -> list[Learning]:
    """Per GPU and model: the largest batch of a successful run and the smallest that ran out of memory."""

    def key(case: Case) -> str | None:
        gpu, model = case.get("gpu_name"), case.model
        gib = case.number("gpu_memory_gib")
        if (gpu is None and gib is None) or model is None or case.get("batch_size") is None:
            return None
        # Both texts are quoted by repr, so that no name can look like two.
        return repr((None if gpu is None else str(gpu), gib, model))

    found = []
    for _, group in grouped(executed(cases), key):
        fitted, oom = of_status(group, "success"), [case for case in group if case.ended_by("oom_gpu")]
        if not fitted and not oom:
            continue
        one = group[0]
        figures = (
            Figure("model", one.model),
            Figure("gpu_memory_gib", one.number("gpu_memory_gib")),
            spread("fitting_batch", (case.number("batch_size") for case in fitted)),
            spread("oom_batch", (case.number("batch_size") for case in oom)),
        )
        found.append(Learning("memory", str(one.get("gpu_name") or ""), figures, ids([*fitted, *oom])))
    return found


def samples(cases: Sequence[Case]) -> list[Learning]:
    """Data set sizes: the spread per data set."""
    found = []
    for subject, group in grouped(cases, lambda c: None if c.get("dataset") is None else str(c.get("dataset"))):
        figures = (
            *outcome_figures(group),
            spread("train_samples", (case.number("train_samples") for case in group)),
        )
        found.append(Learning("dataset", subject, figures, ids(group)))
    return found
