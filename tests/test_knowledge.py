"""Knowledge as data: every row's own examples hold, and no two rows claim one spelling."""

from __future__ import annotations

from collections import Counter

import pytest

from scanner.formats._base import Document
from scanner.intake.line_rules import read
from scanner.knowledge import (
    Signal,
    convert,
    fields,
    find_field,
    mask_secrets,
    name_metric,
    names_training,
    signals,
    status_of,
)
from scanner.knowledge._names import is_backup
from scanner.knowledge._read import normalize_key, read_toml


def _hits(rule: Signal, line: str) -> bool:
    lowered = line.lower()
    return any(word in lowered for word in rule.keywords) and rule.pattern.search(line) is not None


@pytest.mark.parametrize("rule", signals(), ids=lambda rule: rule.id)
def test_signal_matches_its_examples_and_refuses_near_misses(rule: Signal) -> None:
    """A rule's keywords and pattern together accept its matches and refuse its rejects."""
    assert [line for line in rule.matches if not _hits(rule, line)] == []
    assert [line for line in rule.rejects if _hits(rule, line)] == []


@pytest.mark.parametrize("rule", [rule for rule in signals() if rule.means.startswith("failure:")], ids=lambda r: r.id)
def test_a_failure_is_told_by_one_class(rule: Signal) -> None:
    """The examples of a failure are read as that class through the whole table of rules."""
    for line in rule.matches:
        found = {s.key for s in read(Document("a.log", "log", [line])) if s.key.startswith("failure:")}
        assert rule.means in found


def test_keywords_are_found_on_every_frame_and_line() -> None:
    """A rule fires on each line it matches, on each frame of a redrawn line, and behind letters that fold to two."""
    lines = [
        "10%|\r20%| RuntimeError: CUDA out of memory. Tried to allocate 1 GiB\r30%|",
        "\u0130\u0130\u0130 eğitim bitti",
        "nothing here",
        "Eğitim tamamlandı.",
    ]
    found = [(s.line, s.key) for s in read(Document("a.log", "log", lines))]
    assert found == [(1, "failure:oom_gpu"), (2, "training_end"), (4, "training_end")]


def test_every_signal_refuses_prose() -> None:
    """A page of advice about training states nothing at all."""
    advice = [
        "If you get a CUDA out of memory error, lower the batch size.",
        "# RuntimeErrors are explained in the guide",
        "Common problems: NCCL, import errors, KeyboardInterrupt handling, early stopping, resuming.",
        "Training can be stopped and resumed; see below how to start the training server.",
    ]
    assert [s for s in read(Document("a.log", "log", advice)) if s.role == "mark"] == []


@pytest.mark.parametrize("row", sorted(read_toml("names")))
def test_names_match_their_examples(row: str) -> None:
    """Patterns on names accept and refuse what their rows say."""
    import regex

    table = read_toml("names")[row]
    pattern = regex.compile(table["pattern"], regex.IGNORECASE)
    assert [name for name in table["matches"] if not pattern.search(name)] == []
    assert [name for name in table["rejects"] if pattern.search(name)] == []


def test_no_spelling_belongs_to_two_fields() -> None:
    """One key states one field, unless a row says under which parents."""
    claims = Counter(
        spelling
        for field in fields().values()
        for spelling in {*field.spellings, *field.flags}
        if spelling not in field.only_under
    )
    assert [spelling for spelling, n in claims.items() if n > 1] == []


def test_no_spelling_belongs_to_two_metrics() -> None:
    """One key measures one thing."""
    claims = Counter(
        spelling
        for row in read_toml("metrics")["metric"]
        for spelling in {normalize_key(s) for s in (row["name"], *row["spellings"])}
    )
    assert [spelling for spelling, n in claims.items() if n > 1] == []


@pytest.mark.parametrize("row", read_toml("secrets")["secret"], ids=lambda row: row["id"])
def test_secrets_are_masked(row: dict[str, list[str]]) -> None:
    """Every kind of secret is masked, and look-alikes are left as they stand."""
    assert [text for text in row["matches"] if mask_secrets(text) == text] == []
    assert [text for text in row.get("rejects", []) if mask_secrets(text) != text] == []


@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("LoRA rank", "lora_r"),
        ("LoRA Dropout", "lora_dropout"),
        ("--learning_rate", "learning_rate"),
        ("optimizer.lr", "learning_rate"),
        ("lr_sched", "scheduler"),
        ("per_device_train_batch_size", "batch_size"),
        ("eval.batch_size", None),
        ("tokenizer.max_length", None),
        ("öğrenme_oranı", "learning_rate"),
    ],
)
def test_keys_state_fields(key: str, field: str | None) -> None:
    """The last parts of a key name the field, unless a parent says otherwise."""
    hit = find_field(key)
    assert (hit.field if hit else None) == field


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("val_loss", "eval_loss"),
        ("Training Loss", "train_loss"),
        ("kayıp", "train_loss"),
        ("Doğrulama Kaybı", "eval_loss"),
        ("doğruluk", "accuracy"),
        ("test başarısı", "test_accuracy"),
        ("验证 损失", "eval_loss"),
        ("Validierungs verlust", "eval_loss"),
        ("потери валидации", "eval_loss"),
        ("검증 손실", "eval_loss"),
        ("dönem", "epoch"),
        ("elapsed", None),
    ],
)
def test_keys_name_metrics(key: str, name: str | None) -> None:
    """Split words are taken off either end of a key."""
    found = name_metric(key)
    assert (found.name if found and found.kind != "companion" else None) == name


@pytest.mark.parametrize(
    ("word", "state"), [("mlflow:4", "failed"), ("wandb:exit_0", "finished"), ("wandb:dreaming", None)]
)
def test_trackers_words(word: str, state: str | None) -> None:
    """A tracker's word becomes a state; an unknown word none."""
    assert status_of(word) == state


def test_programs_and_backups_are_told_by_name() -> None:
    """Names decide what a program is for and where copies lie."""
    assert names_training("src/train.py") and not names_training("src/train_eval/evaluate.py")
    assert is_backup("yedek/train.log") and not is_backup("runs/train.log")


@pytest.mark.parametrize(
    ("written", "expected"),
    [("Adam0001", "Adam"), ("sgd_1e-2", "SGD"), ("adamw_8bit", "AdamW8bit"), ("MyOptim2", "MyOptim2")],
)
def test_an_optimizer_with_a_rate_behind_its_name(written: str, expected: str) -> None:
    """A label that begins with the class and ends with a number is that class; other names stay as written."""
    assert convert("optimizer", written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [("model_3", None), ("sequential_12", None), ("functional_1", None), ("model_builder", "model_builder")],
)
def test_keras_own_names_name_no_model(written: str, expected: str | None) -> None:
    """A name that Keras counts up by itself says nothing of what was trained."""
    assert convert("model", written) == expected
