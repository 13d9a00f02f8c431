"""The cheapest changes that make a training fit, and the largest batch that does; every answer is a traced step.

Cheap means how little of the training changes. First what computes the same update (a smaller micro batch with more
accumulation, gradient checkpointing, a fused optimizer), then what computes nearly the same (mixed precision, an 8-bit
optimizer), then what trains something else (adapters, adapters over quantized weights).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from reference_runs.memory.answer import CONTEXT_GIB, answer
from reference_runs.memory.predict import Predictor
from reference_runs.memory.shape import TrainingShape
from scanner.errors import ReplayError
from scanner.records import Change, Fit, Scalar

N_CHANGES = 3
"""More would be a list to search, not advice."""
ADAPTER_RANK = 16
MOST_SAMPLES = 4096
"""Past this a batch is no longer bounded by memory in any training that people run."""

STATES = {"adamw": 4.0, "adam": 4.0, "adamw_fused": 4.0, "adamw_8bit": 2.5}
"""Weights, gradients and optimizer states in sizes of the weights, rounded down."""

OPTIMIZER_WORDS = {"adamw_fused": "adamw_torch_fused", "adamw_8bit": "AdamW8bit"}
"""How a change of the optimizer is written: the canonical class, or the trainer's word where there is no class."""
QUANTIZATION_WORDS = {"nf4": "4bit", "int8": "8bit"}


@dataclass(frozen=True, slots=True)
class BatchLimit:
    """The largest batch for a GPU's memory; 0 where not even one sample does."""

    fits: int
    """Largest that fits for certain."""
    possible: int
    """Largest of which it is not certain that it does not fit."""


def changes(shape: TrainingShape, gpu_memory_gib: float, predictor: Predictor) -> tuple[Change, ...]:
    """Up to N_CHANGES changes after which the training fits, the cheapest first; where none fits, those that might.

    Each is the least of its kind: with the largest micro batch of the same effective batch that fits. One that needs
    a smaller micro batch than a cheaper one is left out. Empty when nothing helps.
    """
    for wanted in (("fits",), ("fits", "borderline")):
        found = tuple(islice(_search(shape, gpu_memory_gib, predictor, wanted), N_CHANGES))
        if found:
            return found
    return ()


def max_batch(shape: TrainingShape, gpu_memory_gib: float, predictor: Predictor) -> BatchLimit:
    """The largest micro batch of a shape, whatever its own is, by bisection over traced steps.

    A line through two traces would mislead: the peak moves from the optimizer's step to the backward pass.
    """

    def said(batch: int) -> Fit:
        return _answer(replace(shape, batch_size=batch), gpu_memory_gib, predictor)

    return BatchLimit(_largest(lambda n: said(n) == "fits"), _largest(lambda n: said(n) != "does_not_fit"))


def settings_of(shape: TrainingShape, before: TrainingShape | None = None) -> tuple[tuple[str, Scalar], ...]:
    """A shape as fields of a run and their values, without what is not used; with `before` only what differs."""
    found: dict[str, Scalar | None] = {
        "model": shape.model,
        "batch_size": shape.batch_size,
        "gradient_accumulation_steps": shape.gradient_accumulation_steps,
        "sequence_length": shape.sequence_length,
        "precision": shape.precision,
        "optimizer": OPTIMIZER_WORDS.get(shape.optimizer, shape.optimizer),
        "gradient_checkpointing": shape.gradient_checkpointing or None,
        "lora_r": shape.lora_r,
        "quantization": QUANTIZATION_WORDS.get(shape.quantization or ""),
    }
    old = dict(settings_of(before)) if before is not None else {}
    return tuple((name, value) for name, value in found.items() if value is not None and old.get(name) != value)


def _search(
    shape: TrainingShape, gpu_memory_gib: float, predictor: Predictor, wanted: Sequence[Fit]
) -> Iterator[Change]:
    weights = predictor.predict(shape).parts["weights"]

    def does(candidate: TrainingShape) -> bool:
        if _floor(candidate, shape, weights) + CONTEXT_GIB > gpu_memory_gib:
            return False
        try:
            return _answer(candidate, gpu_memory_gib, predictor) in wanted
        except ReplayError:
            return False  # adapters that an architecture does not know are no way out

    largest = 0
    for variants in _tiers(shape):
        found = False
        for variant in variants:
            # The same micro batch with one change more is no advice.
            sizes = [size for size in _micro_batches(variant) if size.batch_size > largest and size != shape]
            least = _first(sizes, does)
            if least is not None:
                found, largest = True, least.batch_size
                prediction = predictor.predict(least)
                peak = prediction.allocated_gib, prediction.reserved_gib
                yield Change(settings_of(least, shape), *peak, answer(*peak, gpu_memory_gib))
        if found:
            return  # what changes the training more is for those whom nothing else helps


def _tiers(shape: TrainingShape) -> Iterator[list[TrainingShape]]:
    """The shape with each kind of change, the cheapest first: the same update, nearly the same, another training."""
    once = [shape]
    if not shape.gradient_checkpointing:
        once.append(replace(shape, gradient_checkpointing=True))
    if shape.optimizer == "adamw":
        once += [replace(variant, optimizer="adamw_fused") for variant in once]
    yield once
    lean = replace(shape, gradient_checkpointing=True)
    nearly = []
    if shape.precision in ("fp32", "tf32"):
        nearly.append(replace(lean, precision="bf16"))
    if shape.optimizer in ("adamw", "adam", "adamw_fused"):
        nearly += [replace(variant, optimizer="adamw_8bit") for variant in (lean, *nearly)]
    yield nearly
    rank = shape.lora_r or ADAPTER_RANK
    adapters = [replace(variant, lora_r=rank) for variant in (shape, lean) if shape.lora_r is None]
    if shape.quantization is None:
        adapters.append(replace(lean, lora_r=rank, quantization="int8"))
    if shape.quantization != "nf4":
        adapters.append(replace(lean, lora_r=rank, quantization="nf4"))
    yield adapters


def _floor(candidate: TrainingShape, shape: TrainingShape, weights_gib: float) -> float:
    """What a candidate takes at the least, without a trace: trained weights, their gradients and optimizer states."""
    if candidate.lora_r is not None or shape.lora_r is not None:
        return 0.0
    return weights_gib * STATES.get(candidate.optimizer, 2.0)


def _first(sizes: Sequence[TrainingShape], does: Callable[[TrainingShape], bool]) -> TrainingShape | None:
    """The first of descending sizes that does, by bisection; None when not even the last does."""
    if not sizes or not does(sizes[-1]):
        return None
    low, high = 0, len(sizes) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if does(sizes[middle]) else (middle + 1, high)
    return sizes[high]


def _micro_batches(shape: TrainingShape) -> list[TrainingShape]:
    """Micro batches of the same effective batch, from the shape's own down to one sample: 16, 8x2, 4x4, 2x8, 1x16."""
    total = shape.effective_batch_size
    sizes = [n for n in range(shape.batch_size, 0, -1) if shape.batch_size % n == 0]
    return [replace(shape, batch_size=n, gradient_accumulation_steps=total // n) for n in sizes]


def _answer(shape: TrainingShape, gpu_memory_gib: float, predictor: Predictor) -> Fit:
    found = predictor.predict(shape)
    return answer(found.allocated_gib, found.reserved_gib, gpu_memory_gib)


def _largest(holds: Callable[[int], bool]) -> int:
    """The largest number up to MOST_SAMPLES for which something holds that, once false, stays so; 0 for none."""
    low, high = 0, 1
    while high <= MOST_SAMPLES and holds(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
