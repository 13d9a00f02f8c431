"""Values that follow from what is stated: progress, final losses, the best metric, effective batch.

Each is built on the observation or curve point that shows it; nothing is filled in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scanner.assembly import series as curves
from scanner.assembly.link import Execution
from scanner.knowledge import convert, model_family
from scanner.records import Observation, Scalar, Series, Value

PARALLEL_MODELS = ("megatron",)
"""Frameworks whose world size counts the devices of tensor and pipeline parallelism."""


def measure(execution: Execution, values: dict[str, Value]) -> dict[str, Value]:
    """The values with those added that the curves and plan marks show; stated ones are not overruled, progress is."""
    found = dict(values)
    series = execution.series()
    _losses(series, found)
    _plan(execution, found)
    _epochs_named_by_the_last(series, found)
    _progress(series, execution, found)
    headline = curves.best(series)
    if headline is not None:
        name, point = headline
        found["best_metric_name"] = _value("best_metric_name", point, name)
        found["best_metric_value"] = _value("best_metric_value", point, point.value)
    return found


def derive(values: dict[str, Value]) -> dict[str, Value]:
    """The values with those that follow by arithmetic or naming: effective batch size, model family."""
    found = dict(values)
    batch = values.get("batch_size")
    if batch is not None and isinstance(batch.value, int):
        framework = values.get("framework")
        factors = [values[name] for name in ("gradient_accumulation_steps", "num_devices") if name in values]
        # Where a model is spread over devices, how many of them work on a batch of their own is not said.
        if factors and not (framework is not None and framework.value in PARALLEL_MODELS):
            product = math.prod(int(v.value) for v in (batch, *factors))
            found["effective_batch_size"] = Value(
                "effective_batch_size",
                batch.chosen._replace(id="effective_batch_size", value=product),
                tuple(v.chosen for v in factors),
                "derived",
            )
    model = values.get("model")
    family = model_family(str(model.value)) if model is not None else None
    if model is not None and family is not None:
        found["model_family"] = Value(
            "model_family", model.chosen._replace(id="model_family", value=family), (), "derived"
        )
    return found


def _value(field: str, point: curves.Point, value: Scalar, rule: str = "from_curve") -> Value:
    curve, index = point.series, point.at
    step, epoch = curve.steps[index], curve.epochs[index]
    observation = Observation(
        field,
        curve.written,
        value,
        f"{curve.written} = {curve.values[index]:g}",
        None if math.isnan(step) else step,
        None if math.isnan(epoch) else epoch,
        "reported",
        curve.found_by,
        curve.locator(index),
    )
    return Value(field, observation, (), rule)


def _losses(series: Sequence[Series], found: dict[str, Value]) -> None:
    for metric, field in (("train_loss", "final_train_loss"), ("eval_loss", "final_eval_loss")):
        curve = curves.furthest(series, metric)
        if curve is None and metric == "eval_loss":
            # A loop that measures the test split after every epoch evaluates on it.
            tested = curves.furthest(series, "test_loss")
            curve = tested if tested is not None and len(tested) > 1 else None
        point = curves.last_finite(curve) if curve is not None else None
        if point is not None:
            found[field] = _value(field, point, point.value)


def _plan(execution: Execution, found: dict[str, Value]) -> None:
    """Planned epochs and steps from counters such as `3/10`, where the execution reported them in no other way.

    A bar's total may be an epoch's or an evaluation's, so steps that any setting states stand against it.
    """
    for mark, field in (("plan_epochs", "epochs"), ("plan_steps", "max_steps")):
        stated = [fact for fact in execution.facts(mark) if convert(field, fact.value) is not None]
        asked = found.get(field)
        if stated and (asked is None or (field == "epochs" and asked.chosen.origin != "reported")):
            last = stated[-1]
            others = (*stated[:-1][-5:], *((asked.chosen, *asked.others) if asked is not None else ()))
            found[field] = Value(field, last._replace(id=field), others, "from_counter")


def _epochs_named_by_the_last(series: Sequence[Series], found: dict[str, Value]) -> None:
    """`Epoch 0/9` to `Epoch 9/9` are ten epochs: some loops print the last number for the total."""
    planned = found.get("epochs")
    curve = curves.pick(series, "train_loss")
    if planned is None or planned.rule != "from_counter" or curve is None or "epochs_done" in found:
        return
    numbers = {e for e in curve.epochs if e == e}
    total = float(planned.value)
    # As many numbers first: the plan may be any number that somebody printed.
    if total > 0 and len(numbers) == total + 1 and numbers == {float(n) for n in range(len(numbers))}:
        found["epochs"] = planned._replace(chosen=planned.chosen._replace(value=total + 1), rule="counted_from_0")


def _progress(series: Sequence[Series], execution: Execution, found: dict[str, Value]) -> None:
    step = curves.last_counter(series, "step")
    if step is not None and "steps_done" not in found:
        value = _counted(step, "step")
        if value is not None and convert("steps_done", math.floor(value)) is not None:
            found["steps_done"] = _value("steps_done", step, int(value))
    closed = [o for o in execution.facts("epoch_end") if isinstance(o.value, (int, float))]
    if closed and "epochs_done" not in found:
        last = max(closed, key=lambda o: (float(o.value), o.locator))
        from_0 = min(float(o.value) for o in closed) == 0 or any(o.value == 0 for o in execution.facts("first_epoch"))
        found["epochs_done"] = Value(
            "epochs_done", last._replace(id="epochs_done", value=float(last.value) + from_0), (), "epoch_closed"
        )
    epoch = curves.last_counter(series, "epoch")
    each = _epochs_as_steps(series, found) if epoch is None else None
    if each is not None and "epochs_done" not in found:
        found["epochs_done"] = _value("epochs_done", each, float(each.at + 1), "steps_are_epochs")
    if epoch is not None and "epochs_done" not in found:
        value = _counted(epoch, "epoch")
        if value is not None:
            found["epochs_done"] = _value("epochs_done", epoch, value + _offset(series, execution, found))


def _epochs_as_steps(series: Sequence[Series], found: dict[str, Value]) -> curves.Point | None:
    """The last point of a training curve that has one step for each planned epoch: its steps are the epochs."""
    curve = curves.pick(series, "train_loss")
    planned = found.get("epochs")
    if curve is None or planned is None or "max_steps" in found or len(curve) != float(planned.value):
        return None
    first = curve.steps[0]
    counts = first in (0, 1) and all(step == first + n for n, step in enumerate(curve.steps))
    return curves.Point(curve, len(curve) - 1) if counts and len(curve) > 1 else None


def _counted(point: curves.Point, name: str) -> float | None:
    curve, index = point.series, point.at
    if curve.metric == f"counter:{name}":
        return point.value
    value = curve.steps[index] if name == "step" else curve.epochs[index]
    return None if math.isnan(value) else float(value)


def _offset(series: Sequence[Series], execution: Execution, found: dict[str, Value]) -> int:
    """1 where epochs are counted from 0 in whole numbers, so that epoch 9 is the tenth; else 0.

    A framework that counts from 0 says so (`first_epoch`), since its log may begin later than its first epoch.
    """
    said = execution.facts("first_epoch")
    starts_at_0 = said[0].value == 0 if said else curves.first_counter(series, "epoch") == 0
    if not starts_at_0 or curves.is_fractional(series, "epoch"):
        return 0
    last = curves.last_counter(series, "epoch")
    planned = found.get("epochs")
    reached = _counted(last, "epoch") if last is not None else None
    # A counter that starts at 0 and reaches the plan itself counts finished epochs. (A plan that was itself named by
    # the last number, `Epoch 9/9`, is one more by now and not reached by the counter.)
    return 0 if planned is not None and reached is not None and reached >= float(planned.value) else 1
