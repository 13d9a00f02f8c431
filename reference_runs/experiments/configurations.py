"""A documented configuration, tried as written on tiny models of the families it is meant for.

Settings of a claim: `number` of the configuration in its source, `families` for a configuration that names no model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reference_runs.configs import documented
from reference_runs.configs.config_reader import Snippet
from reference_runs.configs.literals import as_json
from reference_runs.memory.models import NamedModel, get_model, named_models
from reference_runs.records import Claim, Finding, Hardware, Job, NotTestable, Result
from scanner.errors import ReplayError
from scanner.records import Figure

TINY = ("gpt2", "gpt_neo", "gpt_neox", "llama", "mistral", "opt", "phi", "qwen2")
"""Families of which `jobs/_tiny.py` makes tiny models (a test compares)."""
_ANY_MODEL = ("large-model", "model-name", "model_name", "any")


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """One job a family."""
    recipe = _recipe(claim)
    written = {one.key: as_json(one.value) for one in recipe.settings}
    return {
        family: Job("legality", {"family": family, "recipe": written}, expected_s=4.0)
        for family in _families(recipe, claim)
    }


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """Whether it runs in every family, the errors on the way to a form that runs, and the changes it takes."""
    errors: list[tuple[str, str]] = []
    remedies: dict[str, None] = {}
    deprecated: dict[str, None] = {}
    for family, result in results.items():
        errors.extend(_errors(family, result["errors"]))
        remedies |= dict.fromkeys(result["remedies"] or ())
        deprecated |= dict.fromkeys(result["deprecated"])
    n_run = sum(not result["error"] for result in results.values())
    return Finding(
        basis="measured",
        figures=(
            Figure("runs", n_run == len(results), n=len(results)),
            Figure("families_that_run", n_run, n=len(results)),
        ),
        scope={
            "families": ", ".join(results),
            "model": "tiny, random weights",
            "steps": 2,
            "deprecated": "; ".join(deprecated),
            "not_used": ", ".join(sorted({key for result in results.values() for key in result["not_used"]})),
            "runs_when_changed": all(result["remedies"] is not None for result in results.values()),
        },
        errors=tuple(errors),
        remedies=tuple(remedies),
    )


def _errors(family: str, tried: Mapping[str, str]) -> list[tuple[str, str]]:
    """The error as written, then each other error that a single change led to."""
    found: dict[str, str] = {}
    for changes, error in tried.items():
        if error not in found.values():
            found[f"{family} + {changes}" if changes else family] = error
    return list(found.items())


def _recipe(claim: Claim) -> Snippet:
    recipe = documented.read(claim.source).document.recipe(int(claim.settings["number"]))
    if recipe is None:
        raise NotTestable("not_stated")
    return recipe


def _families(recipe: Snippet, claim: Claim) -> list[str]:
    """The family of the model that it names; the claim's families for one that is meant for any."""
    model: Any = recipe.get("model")
    if not isinstance(model, str) or model.lower() in _ANY_MODEL:
        return [str(family) for family in claim.settings["families"]]
    found = _named(model)
    if found is None or found.family.model_type not in TINY:
        raise NotTestable("unknown_model")
    return [found.family.model_type]


def _named(model: str) -> NamedModel | None:
    """A model by its name or, as our own reports write it, by its class."""
    by_class = next((one for one in named_models() if one.family.language_model == model), None)
    if by_class is not None:
        return by_class
    try:
        return get_model(model)
    except ReplayError:
        return None
