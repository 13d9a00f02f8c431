"""A documented configuration, tried as written on a tiny model of its family: two optimizer steps with the Trainer.

Where it fails, the smallest set of changes is looked for that makes it run: each one alone, then each pair, every set
tried for real. Keys that a library spells the same are handed to it unchanged, a document's own (`batch_size`) are
translated. Settings: `family` (one of `_tiny.FAMILIES`), `recipe` (keys and values as `literals.as_json` writes them).
Result: `error` ("" when it runs as written), `errors` (what each set of changes that was tried ended with),
`remedies` (the changes that made it run; None when no set did), `deprecated`, `not_used` (keys that mean nothing here).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from itertools import combinations
from pathlib import Path
from typing import Any

from reference_runs.jobs import _calls, _tiny

_STEPS = 2

_ARGUMENTS = {
    "batch_size": "per_device_train_batch_size",
    "gradient_accumulation_steps": "gradient_accumulation_steps",
    "learning_rate": "learning_rate",
    "epochs": "num_train_epochs",
    "optimizer": "optim",
    "scheduler": "lr_scheduler_type",
    "warmup_ratio": "warmup_ratio",
    "warmup_steps": "warmup_steps",
    "weight_decay": "weight_decay",
    "max_grad_norm": "max_grad_norm",
    "gradient_checkpointing": "gradient_checkpointing",
    "bf16": "bf16",
    "seed": "seed",
}
"""Keys of a documented configuration -> what the Trainer calls them."""
_WORDS = {
    "optim": {"adamw": "adamw_torch", "adam": "adamw_torch", "sgd": "sgd", "adamw8bit": "adamw_8bit"},
    "lr_scheduler_type": {
        "cosine_with_warmup": "cosine",
        "linear_with_warmup": "linear",
        "constant_with_warmup": "constant_with_warmup",
    },
}
_LOAD = ("load_in_8bit", "load_in_4bit")
_LORA = {"lora_r": "r", "lora_alpha": "lora_alpha", "lora_dropout": "lora_dropout"}
_ELSEWHERE = ("model", "lora", *_LOAD, *_LORA)


def run(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Try the recipe as written, then with changes until it runs."""
    family, recipe = settings["family"], settings["recipe"]
    saved = _tiny.save(family, folder)

    def tried(changes: Set[str]) -> tuple[str, list[str]]:
        return _tiny.attempt(lambda: _train(family, recipe, changes, saved, folder), recipe)

    error, deprecated = tried(frozenset())
    errors = {"": error} if error else {}
    remedies: list[str] | None = []
    if error:
        remedies = None
        for changes in _sets_of_changes(recipe):
            failed, _ = tried(frozenset(changes))
            if not failed:
                remedies = list(changes)
                break
            errors["+".join(changes)] = failed
    return {
        "error": error,
        "errors": errors,
        "remedies": remedies,
        "deprecated": deprecated,
        "not_used": sorted(set(recipe) - set(_ARGUMENTS) - set(_ELSEWHERE)),
    }


def _sets_of_changes(recipe: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The sets to try, the smallest first; only changes that this recipe leaves room for."""
    changes = []
    if any(recipe.get(key) for key in _LOAD):
        changes.append("quantization_config")
    if "warmup_ratio" in recipe:
        changes.append("warmup_steps")
    changes.append("target_modules" if _has_lora(recipe) else "add_lora")
    return [chosen for size in range(1, len(changes) + 1) for chosen in combinations(changes, size)]


def _has_lora(recipe: Mapping[str, Any]) -> bool:
    return "lora" in recipe or "lora_r" in recipe


def _train(family: str, recipe: Mapping[str, Any], changes: Set[str], saved: Path, folder: Path) -> None:
    from transformers import AutoModelForCausalLM, Trainer, TrainingArguments

    arguments = TrainingArguments(
        output_dir=str(folder / "trainer"), max_steps=_STEPS, report_to="none", disable_tqdm=True, save_strategy="no",
        use_cpu=True, logging_strategy="no", **_arguments(recipe, changes),
    )  # fmt: skip
    model = AutoModelForCausalLM.from_pretrained(saved, **_loading(recipe, changes))
    adapter = _adapter(family, recipe, changes)
    if adapter is not None:
        from peft import get_peft_model

        model = get_peft_model(model, adapter)
    Trainer(model=model, args=arguments, train_dataset=_tiny.samples()).train()


def _arguments(recipe: Mapping[str, Any], changes: Set[str]) -> dict[str, Any]:
    """What the recipe says, in the Trainer's words; a word that it does not know is handed on and fails there."""
    found = {}
    for key, name in _ARGUMENTS.items():
        if key in recipe:
            value = recipe[key]
            words: Mapping[str, str] = _WORDS.get(name, {})
            found[name] = words.get(value.lower().replace("-", "_"), value) if isinstance(value, str) else value
    if "warmup_steps" in changes:
        found["warmup_steps"] = found.pop("warmup_ratio")  # a number below 1 is a share of all steps there
    return found


def _loading(recipe: Mapping[str, Any], changes: Set[str]) -> dict[str, Any]:
    """Keywords of from_pretrained."""
    written = {key: recipe[key] for key in _LOAD if key in recipe}
    if "quantization_config" not in changes or not written:
        return written
    from transformers import BitsAndBytesConfig

    return {"quantization_config": BitsAndBytesConfig(**written)}


def _adapter(family: str, recipe: Mapping[str, Any], changes: Set[str]) -> Any:
    """The documented LoRA configuration, one with peft's own target modules, or none."""
    from peft import LoraConfig

    if "lora" in recipe:
        written = recipe["lora"]
        make: Callable[[Mapping[str, Any]], Any] = lambda named: _calls.call({**written, "named": named}, {})  # noqa: E731
        named = dict(written["named"])
        if "target_modules" in changes:
            del named["target_modules"]  # peft then takes the family's own
        return make(named)
    if "lora_r" in recipe or "add_lora" in changes:
        return LoraConfig(task_type="CAUSAL_LM", **{name: recipe[key] for key, name in _LORA.items() if key in recipe})
    return None
