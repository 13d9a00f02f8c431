"""Outcomes: what decides, in which order, and on which evidence."""

from __future__ import annotations

import math
from array import array

import pytest

from scanner.assembly import classify
from scanner.records import Evidence, Locator, Observation, Outcome, Run, Scalar, Series, Value

NAN = math.nan


def _seen(name: str, value: Scalar = True, line: int = 50) -> Observation:
    return Observation(
        name, name, value, f"{name} {value}", None, None, "reported", "test", Locator("t.log", line, line)
    )


def _loss(values: list[float], metric: str = "train_loss") -> Series:
    n = len(values)
    epochs, lines = array("d", range(1, n + 1)), array("q", range(10, 10 + n))
    return Series(metric, "loss", "t.log", 0, "test", "", array("d", [NAN] * n), epochs, array("d", values), lines)


def _run(losses: list[float], *signals: Observation, plan: float | None = None, done: float | None = None,
         others: tuple[Series, ...] = ()) -> Run:  # fmt: skip
    values = {
        name: Value(name, _seen(name, value), (), "only")
        for name, value in (("epochs", plan), ("epochs_done", done))
        if value is not None
    }
    curves = (_loss(losses), *others) if losses else others
    return Run("r", "executed", "p", "t.log", values, curves, signals, (), (Evidence("t.log", "execution"),))


FALLING = [2.0, 1.6, 1.3, 1.1, 0.9, 0.8, 0.7, 0.65, 0.6]

CASES = [
    # the plan decides, and names its evidence
    (_run(FALLING, plan=9, done=9), "success", "plan_reached", ()),
    (_run(FALLING, plan=20, done=9), "unknown", "no_end_seen", ()),
    (_run(FALLING, _seen("training_end")), "success", "training_end", ()),
    (_run(FALLING, _seen("early_stop")), "success", "early_stop", ()),
    (_run(FALLING), "unknown", "no_end_seen", ()),
    # an error at the end; an error after the plan; an error after which training went on
    (_run(FALLING, _seen("failure:oom_gpu")), "failed", "fatal_error", ("oom_gpu",)),
    (_run(FALLING, _seen("failure:disk_full"), plan=9, done=9), "success", "plan_reached", ()),
    (_run(FALLING, _seen("failure:oom_gpu", line=12)), "unknown", "no_end_seen", ()),
    # one point behind an error may have been printed late; behind one that the program caught it shows that it went on
    (_run(FALLING, _seen("failure:shape_error", line=17)), "failed", "fatal_error", ("shape_error",)),
    (
        _run(FALLING, _seen("failure:shape_error", "- main - ERROR - Error in batch 0", line=17)),
        "unknown",
        "no_end_seen",
        (),
    ),
    (
        _run(FALLING, _seen("traceback", "- ERROR - Traceback", line=15), _seen("failure:shape_error", line=17)),
        "unknown",
        "no_end_seen",
        (),
    ),
    # the first cause rather than the launcher's last message; a traceback without a rule
    (
        _run([], _seen("failure:distributed", line=60), _seen("failure:import_error")),
        "failed",
        "fatal_error",
        ("import_error",),
    ),
    (_run([], _seen("exception", "KeyError: 'x'")), "failed", "fatal_error", ("exception",)),
    # numbers that are broken, however politely the run ended
    (
        _run([2.0, 1.0, NAN, NAN, NAN, NAN], _seen("training_end"), plan=6, done=6),
        "failed",
        "loss_ends_nan",
        ("nan_loss",),
    ),
    (_run([2.0, NAN, 1.5, 1.2, 1.0], plan=5, done=5), "success", "plan_reached", ()),
    (_run([2.0, 2.1, 5.0, 40.0, 900.0, 1200.0], _seen("training_end")), "failed", "loss_diverged", ("divergence",)),
    (_run([0.6932, 0.6931, 0.693, 0.6932] * 5, _seen("training_end")), "failed", "never_learned", ("not_converging",)),
    (_run([7e8, NAN], plan=2, done=2), "failed", "loss_ends_nan", ("nan_loss",)),
    (_run([2.0, 1.5, NAN]), "unknown", "no_end_seen", ()),
    (_run([2.0, 1.5, NAN], _seen("training_end")), "failed", "loss_ends_nan", ("nan_loss",)),
    # small progress may hide in scatter; a run that was stopped early, resumed or interrupted shows no failure to learn
    (_run([1.2, 0.9, 1.5, 1.0, 1.3, 0.8, 1.4, 1.1] * 3, _seen("training_end")), "success", "training_end", ()),
    (_run([0.6931, 0.6932] * 8, plan=500, done=16), "unknown", "no_end_seen", ()),
    (_run([0.6931, 0.6932] * 8, _seen("resume"), _seen("training_end")), "success", "training_end", ()),
    (_run([0.6931, 0.6932] * 8, _seen("failure:interrupted")), "failed", "fatal_error", ("interrupted",)),
    # losses that may be negative or rise say nothing by their trend
    (_run([-0.07, -0.08, -0.1, 0.1, 0.2], plan=5, done=5), "success", "plan_reached", ()),
    (
        _run([0.0, 0.01, 0.05, 0.2, 0.4], _seen("training_end"), others=(_loss([0.1] * 5, "reward"),)),
        "success",
        "training_end",
        (),
    ),
    # a tracker's word counts where nothing nearer decides
    (_run(FALLING, _seen("tracker_status", "mlflow:4")), "failed", "tracker_failed", ("exception",)),
    (_run(FALLING, _seen("tracker_status", "mlflow:4"), plan=9, done=9), "success", "plan_reached", ()),
    (_run([], _seen("tracker_status", "mlflow:3")), "success", "tracker_finished", ()),
]


@pytest.mark.parametrize(("run", "status", "rule", "failures"), CASES)
def test_outcome(run: Run, status: str, rule: str, failures: tuple[str, ...]) -> None:
    """Each situation gets its status by its rule, with evidence unless it is unknown."""
    outcome = classify(run)
    assert (outcome.status, outcome.rule, outcome.failures) == (status, rule, failures)
    assert bool(outcome.because) == (status != "unknown")


def test_an_error_after_the_end_is_an_issue() -> None:
    """A failed upload does not fail the training; it is listed."""
    outcome = classify(_run(FALLING, _seen("failure:network"), plan=9, done=9))
    assert [(issue.id, issue.kind) for issue in outcome.issues] == [("network", "fatal")]


def test_unknown_says_what_was_missing() -> None:
    """A reader sees what was looked for."""
    assert classify(_run(FALLING, plan=20, done=9)).missing == (
        "plan_not_reached",
        "end_message",
        "error",
        "tracker_status",
    )


def test_overfitting_is_an_issue_not_an_outcome() -> None:
    """Validation loss rising clearly from its minimum while training loss falls."""
    evaluation = _loss([1.5, 1.2, 1.0, 1.05, 1.2, 1.4, 1.6, 1.8, 2.0], "eval_loss")
    outcome = classify(_run(FALLING, plan=9, done=9, others=(evaluation,)))
    assert outcome.status == "success"
    assert [(i.id, i.because.start_line) for i in outcome.issues] == [("overfitting", 12)]


@pytest.mark.parametrize("status", ["success", "failed"])
def test_no_verdict_without_evidence(status: str) -> None:
    """The record itself refuses it."""
    with pytest.raises(ValueError, match="without evidence"):
        Outcome("r", "executed", status, "x")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="declared run has no outcome"):
        Outcome("r", "declared", status, "x", because=(_seen("x"),))  # type: ignore[arg-type]
