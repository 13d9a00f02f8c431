"""What the tool before us reported and must stay impossible (DESIGN section 6): a test for each."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.intake.crawl import OWN_MARK
from scanner.knowledge import find_field
from tests.trees import hf_log, runs_of


def _executed(root: Path, files: dict[str, str | bytes]) -> list[object]:
    return [run for run, _ in runs_of(root, files) if run.kind == "executed"]


def test_lr_sched_is_no_optimizer(tmp_path: Path) -> None:
    """`lr_sched:` was counted as "AdamW 343"."""
    hit = find_field("lr_sched")
    assert hit is None or hit.field == "scheduler"
    files = {"train.log": hf_log(losses=[2.0, 1.0], epochs=2), "conf/lr_sched.yaml": "lr_sched: cosine\nlr: 0.1\n"}
    assert all("optimizer" not in run.values for run, _ in runs_of(tmp_path, files))


def test_connection_pools_are_no_oom(tmp_path: Path) -> None:
    """`HTTPConnectionPool` errors were counted as "OOM 45"."""
    log = "ERROR HTTPConnectionPool(host='x', port=80): Max retries exceeded (pool is full, out of memory of retries)\n"
    assert runs_of(tmp_path, {"scrape.log": log * 5}) == []


@pytest.mark.parametrize("name", ["merges.txt", "vocab.json", "tokenizer_config.json", "special_tokens_map.json"])
def test_tokenizer_files_are_no_training(tmp_path: Path, name: str) -> None:
    """Vocabularies hold every word of machine learning."""
    text = '{"loss": 1, "epoch": 2, "learning_rate": 3, "batch_size": 4, "adamw": 5, "model": 6}'
    assert runs_of(tmp_path, {name: text}) == []


def test_a_cloned_config_zoo_is_not_ours(tmp_path: Path) -> None:
    """Another project's zoo was counted as 423 uses of CUDA."""
    zoo = {
        f"mmdetection/configs/m{n}.py": "optimizer = dict(type='SGD', lr=0.02)\ndevice = 'cuda'\ntotal_epochs = 12\n"
        for n in range(5)
    }
    assert runs_of(tmp_path, {"mmdetection/setup.py": "setup(name='mmdet')", **zoo}) == []


@pytest.mark.parametrize("name", ["README.md", "EGITIM_COMPLETE.md", "docs/report.rst"])
def test_prose_is_no_success(tmp_path: Path, name: str) -> None:
    """A README and a `..._COMPLETE.md` were successful trainings."""
    text = "Training completed successfully! Model: gpt2, lr: 5e-5, batch size 8, 3 epochs, loss: 0.12, CUDA.\n"
    assert runs_of(tmp_path, {name: text}) == []


def test_copies_are_one_attempt(tmp_path: Path) -> None:
    """One preset in 37 backup folders was 37 attempts; one log copied is one run with its copies listed."""
    log = hf_log(losses=[2.0, 1.5, 1.0], epochs=3)
    files = {"train.log": log, **{f"yedek/{n}/train.log": log for n in range(37)}}
    ((run, _),) = runs_of(tmp_path, files)
    assert [e.path for e in run.evidence if e.role == "execution"] == ["train.log"]
    assert sum(e.role == "copy" for e in run.evidence) == 37


def test_copied_presets_are_one_recipe(tmp_path: Path) -> None:
    """A configuration copied into backup folders is declared once."""
    preset = "model_name: gpt2\nlearning_rate: 5.0e-5\nbatch_size: 8\nnum_epochs: 3\noptimizer: AdamW\n"
    found = runs_of(tmp_path, {"preset.yaml": preset, **{f"yedek{n}/preset.yaml": preset for n in range(37)}})
    assert len([run for run, _ in found if run.kind == "declared"]) <= 1


def test_token_ids_are_no_learning_rates(tmp_path: Path) -> None:
    """Numbers beside the letters `lr` in data were learning rates."""
    text = '{"vocab": {"lr": 50256, "Ġlr": 300, "learning_rate": 31337}, "model_max_length": 1024}'
    assert runs_of(tmp_path, {"data/encoder_map.json": text, "sozluk.json": text}) == []


def test_epochs_are_not_truncated(tmp_path: Path) -> None:
    """`epoch: 0.87` became epoch 0."""
    log = "***** Running training *****\n{'loss': 1.5, 'learning_rate': 1e-05, 'epoch': 0.87}\n"
    ((run, _),) = runs_of(tmp_path, {"train.log": log})
    assert run.values["epochs_done"].value == 0.87


def test_own_report_is_no_finding(tmp_path: Path) -> None:
    """The earlier report was found again as trainings."""
    log = hf_log(losses=[2.0, 1.0], epochs=2)
    files = {
        "learnings/" + OWN_MARK: "{}",
        "learnings/data/copy.log": log,
        "learnings/index.html": log,
        "LEARNINGS.md": log,
    }
    assert runs_of(tmp_path, files) == []


@pytest.mark.parametrize(
    "line",
    [
        "usage: train.py [-h] [--lr LR] [--epochs EPOCHS] train.py: avoid Inf/NaN error",
        "(bn1): BatchNorm2d(64, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)",
        "Final answer: the banana is Error in calculation; loss of weight: 1.25 pounds",
        "    # If you see CUDA out of memory, lower the batch size",
    ],
)
def test_words_are_no_events(tmp_path: Path, line: str) -> None:
    """Usage texts, printed modules, bananas and comments neither make a run nor change one."""
    log = hf_log(losses=[2.0, 1.5, 1.0], epochs=3)
    ((run, outcome),) = runs_of(tmp_path / "a", {"train.log": line + "\n" + log + line + "\n"})
    assert (outcome.status, outcome.failures, outcome.issues) == ("success", (), ())
    assert "weight_decay" not in run.values
    assert runs_of(tmp_path / "b", {"out.log": (line + "\n") * 3}) == []


def test_the_word_error_fails_nothing(tmp_path: Path) -> None:
    """A run was failed because a word said "error"."""
    log = "INFO error handler installed, 0 errors so far\n" + hf_log(losses=[2.0, 1.0], epochs=2) + "ERROR rate: 0.1\n"
    ((_, outcome),) = runs_of(tmp_path, {"train.log": log})
    assert (outcome.status, outcome.failures) == ("success", ())


def test_a_recent_file_is_not_alive(tmp_path: Path) -> None:
    """A truncated log is unknown, however young its file is."""
    ((_, outcome),) = runs_of(tmp_path, {"train.log": hf_log(losses=[2.0, 1.5], epochs=9, end=False)})
    assert outcome.status == "unknown"
    assert "plan_not_reached" in outcome.missing
