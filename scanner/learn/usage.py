"""What was used how often and how it ended: models, optimizers, schedulers, devices and the like."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.learn._cases import Case, Key, executed, grouped, ids, of_status
from scanner.learn._figures import outcome_figures, spread
from scanner.records import Figure, Learning

TEXT_FIELDS = ("optimizer", "scheduler", "device", "gpu_name", "framework", "precision", "quantization")
"""Fields counted value by value, each as the learning `by_<field>`."""


def by_field(cases: Sequence[Case]) -> list[Learning]:
    """One learning a value of a field."""
    found = []
    for field in TEXT_FIELDS:
        found += _by(f"by_{field}", cases, _text(field))
    return found


def _text(field: str) -> Key:
    def key(case: Case) -> str | None:
        value = case.get(field)
        return None if value is None else str(value)

    return key


def _by(name: str, cases: Sequence[Case], key: Key) -> list[Learning]:
    return [Learning(name, subject, outcome_figures(group), ids(group)) for subject, group in grouped(cases, key)]


def models(cases: Sequence[Case]) -> list[Learning]:
    """Attempts by model family, with the settings of the successful ones."""
    found = []
    for subject, group in grouped(cases, lambda case: case.model):
        names = sorted({str(case.get("model")) for case in group if case.get("model") is not None})
        succeeded = of_status(group, "success")
        figures = (
            *outcome_figures(group),
            *(Figure("name", name) for name in names[:5]),
            Figure("names", len(names)),
            spread("batch_size", (case.number("batch_size") for case in succeeded)),
            spread("learning_rate", (case.number("learning_rate") for case in succeeded)),
        )
        found.append(Learning("by_model", subject, figures, ids(group)))
    return found


def lora(cases: Sequence[Case]) -> list[Learning]:
    """Runs that state a LoRA rank, by rank."""

    def rank(case: Case) -> str | None:
        value = case.get("lora_r")
        return None if value is None else str(value)

    return _by("by_lora_r", cases, rank)


def stated(cases: Sequence[Case], fields: Sequence[str]) -> list[Learning]:
    """How many executed runs state a field: the denominators of everything else, and the gaps of the record."""
    ran = executed(cases)
    found = []
    for field in fields:
        without = [case for case in ran if case.get(field) is None]
        figures = (Figure("stated", len(ran) - len(without)), Figure("missing", len(without)), Figure("of", len(ran)))
        found.append(Learning("stated", field, figures, ids(without)))
    return found


TRACKERS = ("wandb", "mlflow", "tensorboard")


def trackers(cases: Sequence[Case]) -> list[Learning]:
    """Executed runs of which a tracker's own files were read, by tracker."""
    found = []
    for name in TRACKERS:
        group = [case for case in executed(cases) if any(by.startswith(name) for by in _readers(case))]
        if group:
            found.append(Learning("tracker", name, (Figure("executed", len(group)),), ids(group)))
    return sorted(found, key=lambda learning: (-len(learning.run_ids), learning.subject))


def _readers(case: Case) -> set[str]:
    """The formats that saw something of a run."""
    run = case.run
    stated = (*(value.chosen for value in run.values.values()), *run.signals)
    return {o.found_by for o in stated} | {series.found_by for series in run.series}


def accumulation(cases: Sequence[Case]) -> list[Learning]:
    """Executed runs that accumulate gradients over more than one step, and their effective batch."""
    found = [c for c in executed(cases) if (c.number("gradient_accumulation_steps") or 0) > 1]
    if not found:
        return []
    figures = (
        *outcome_figures(found),
        spread("steps", (c.number("gradient_accumulation_steps") for c in found)),
        spread("effective_batch_size", (c.number("effective_batch_size") for c in found)),
    )
    return [Learning("accumulation", "", figures, ids(found))]


def warmup(cases: Sequence[Case]) -> list[Learning]:
    """Executed runs that ask for a warm-up, as steps or as a share of them."""
    found = [c for c in executed(cases) if any((c.number(f) or 0) > 0 for f in ("warmup_steps", "warmup_ratio"))]
    if not found:
        return []
    figures = (
        *outcome_figures(found),
        spread("steps", (c.number("warmup_steps") or None for c in found)),
        spread("ratio", (c.number("warmup_ratio") or None for c in found)),
    )
    return [Learning("warmup", "", figures, ids(found))]


def checkpointing(cases: Sequence[Case]) -> list[Learning]:
    """Executed runs with gradient checkpointing on."""
    found = [c for c in executed(cases) if c.get("gradient_checkpointing") is True]
    return [Learning("checkpointing", "", outcome_figures(found), ids(found))] if found else []
