"""How much of a full fine-tuning's improvement LoRA reaches, each at its own best learning rate, seed by seed."""

from __future__ import annotations

from collections.abc import Mapping

from reference_runs.experiments import _trainings
from reference_runs.records import Claim, Finding, Hardware, Job, Result
from scanner.records import Figure


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """The grids of the variants `full` and `lora`."""
    return _trainings.training_jobs(claim)


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """The share of the improvement at the best rate, at the documented one, and the share of trained parameters."""
    full, lora = (_trainings.losses(claim, results, variant) for variant in ("full", "lora"))
    start = results[_trainings.BASE]["loss"]["speeches"]
    most = full[_trainings.best_rate(full)]
    best, written = _trainings.best_rate(lora), claim.settings["written_rate"]

    def share(rate: float) -> list[float]:
        return [(start - own) / (start - other) for own, other in zip(lora[rate], most, strict=True)]

    run = results[_trainings.job_name("lora", best, claim.settings["seeds"][0])]
    figures = (
        _trainings.estimate("share", share(best)),
        _trainings.estimate(f"share_at_{written:g}", share(written)),
        Figure("trainable_share", run["n_trainable"] / run["n_parameters"]),
        Figure("learning_rate_lora", best),
        Figure("learning_rate_full", _trainings.best_rate(full)),
    )
    return Finding("measured", figures, scope=_trainings.scope(claim, results))
