"""Which executions are trainings: evaluation, inference, data preparation and mere words are no runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from scanner.assembly.link import Execution
from scanner.knowledge import names_training
from scanner.records import Series

WEIGHTS_FORMATS = ("checkpoint_pickle", "keras_weights", "safetensors_header")
"""Formats that read what a training recorded in the weights that it saved."""


def is_training(execution: Execution) -> bool:
    """Whether the execution updated weights, or was a training's launch that died before it could."""
    if execution.has("evaluates", "prepares") and not _has_training_curve(execution):
        return execution.has("training_start", "trains") and _died(execution)
    if _has_training_curve(execution) or execution.has("training_start", "early_stop"):
        return True
    if execution.has("training_end") and _says_more(execution):
        return True
    if _has_epochs(execution) and not execution.has("evaluates", "prepares"):
        return True
    return _is_training_program(execution) or execution.has("optimizer_state")


def without_mere_weights(executions: Sequence[Execution]) -> list[Execution]:
    """The executions without those of which only weights are left and that lie beside other trainings: a log or a
    tracker's record in the same folder, beside it, or above tells of the training that saved them."""
    rest = [e for e in executions if not _is_mere_weights(e)]
    folders = {unit.folder for execution in rest for unit in execution.units}
    return [e for e in executions if not _is_mere_weights(e) or not _has_others(e, folders)]


def _is_mere_weights(execution: Execution) -> bool:
    return all(
        o.found_by in WEIGHTS_FORMATS
        for unit in execution.units
        for o in (*unit.settings, *(o for found in unit.facts.values() for o in found))
    ) and all(s.found_by in WEIGHTS_FORMATS for s in execution.series())


def _has_others(execution: Execution, folders: Collection[str]) -> bool:
    """Whether any of the folders lies below the folder around the execution's, or above it."""
    own = execution.run_folder if execution.run_folder is not None else execution.primary.folder
    around = own.rpartition("/")[0]
    return any(
        not around or not folder or f"{folder}/".startswith(f"{around}/") or f"{around}/".startswith(f"{folder}/")
        for folder in folders
    )


def _has_training_curve(execution: Execution) -> bool:
    """A training loss (or another training metric) over a counter, not merely a number somewhere."""
    return any(_is_training_metric(s) and _has_axis(s) for s in execution.series()) or any(
        s.metric == "learning_rate" and _has_axis(s) for s in execution.series()
    )


def _is_training_metric(series: Series) -> bool:
    return series.metric.startswith("train_")


def _has_axis(series: Series) -> bool:
    """Whether any point states a step or an epoch (NaN differs from itself)."""
    return any(s == s for s in series.steps) or any(e == e for e in series.epochs)


def _has_epochs(execution: Execution) -> bool:
    """Validation metrics epoch after epoch, or epochs counted against a plan."""
    for series in execution.series():
        epochs = {e for e in series.epochs if e == e}
        if series.metric.startswith(("eval_", "counter:epoch")) and len(epochs) >= 2:
            return True
    return execution.has("plan_epochs") and any(s.metric == "counter:epoch" for s in execution.series())


def _says_more(execution: Execution) -> bool:
    """Whether anything but an end message is left (a flag file says "done" and nothing else)."""
    return any(unit.settings or unit.series or unit.failures() for unit in execution.units)


def _died(execution: Execution) -> bool:
    return any(unit.failures() or unit.has("exception") for unit in execution.units)


def _is_training_program(execution: Execution) -> bool:
    """A record or a failed launch that names a training program."""
    if execution.has("training_program") or _printed_its_plan(execution):
        return True
    trains = any(names_training(str(o.value)) for o in execution.facts("program", "command", "traceback_file"))
    recorded = execution.run_folder is not None and execution.has("tracker_run", "tracker_status")
    return trains and (recorded or _died(execution) or execution.has("plan_steps", "resume"))


def _printed_its_plan(execution: Execution) -> bool:
    """A launch that printed a rate, a batch size or optimizer, and epochs or steps, and stopped before it trained."""
    if execution.has("evaluates", "prepares") or not (execution.has("launch") or _died(execution)):
        return False
    stated = {o.id for unit in execution.units for o in unit.settings if o.origin == "reported"}
    return (
        "learning_rate" in stated
        and bool(stated & {"optimizer", "batch_size"})
        and bool(stated & {"epochs", "max_steps"})
    )
