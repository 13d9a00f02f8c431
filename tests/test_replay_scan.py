"""What replays leave are logs of a real trainer: our own scanner must read out of them what the recipes put in."""

from __future__ import annotations

import shutil

import pytest

from reference_runs.processes import run_jobs, stored_result
from reference_runs.recipe import Recipe
from reference_runs.records import Job
from scanner import assembly, pipeline
from scanner.records import Outcome, Run
from scanner.settings import Settings

pytest.importorskip("transformers")
pytest.importorskip("peft")

TINY = {"base": "quick", "steps": 5, "batch_size": 4, "sequence_length": 32, "n_samples": 64}
RECIPES = {
    "adamw": Recipe(learning_rate=5e-5, weight_decay=0.01, warmup_ratio=0.4, seed=7, **TINY),
    "lora": Recipe(learning_rate=1e-4, lora_r=8, lora_alpha=16, scheduler="linear", **TINY),
    "nan": Recipe(learning_rate=1e-3, precision="pure_fp16", **TINY),
    "sgd": Recipe(
        learning_rate=0.1, optimizer="sgd", gradient_accumulation_steps=2, scheduler="constant", warmup_ratio=0.0,
        precision="bf16", gradient_checkpointing=True, max_grad_norm=0.5, **TINY,
    ),
    "adam": Recipe(learning_rate=1e-3, optimizer="adam_l2", weight_decay=0.1, **TINY),
}  # fmt: skip
OPTIMIZERS = {"adamw": "AdamW", "sgd": "SGD", "adam_l2": "Adam"}
OUTCOMES = dict.fromkeys(RECIPES, ("success", "plan_reached", ())) | {"nan": ("failed", "loss_ends_nan", ("nan_loss",))}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Run, Outcome]]:
    """Run and outcome by recipe, read from what the trainings left, without what the replay itself notes."""
    top = tmp_path_factory.mktemp("replay")
    jobs = {name: recipe.job() for name, recipe in RECIPES.items()}
    for job in run_jobs(list(jobs.values()), top / "runs", at_once=2):
        assert stored_result(top / "runs" / job.digest()).error == ""
    shutil.copytree(top / "runs", top / "left" / "runs", ignore=shutil.ignore_patterns("job.json", "result.json"))
    settings = Settings(roots=(top / "left",), out=top, jobs=1)
    files, _, observations, series = pipeline.read_tree(settings, lambda _: None)
    runs = assembly.assemble(files, observations, series, [file.path for file in files])
    assert len(runs) == len(RECIPES)
    return {name: _of(job, runs) for name, job in jobs.items()}


def _of(job: Job, runs: list[Run]) -> tuple[Run, Outcome]:
    (run,) = (run for run in runs if job.digest() in run.evidence[0].path)
    return run, assembly.classify(run)


@pytest.mark.parametrize("name", RECIPES)
def test_every_value_of_the_recipe_is_read(found: dict[str, tuple[Run, Outcome]], name: str) -> None:
    """No precision is expected of fp32 and the pure formats: nothing a Trainer writes states them for certain."""
    run, _ = found[name]
    recipe = RECIPES[name]
    expected = {
        "framework": "hf-trainer",
        "device": "cpu",
        "model": "quick",
        "learning_rate": recipe.learning_rate,
        "scheduler": recipe.scheduler,
        "warmup_steps": round(recipe.warmup_ratio * recipe.steps),
        "weight_decay": recipe.weight_decay,
        "max_grad_norm": recipe.max_grad_norm,
        "optimizer": OPTIMIZERS[recipe.optimizer],
        "batch_size": recipe.batch_size,
        "gradient_accumulation_steps": recipe.gradient_accumulation_steps,
        "effective_batch_size": recipe.batch_size * recipe.gradient_accumulation_steps,
        "sequence_length": recipe.sequence_length,
        "gradient_checkpointing": recipe.gradient_checkpointing,
        "max_steps": recipe.steps,
        "train_samples": recipe.n_samples,
        "seed": recipe.seed,
    }
    if recipe.precision == "bf16":
        expected["precision"] = "bf16"
    if recipe.lora_r:
        expected |= {"lora_r": recipe.lora_r, "lora_alpha": recipe.lora_alpha, "lora_dropout": recipe.lora_dropout}
    measured = {"duration_s", "epochs_done", "steps_done", "final_train_loss", "final_eval_loss"}
    assert {field: value.value for field, value in run.values.items() if field not in measured} == expected


@pytest.mark.parametrize("name", RECIPES)
def test_the_outcome_is_the_one_that_happened(found: dict[str, tuple[Run, Outcome]], name: str) -> None:
    """A training whose loss ends as no number failed, however politely it closes; the others came to their plan."""
    _, outcome = found[name]
    assert (outcome.status, outcome.rule, outcome.failures) == OUTCOMES[name]
