"""How far runs got: the epoch from which more training did not help, experiments without a success, what to try."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.learn._cases import Case, executed, grouped, ids, of_status
from scanner.learn._experiments import experiments
from scanner.learn._figures import spread
from scanner.learn.scales import decade
from scanner.records import Figure, Learning

LEAST_POINTS = 3
"""A validation curve with fewer points has no shape."""

REMEDIES = ("gradient_checkpointing", "quantization", "lora_r")
LEAST_TRIED = 3
"""Runs of a model below which one kind of setting is no habit yet."""


def useful_epochs(cases: Sequence[Case]) -> list[Learning]:
    """At which epoch the validation loss was lowest, of runs that measured it at least LEAST_POINTS times."""
    found = []
    for case in executed(cases):
        lowest = _lowest(case)
        if lowest is not None:
            found.append((case, *lowest))
    if not found:
        return []
    figures = (
        spread("best", (best for _, best, _ in found)),
        spread("last", (last for _, _, last in found)),
        Figure("before_last", sum(best < last for _, best, last in found)),
        Figure("runs", len(found)),
    )
    return [Learning("useful_epochs", "", figures, ids(case for case, _, _ in found))]


def _lowest(case: Case) -> tuple[float, float] | None:
    """The epoch of the lowest validation loss and the last one, on the run's longest such curve."""
    curves = [s for s in case.run.series if s.metric == "eval_loss"]
    best = max(curves, key=len, default=None)
    if best is None:
        return None
    import numpy as np  # a large import, which a scan without trainings does without

    values, epochs = np.array(best.values), np.array(best.epochs)
    known = np.isfinite(values) & np.isfinite(epochs)
    if known.sum() < LEAST_POINTS:
        return None
    values, epochs = values[known], epochs[known]
    return float(epochs[values == values.min()].min()), float(epochs.max())


def unfinished(cases: Sequence[Case]) -> list[Learning]:
    """Experiments of which no run is known to have succeeded: how many tries, how they ended, how far they got."""
    found = []
    for name, group in experiments(cases):
        if any(case.outcome.status == "success" for case in group):
            continue
        figures = (
            Figure("executed", len(group)),
            Figure("failed", len(of_status(group, "failed"))),
            Figure("unknown", len(of_status(group, "unknown"))),
            Figure("model", group[0].model),
            Figure("project", group[0].run.project),
            spread("epochs_done", (case.number("epochs_done") for case in group)),
            spread("epochs", (case.number("epochs") for case in group)),
        )
        found.append(Learning("unfinished", name, figures, ids(group)))
    return sorted(found, key=lambda x: (-len(x.run_ids), x.subject, x.run_ids))


def suggestions(cases: Sequence[Case]) -> list[Learning]:
    """What the tree leaves open, each with the runs that show it; the subject is the model."""
    found = []
    for model, group in grouped(cases, lambda case: case.model):
        ran = executed(group)
        if not ran:
            found.append(Learning("try_recipe", model, (Figure("declared", len(group)),), ids(group)))
            continue
        oom = [case for case in ran if case.ended_by("oom_gpu")]
        if oom and not any(case.get(field) for case in ran for field in REMEDIES):
            found.append(Learning("try_memory", model, (Figure("oom", len(oom)),), ids(oom)))
        success = of_status(ran, "success")
        if len(success) == 1 and len(ran) > 1:
            found.append(Learning("try_again", model, (Figure("executed", len(ran)),), ids(success)))
        rates = [case for case in ran if (case.number("learning_rate") or 0) > 0]
        decades = {decade(case.number("learning_rate") or 1) for case in rates}
        if len(rates) >= LEAST_TRIED and len(decades) == 1:
            figures = (
                Figure("executed", len(rates)),
                spread("learning_rate", (c.number("learning_rate") for c in rates)),
            )
            found.append(Learning("try_rates", model, figures, ids(rates)))
    order = {"try_memory": 0, "try_again": 1, "try_rates": 2, "try_recipe": 3}
    return sorted(found, key=lambda x: order[x.id])
