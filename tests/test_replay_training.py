"""The shipped texts and bases, and the trainings of them: held out is held out, and a seed decides every digit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reference_runs import base, text
from reference_runs.processes import run_jobs, stored_result
from reference_runs.recipe import Recipe, base_job
from reference_runs.records import Job, Result

pytest.importorskip("transformers")

TINY = Recipe("quick", 4, 1e-3, batch_size=4, sequence_length=32, n_samples=64)


def _run(job: Job, runs: Path) -> Result:
    (done,) = run_jobs([job], runs, at_once=1)
    result = stored_result(runs / done.digest())
    assert result is not None and result.error == ""
    return result


@pytest.mark.parametrize("domain", text.FILES)
def test_no_document_is_trained_on_and_held_out(domain: text.Domain) -> None:
    """A tenth of the documents is held out, and none of them is among the others."""
    train, held_out = (text.documents(domain, split) for split in ("train", "held_out"))
    assert len(train) / len(held_out) == pytest.approx(9, rel=0.02)
    assert not set(train) & set(held_out)


@pytest.mark.parametrize("name", ["quick", "full"])
def test_a_shipped_base_is_what_its_record_says(name: base.Base, tmp_path: Path) -> None:
    """Its size, and on fewer held-out samples about its loss; it was not trained on the speeches."""
    made = json.loads((base.folder(name) / "made.json").read_text())
    result = _run(base_job(name, made["sequence_length"]), tmp_path)
    assert result["n_parameters"] == made["n_parameters"]
    assert result["loss"]["prose"] == pytest.approx(made["held_out_loss"][str(made["steps"])], abs=0.1)
    assert result["loss"]["speeches"] > result["loss"]["prose"] + 0.5


def test_a_seed_decides_every_digit(tmp_path: Path) -> None:
    """The same recipe gives the same losses to the last digit; another seed does not."""

    def losses(recipe: Recipe, runs: str) -> list[float]:
        result = _run(recipe.job(), tmp_path / runs)
        return [*result["train_losses"], *result["loss"].values()]

    first = losses(TINY, "first")
    assert losses(TINY, "again") == first
    assert losses(Recipe("quick", 4, 1e-3, 2, batch_size=4, sequence_length=32, n_samples=64), "other") != first


@pytest.mark.parametrize(("batch", "is_same"), [(16, True), (12, False)])
def test_accumulated_gradients(batch: int, is_same: bool, tmp_path: Path) -> None:
    """Four micro-batches of four are a batch of sixteen, not of twelve; of samples of several lengths not even that."""
    settings = {"base": "quick", "batch": batch, "micro_batch": 4, "accumulation": 4, "sequence_length": 32}
    result = _run(Job("accumulation", settings), tmp_path)
    assert (result["difference"] < 1e-4) is is_same
    assert result["difference_several_lengths"] > 0.01
