"""Logs of many lines alike: read by shape, with the result that line by line reading gives."""

from __future__ import annotations

import pytest
from scipy.special import ndtri

from scanner.formats._base import Document
from scanner.formats._shapes import Shapes
from scanner.intake.extract import extract
from scanner.intake.read_file import vocabulary
from scanner.knowledge import signals
from scanner.learn._figures import CONFIDENCE, NORMAL_QUANTILE
from scanner.records import Findings, SourceFile


def found_in(lines: list[str]) -> Findings:
    document = Document("run/train.log", "log", lines, naming=vocabulary())
    return extract(document, SourceFile("run/train.log", 1, "", "utf-8", (), 0, 0))


def curves(found: Findings) -> dict[tuple[str, int], list[tuple[int, float, float]]]:
    """(key, segment) -> (line, value, epoch) of each point."""
    return {
        (s.written, s.segment): list(zip(s.lines, s.values, s.epochs, strict=True))
        for s in found.series
        if s.found_by in ("hf_console", "plain_loop")
    }


def of_trainer(n: int) -> list[str]:
    return [f"{{'loss': {9 - i / 1000:.3f}, 'learning_rate': 5e-05, 'epoch': {i / 100:.2f}}}" for i in range(1, n)]


def test_dictionaries_of_the_trainer_are_one_curve_in_the_order_of_the_lines() -> None:
    lines = of_trainer(1200)
    lines[500] += " "  # of another shape, between the others
    found = found_in(lines)
    expected = [(i, round(9 - i / 1000, 3), round(i / 100, 2)) for i in range(1, 1200)]
    assert curves(found) == {
        ("loss", 0): expected,
        ("learning_rate", 0): [(line, 5e-05, epoch) for line, _, epoch in expected],
    }
    assert [(o.id, o.value, o.locator.start_line) for o in found.observations] == [("framework", "hf-trainer", 1)]


def test_a_training_that_begins_again_cuts_the_columns() -> None:
    found = found_in([*of_trainer(300), *of_trainer(200)])
    sizes = {(key, segment): (points[0][0], len(points)) for (key, segment), points in curves(found).items()}
    assert sizes == {
        ("loss", 0): (1, 299),
        ("learning_rate", 0): (1, 299),
        ("loss", 1): (300, 199),
        ("learning_rate", 1): (300, 199),
    }
    assert [(s.written, s.segment) for s in found.series] == list(sizes)


def test_lines_of_a_loop_are_read_with_their_own_numbers() -> None:
    lines = [
        f"[2024-01-01 10:00:{i % 60:02d}] Epoch {i}/300 loss: {1 / i:.4f} acc: {i / 3:.1f}%" for i in range(1, 301)
    ]
    found = curves(found_in(lines))
    assert found["loss", 0] == [(i, float(f"{1 / i:.4f}"), float(i)) for i in range(1, 301)]
    assert found["acc", 0] == [(i, float(f"{i / 3:.1f}"), float(i)) for i in range(1, 301)]


def test_a_key_with_a_digit_is_not_taken_for_another() -> None:
    lines = [f"Epoch {i} top{1 + 4 * (i % 2)} acc: 0.{i:03d}" for i in range(1, 100)]
    found = curves(found_in(lines))
    assert [line for line, _, _ in found["top1 acc", 0]] == list(range(2, 100, 2))
    assert [line for line, _, _ in found["acc", 0]] == list(range(1, 100, 2))


def test_shapes_hold_every_word_once() -> None:
    lines = ["step 10: loss 0.5", "step 20: loss 0.7", "bar 1%\rbar 2%", "exit code 137"]
    text = "\n".join(lines)
    shapes = Shapes(lines, text)
    assert (shapes.of, shapes.words()) == ([0, 0, 1, 2], "step 00: loss 0.0\nbar 0%\nexit code 000")
    asked = {literal: shapes.mentions(literal, text) for literal in ("loss", "code 137", "code 138", "gain")}
    assert asked == {"loss": True, "code 137": True, "code 138": False, "gain": False}


@pytest.mark.parametrize("rule", [rule for rule in signals() if rule.is_digit_blind], ids=lambda rule: rule.id)
def test_a_digit_blind_rule_matches_the_shapes_of_what_it_matches(rule) -> None:  # type: ignore[no-untyped-def]
    shapes = [text.translate(str.maketrans("123456789", "000000000")) for text in (*rule.matches, *rule.rejects)]
    matched = [rule.pattern.search(shape) is not None for shape in shapes]
    assert matched == [rule.pattern.search(text) is not None for text in (*rule.matches, *rule.rejects)]


def test_the_quantile_of_the_intervals() -> None:
    assert float(ndtri(0.5 + CONFIDENCE / 2)) == NORMAL_QUANTILE


def test_a_table_filled_throughout_is_cut_where_its_counter_begins_again() -> None:
    rows = [(epoch, 9 - i / 100) for i, epoch in enumerate([*range(250), *range(100)])]
    lines = ["epoch,train_loss,val_loss", *(f"{epoch},{loss:.2f},{loss + 1:.2f}" for epoch, loss in rows)]
    document = Document("run/history_log.csv", "csv", lines, naming=vocabulary())
    found = extract(document, SourceFile("run/history_log.csv", 1, "", "utf-8", (), 0, 0))
    points = {(s.written, s.segment): list(zip(s.lines, s.values, s.epochs, strict=True)) for s in found.series}
    train = [(at + 2, round(loss, 2), float(epoch)) for at, (epoch, loss) in enumerate(rows)]
    valid = [(line, round(loss + 1, 2), epoch) for line, loss, epoch in train]
    assert points == {
        ("train_loss", 0): train[:250],
        ("val_loss", 0): valid[:250],
        ("train_loss", 1): train[250:],
        ("val_loss", 1): valid[250:],
    }
