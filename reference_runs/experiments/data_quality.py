"""A few clean samples against many noisy ones, seed by seed.

The noisy ones are trained on for a number of epochs; the clean ones once for as many epochs and once for as many
steps, of which the one that serves them better counts.

[settings]
one_in = 50               # the stated numbers of samples are divided by it
noise = [0.1, 0.5]        # shares of the words replaced by words of the same texts
epochs = 3
rate = 1e-3
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import mean
from typing import NamedTuple

from reference_runs.experiments import _trainings
from reference_runs.recipe import Recipe, base_job
from reference_runs.records import Claim, Finding, Hardware, Job, Result

BATCH, LENGTH = 8, 64


class _Set(NamedTuple):
    n_samples: int
    noise: float
    steps: int


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """One training for each set of samples and seed."""
    settings = claim.settings
    found = {_trainings.BASE: base_job(settings["base"], LENGTH)}
    for name, own in _sets(claim).items():
        for seed in settings["seeds"]:
            found[_trainings.job_name(name, settings["rate"], seed)] = Recipe(
                settings["base"],
                own.steps,
                settings["rate"],
                seed,
                BATCH,
                sequence_length=LENGTH,
                n_samples=own.n_samples,
                noise=own.noise,
            ).job()
    return found


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """How much lower the loss of the clean samples is than the lowest of the noisy ones, in nats, then every loss."""
    settings = claim.settings
    samples = {
        name: tuple(
            _trainings.loss(results[_trainings.job_name(name, settings["rate"], seed)]) for seed in settings["seeds"]
        )
        for name in _sets(claim)
    }
    samples["clean"] = min(samples["clean_epochs"], samples["clean_steps"], key=mean)
    lowest = [min(samples[name][i] for name in claim.rule_settings["worse"]) for i in range(len(samples["clean"]))]
    gaps = [other - own for own, other in zip(samples["clean"], lowest, strict=True)]
    figures = (
        _trainings.estimate("difference", gaps),
        *(_trainings.estimate(f"eval_loss_{name}", values) for name, values in samples.items() if name != "clean"),
    )
    scope = {
        "n_parameters": results[_trainings.BASE]["n_parameters"],
        "epochs": settings["epochs"],
        "train_samples": ", ".join(
            str(number) for number in dict.fromkeys(own.n_samples for own in _sets(claim).values())
        ),
        "noise": ", ".join(f"{share:g}" for share in settings["noise"]),
        "learning_rate": settings["rate"],
        "batch_size": BATCH,
        "sequence_length": LENGTH,
        "seeds": len(settings["seeds"]),
        "precision": "fp32",
        "device": "cpu",
    }
    return Finding("measured", figures, scope=scope, samples=samples)


def _sets(claim: Claim) -> dict[str, _Set]:
    scale, epochs = claim.settings["one_in"], claim.settings["epochs"]
    clean, noisy = (round(claim.quantity[name] / scale) for name in ("clean", "noisy"))
    few, many = (round(epochs * number / BATCH) for number in (clean, noisy))
    found = {"clean_epochs": _Set(clean, 0.0, few), "clean_steps": _Set(clean, 0.0, many)}
    return found | {f"noise_{share:g}": _Set(noisy, share, many) for share in claim.settings["noise"]}
