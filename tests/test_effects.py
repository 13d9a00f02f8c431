"""Precision and quantization: compared only where nothing else that is stated differs, and only with runs enough."""

from __future__ import annotations

import math

import pytest

from scanner.learn.effects import LEAST, effects, shift
from scanner.records import Figure, Learning
from tests.made_runs import Made, made, snapshot


def _found(*pairs: Made) -> list[Learning]:
    return [x for x in snapshot(*pairs).learnings if x.id.startswith("effect")]


def _side(name: str, losses: list[float], seconds: float, **values: object) -> list[Made]:
    return [
        made(f"p/{name}{n}", "success", script="train.py", model="m", seed=n, batch_size=4, steps_done=100,
             duration_s=seconds, final_eval_loss=loss, **values)  # type: ignore[arg-type]
        for n, loss in enumerate(losses)
    ]  # fmt: skip


def _of(learning: Learning) -> dict[str, Figure]:
    return {figure.name: figure for figure in learning.figures}


def test_the_interval_is_that_of_the_tables() -> None:
    """Differences of 8 and 8: the 14th of 64 from each end (Mann and Whitney's critical value is 13)."""
    first, second = [float(x) for x in range(8)], [10.0 * x for x in range(8)]
    differences = sorted(b - a for a in first for b in second)
    found = shift(first, second)
    assert found is not None
    assert found[1:] == (differences[13], differences[50])
    assert found[0] == (differences[31] + differences[32]) / 2
    assert shift(first[: LEAST - 1], second) is None


def test_the_normal_interval_continues_the_exact_one() -> None:
    """At 50 and 50 runs a side both ways of counting differ by a hair."""
    first, second = [float(x) for x in range(50)], [x + 0.5 for x in range(50)]
    exact, normal = shift(first, second), shift([*first, 50.0], second)
    assert exact is not None and normal is not None
    assert all(math.isclose(a, b, abs_tol=1.5) for a, b in zip(exact, normal, strict=True))


def test_speed_and_loss_of_two_precisions() -> None:
    """bf16 does the same steps in half the time, at the same loss."""
    slow = _side("a", [2.0, 2.1, 2.2, 2.3], 100.0, precision="fp32")
    fast = _side("b", [2.0, 2.1, 2.2, 2.3], 50.0, precision="bf16")
    (learning,) = _found(*slow, *fast)
    figures = _of(learning)
    assert (learning.id, figures["a"].value, figures["b"].value) == ("effect_precision", "bf16", "fp32")
    assert figures["speed"].value == pytest.approx(0.5) and figures["speed"].high == pytest.approx(0.5)
    assert figures["loss"].value == pytest.approx(0.0)
    assert figures["loss"].low is not None and figures["loss"].low < 0 < (figures["loss"].high or 0)
    assert set(learning.run_ids) == {run.run_id for run, _ in (*slow, *fast)}


def test_another_setting_is_another_training() -> None:
    """Runs that differ in the batch, too, are not compared; the learning says how many runs are missing."""
    half = _side("a", [2.0] * 4, 100.0, precision="fp32")
    other = [made(f"p/b{n}", "success", script="train.py", model="m", batch_size=8, precision="bf16") for n in range(4)]
    (learning,) = _found(*half, *other)
    figures = _of(learning)
    assert (learning.id, learning.subject) == ("effect_gap", "precision")
    assert (figures["stated"].value, figures["values"].value, figures["missing"].value) == (8, 2, 4)


def test_too_few_runs_give_no_figure() -> None:
    """Three against four: counted, not compared."""
    found = _found(*_side("a", [2.0] * 3, 9.0, quantization="4bit"), *_side("b", [1.0] * 4, 9.0, quantization="8bit"))
    gap, pair = found
    assert gap.id == "effect_gap" and _of(gap)["missing"].value == 1
    figures = _of(pair)
    assert pair.id == "effect_quantization" and figures["speed"].value is None and figures["loss"].value is None
    assert figures["missing"].value == 1


def test_memory_is_who_ran_out_of_it() -> None:
    """Runs of the same batch that GPU memory ended, of each side."""
    full = [
        made(f"p/o{n}", "failed", script="train.py", failure="oom_gpu", model="m", quantization="none", batch_size=4)
        for n in range(2)
    ]
    four = [
        made(f"p/f{n}", "success", script="train.py", model="m", quantization="4bit", batch_size=4) for n in range(3)
    ]
    pair = next(x for x in _found(*full, *four) if x.id == "effect_quantization")
    assert (_of(pair)["a_oom"], _of(pair)["b_oom"]) == (Figure("a_oom", 0, n=3), Figure("b_oom", 2, n=2))


def test_nothing_stated_nothing_learnt() -> None:
    """A run that does not state its precision is none of either."""
    assert effects([]) == [] and _found(made("a", "success", model="m")) == []
