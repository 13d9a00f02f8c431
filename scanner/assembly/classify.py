"""Run to Outcome: what decided, on which evidence, and what was looked for in vain.

Order of judgement: numbers that are broken; an error with nothing after it; the plan reached; an explicit end; a
tracker's word; otherwise unknown. A later sign of the training going on makes an earlier error a handled one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from scanner.assembly import series as curves
from scanner.knowledge import failure_classes, status_of
from scanner.records import Issue, Locator, Observation, Outcome, Run, Series, Status

NO_TREND = ("reward", "sharpe")
"""Metrics whose presence says that the loss is no measure of progress (policy gradients, trading objectives)."""

MIN_POINTS_AFTER = 2
"""Points of a curve behind an error that show that the training went on (one may have been printed late)."""

_LOGGED = re.compile(r"(?:^|[\s\[|-])ERROR\b\s*[-:|\]]")
"""An error that the program itself wrote to its log: it was caught, so one point behind it suffices."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    status: Status
    rule: str
    because: tuple[Observation, ...]
    failures: tuple[str, ...] = ()


def classify(run: Run) -> Outcome:
    """The outcome of a run; a declared run is unknown."""
    if run.kind == "declared":
        return Outcome(run.run_id, "declared", "unknown", "declared", missing=("execution",))
    fatal, handled = _split_failures(run)
    plan = _plan_reached(run)
    ended = _first(run, "training_end", "early_stop")
    numeric = _broken(run, plan or ended) or (None if fatal and ended is None else _never_learned(run, plan, ended))
    issues = [*(_issue(o, "handled") for o in handled), *_quality(run)]
    verdict = numeric or _by_plan_or_error(run, fatal, plan, ended)
    if numeric is not None or verdict.status == "success":
        issues += [_issue(o, "fatal") for o in fatal]
    return Outcome(
        run.run_id,
        "executed",
        verdict.status,
        verdict.rule,
        failures=verdict.failures,
        because=verdict.because,
        against=tuple(fatal[:3]) if verdict.status == "success" else (),
        missing=_missing(run, plan, ended, fatal) if verdict.status == "unknown" else (),
        issues=tuple(issues),
    )


def _by_plan_or_error(
    run: Run, fatal: Sequence[Observation], plan: Observation | None, ended: Observation | None
) -> _Verdict:
    if fatal and plan is None and ended is None:
        cause = _cause(fatal)
        return _Verdict("failed", "fatal_error", (cause,), (_class_of(cause),))
    if plan is not None:
        return _Verdict("success", "plan_reached", (plan,))
    if ended is not None:
        rule = "early_stop" if ended.id == "early_stop" else "training_end"
        return _Verdict("success", rule, (ended,))
    tracker = _tracker(run)
    if tracker is not None:
        return tracker
    return _Verdict("unknown", "no_end_seen", ())


def _class_of(signal: Observation) -> str:
    return signal.id.partition(":")[2] or "exception"


def _cause(fatal: Sequence[Observation]) -> Observation:
    """Of the last words of an execution, the class that names the cause; a launcher's or generic message comes last."""
    table = failure_classes()
    return min(fatal, key=lambda o: table[_class_of(o)].precedence if _class_of(o) in table else 95)


def _split_failures(run: Run) -> tuple[list[Observation], list[Observation]]:
    """(fatal at the end, handled on the way): an error after which the same file's training went on was handled."""
    fatal: list[Observation] = []
    handled: list[Observation] = []
    for signal in run.signals:
        if not signal.id.startswith("failure:") and signal.id != "exception":
            continue
        if failure_classes().get(_class_of(signal)) and failure_classes()[_class_of(signal)].kind != "fatal":
            continue
        needed = 1 if _was_logged(run, signal) else MIN_POINTS_AFTER
        (handled if _went_on(run, signal.locator, needed) else fatal).append(signal)
    # The traceback's own line adds nothing where a rule has read what it says.
    read = {o.locator[:2] for o in fatal if o.id != "exception"}
    fatal = [o for o in fatal if o.id != "exception" or o.locator[:2] not in read]
    return fatal, handled


def _was_logged(run: Run, signal: Observation) -> bool:
    """Whether the program wrote an error to its log itself, or the traceback that ends in it."""
    if _LOGGED.search(signal.raw):
        return True
    place = signal.locator
    above = [
        o
        for o in run.signals
        if o.id == "traceback"
        and (o.locator.path, o.locator.segment) == (place.path, place.segment)
        and o.locator.start_line <= place.start_line
    ]
    return bool(above) and _LOGGED.search(max(above, key=lambda o: o.locator.start_line).raw) is not None


def _went_on(run: Run, where: Locator, needed: int) -> bool:
    """Whether curves of the same file have as many points after a place."""
    after = 0
    for series in run.series:
        if series.path == where.path and series.segment == where.segment:
            after = max(after, sum(line > where.end_line for line in series.lines))
    return after >= needed


def _first(run: Run, *names: str) -> Observation | None:
    return next((o for o in run.signals if o.id in names), None)


def _plan_reached(run: Run) -> Observation | None:
    """The observation that shows the planned epochs or steps done: either suffices, but a bar's total decides nothing
    where the planned epochs fell short (it may be one epoch's)."""
    from_0 = any(o.id == "first_step" and o.value == 0 for o in run.signals)
    by_epochs = _reached(run, "epochs", "epochs_done", slack=0.011, extra=0)
    by_steps = _reached(run, "max_steps", "steps_done", slack=0.0, extra=int(from_0))
    if by_steps is not None and by_epochs is None and run.values["max_steps"].rule == "from_counter":
        if "epochs" in run.values and "epochs_done" in run.values:
            return None
    return by_steps or by_epochs


def _reached(run: Run, planned: str, done: str, *, slack: float, extra: int) -> Observation | None:
    """What shows that a plan was done, within a share of it (a trainer floors its epochs)."""
    want, have = run.values.get(planned), run.values.get(done)
    if want is None or have is None or float(want.value) <= 0:
        return None
    return have.chosen if float(have.value) + extra >= float(want.value) * (1 - slack) else None


def _loss(run: Run) -> Series | None:
    return curves.pick(run.series, "train_loss")


def _broken(run: Run, end: Observation | None) -> _Verdict | None:
    """NaN and divergence, which the numbers show however politely the run ended. One NaN at the very end could be a
    cell that recovers, unless the training ends there: its plan is reached, or it says so."""
    loss = _loss(run)
    if loss is None:
        return None
    broken = curves.ends_in_nan(loss)
    if broken is not None and (end is not None or len(loss) - broken >= min(curves.TAIL, len(loss))):
        return _Verdict("failed", "loss_ends_nan", (_at(loss, broken, "nan_loss"),), ("nan_loss",))
    shape = curves.trend(loss)
    if shape is not None and not _has_no_trend(run) and curves.has_diverged(shape):
        return _Verdict("failed", "loss_diverged", (_at(loss, len(loss) - 1, "divergence"),), ("divergence",))
    return None


def _never_learned(run: Run, plan: Observation | None, ended: Observation | None) -> _Verdict | None:
    """A loss that stayed where it began. One that was stopped early, or goes on from trained weights, shows nothing."""
    loss = _loss(run)
    shape = curves.trend(loss) if loss is not None else None
    if loss is None or shape is None or _has_no_trend(run) or _first(run, "resume") is not None:
        return None
    if plan is None and ended is None and not _has_finished(run):
        return None
    if not curves.never_learned(shape) or _evaluation_improves(run):
        return None
    return _Verdict("failed", "never_learned", (_at(loss, len(loss) - 1, "not_converging"),), ("not_converging",))


def _has_no_trend(run: Run) -> bool:
    return any(s.metric.endswith(NO_TREND) for s in run.series)


def _has_finished(run: Run) -> bool:
    """Whether a tracker says that the execution came to its end."""
    verdict = _tracker(run)
    return verdict is not None and verdict.status == "success"


def _evaluation_improves(run: Run) -> bool:
    """Whether the headline metric rises clearly: a loss that hides its progress is no failure then."""
    headline = curves.best(run.series)
    if headline is None:
        return False
    column = [v for v in headline[1].series.values if math.isfinite(v)]
    return len(column) > 1 and abs(headline[1].value - column[0]) > 0.05 * max(abs(column[0]), 1e-9)


def _at(series: Series, index: int, failure: str) -> Observation:
    step, epoch = series.steps[index], series.epochs[index]
    value = series.values[index]
    return Observation(
        f"failure:{failure}",
        series.written,
        value if math.isfinite(value) else str(value),
        f"{series.written} = {value:g}",
        None if math.isnan(step) else step,
        None if math.isnan(epoch) else epoch,
        "reported",
        series.found_by,
        series.locator(index),
    )


def _tracker(run: Run) -> _Verdict | None:
    """What a tracker or scheduler recorded as the end, where nothing nearer to the training decides."""
    for signal in reversed(run.signals):
        if signal.id == "tracker_status":
            state = status_of(str(signal.value))
        elif signal.id == "exit_code":
            state = "finished" if str(signal.value) in ("0", "0.0", "0:0") else "failed"
        else:
            continue
        if state == "failed":
            return _Verdict("failed", "tracker_failed", (signal,), ("exception",))
        if state == "killed":
            return _Verdict("failed", "tracker_killed", (signal,), ("killed",))
        if state == "finished":
            return _Verdict("success", "tracker_finished", (signal,))
    return None


def _issue(signal: Observation, kind: str) -> Issue:
    return Issue(_class_of(signal), kind, signal.locator, signal.raw)


def _quality(run: Run) -> list[Issue]:
    train, evaluation = _loss(run), curves.pick(run.series, "eval_loss")
    if train is None or evaluation is None:
        return []
    onset = curves.overfitting_onset(train, evaluation)
    if onset is None:
        return []
    return [
        Issue(
            "overfitting", "quality", evaluation.locator(onset), f"{evaluation.written} = {evaluation.values[onset]:g}"
        )
    ]


def _missing(
    run: Run, plan: Observation | None, ended: Observation | None, fatal: Sequence[Observation]
) -> tuple[str, ...]:
    """What would have decided and was not found."""
    found = []
    if plan is None:
        has_plan = "epochs" in run.values or "max_steps" in run.values
        found.append("plan_not_reached" if has_plan else "plan")
    if ended is None:
        found.append("end_message")
    if not fatal:
        found.append("error")
    if not any(o.id in ("tracker_status", "exit_code") for o in run.signals):
        found.append("tracker_status")
    return tuple(found)
