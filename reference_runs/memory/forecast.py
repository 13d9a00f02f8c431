"""From what a run states to the predicted peak of its training: what it states, what had to be assumed, or why not."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reference_runs.memory.advice import changes, settings_of
from reference_runs.memory.answer import answer
from reference_runs.memory.models import find_named
from reference_runs.memory.predict import Predictor
from reference_runs.memory.shape import Head, Optimizer, Precision, Quantization, TrainingShape
from scanner.records import Figure, Forecast, Run, Scalar

SEQUENCE_LENGTH = 512
"""Assumed where none is stated: the length that fine-tuning scripts pad or cut to most often."""
LORA_R = 16
"""Assumed where weights are quantized and no rank is stated: something else must be trained."""
ENCODERS = ("bert", "roberta", "xlm-roberta", "distilbert")
"""Fine-tuned as classifiers; their head over the vocabulary is for pretraining."""
SHARDED = ("deepspeed", "megatron", "fairseq")
"""Frameworks that spread weights, gradients or optimizer states over devices: one device's share is not known."""

MOBILE = ("laptop", "mobile", "max-q")
"""Marks of GPUs that have another size than their number says."""

PRECISIONS: Mapping[str, Precision] = {"fp32": "fp32", "tf32": "tf32", "fp16": "fp16", "bf16": "bf16"}
OPTIMIZERS: Mapping[str, Optimizer] = {
    "AdamW": "adamw",
    "Adam": "adam",
    "AdamW8bit": "adamw_8bit",
    "Adam8bit": "adamw_8bit",
    "PagedAdamW8bit": "adamw_8bit",
    "PagedAdamW32bit": "adamw_fused",
    "Adafactor": "adafactor",
    "Adagrad": "adagrad",
    "Lion": "lion",
    "RMSprop": "rmsprop",
    "SGD": "sgd",
}
QUANTIZATIONS: Mapping[str, Quantization] = {"4bit": "nf4", "8bit": "int8"}

_CAPACITY = re.compile(r"(?P<before>[\d.]+) GiB total capacity|total capacity of (?P<after>[\d.]+) GiB")


@dataclass(frozen=True, slots=True)
class Reading:
    """A training's settings as a shape."""

    shape: TrainingShape | None
    """None when nothing can be predicted."""
    assumed: tuple[str, ...] = ()
    """Fields that are not stated and that the shape assumes."""
    reason: str = ""
    """Why there is no shape, in words."""


def read_settings(values: Mapping[str, Scalar]) -> Reading:
    """Fields of a run and their values to a shape. Abstains rather than guess a model or a batch."""
    model = values.get("model")
    if not isinstance(model, str):
        return Reading(None, reason="no model is stated")
    known = find_named(model)
    if known is None:
        return Reading(None, reason=f"the shape of {model} is not known")
    if "batch_size" not in values:
        return Reading(None, reason="no batch_size is stated")
    if values.get("framework") in SHARDED:
        return Reading(None, reason=f"{values['framework']} spreads a training over devices")
    if values.get("device") not in (None, "cuda", "rocm"):
        return Reading(None, reason=f"it trains on {values['device']}")
    if values.get("precision") == "fp8":
        return Reading(None, reason="fp8 is not modelled")
    assumed = []

    def stated(field: str, otherwise: Scalar) -> Scalar:
        if field not in values:
            assumed.append(field)
        return values.get(field, otherwise)

    quantization = QUANTIZATIONS.get(str(values.get("quantization")))
    lora_r = int(stated("lora_r", LORA_R)) if quantization or "lora_r" in values else None
    optimizer = OPTIMIZERS.get(str(stated("optimizer", "AdamW")))
    if optimizer is None:
        optimizer = "adamw"
        assumed.append("optimizer")
    limit = int(known.arguments.get(known.family.positions) or SEQUENCE_LENGTH)
    head: Head = "classification" if known.family.model_type in ENCODERS else "language_model"
    shape = TrainingShape(
        model=model,
        batch_size=int(values["batch_size"]),
        sequence_length=int(stated("sequence_length", min(SEQUENCE_LENGTH, limit))),
        precision=PRECISIONS[str(stated("precision", "fp32"))],
        optimizer=optimizer,
        gradient_accumulation_steps=int(stated("gradient_accumulation_steps", 1)),
        gradient_checkpointing=bool(stated("gradient_checkpointing", False)),
        lora_r=lora_r,
        quantization=quantization,
        head=head,
    )
    return Reading(shape, tuple(assumed))


def read_run(run: Run) -> Reading:
    """As `read_settings`, of a stored run."""
    return read_settings({name: value.value for name, value in run.values.items()})


def memory_of(run: Run) -> float | None:
    """The memory of the run's GPU in GiB: stated, from the message that it ran out, or of a GPU known by its name."""
    value = run.values.get("gpu_memory_gib")
    if value is not None:
        return float(value.value)
    for signal in run.signals:
        found = _CAPACITY.search(signal.raw)
        if found:
            return float(found["before"] or found["after"])
    name = run.values.get("gpu_name")
    return _memory_by_name(str(name.value)) if name is not None else None


def forecast(
    run_id: str, shape: TrainingShape, assumed: tuple[str, ...], gpu_memory_gib: float, predictor: Predictor
) -> Forecast:
    """The predicted peak beside a GPU's memory, with the changes that fit where it does not."""
    found = predictor.predict(shape)
    fit = answer(found.allocated_gib, found.reserved_gib, gpu_memory_gib)
    return Forecast(
        run_id=run_id,
        settings=settings_of(shape),
        assumed=assumed,
        gpu_memory_gib=gpu_memory_gib,
        allocated_gib=found.allocated_gib,
        reserved_gib=found.reserved_gib,
        answer=fit,
        parts=tuple(Figure(name, size) for name, size in found.parts.items()),
        changes=() if fit == "fits" else changes(shape, gpu_memory_gib, predictor),
    )


def _memory_by_name(name: str) -> float | None:
    folded = name.casefold()
    if any(word in folded for word in MOBILE):
        return None
    return next((gib for pattern, gib in _gpus() if pattern.search(folded)), None)


@cache
def _gpus() -> tuple[tuple[re.Pattern[str], float], ...]:
    rows = tomllib.loads(Path(__file__).with_name("gpus.toml").read_text("utf-8"))["gpu"]
    return tuple((re.compile(row["pattern"]), float(row["gib"])) for row in rows)
