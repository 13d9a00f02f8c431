"""Configurations that worked: of each model the successful run that states most."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.learn._cases import Case, grouped, of_status
from scanner.records import Figure, Learning

SETTINGS = ("model", "dataset", "framework", "optimizer", "learning_rate", "scheduler", "warmup_steps", "warmup_ratio",
            "weight_decay", "max_grad_norm", "dropout", "batch_size", "gradient_accumulation_steps", "num_devices",
            "epochs", "max_steps", "sequence_length", "precision", "quantization", "lora_r", "lora_alpha",
            "lora_dropout", "gradient_checkpointing", "seed", "device")  # fmt: skip
"""What a person would copy, in the order in which it is written."""

CORE = ("learning_rate", "batch_size", "epochs", "max_steps", "optimizer")
LEAST_CORE = 2
"""A configuration with less than two of CORE is nothing to start from."""

RESULTS = ("best_metric_value", "final_eval_loss", "final_train_loss", "steps_done", "epochs_done", "duration_s")


def configurations(cases: Sequence[Case]) -> list[Learning]:
    """One learning a model, the most complete first: the run to show and the names of its fields to show."""
    usable = [c for c in of_status(cases, "success") if _count(c, CORE) >= LEAST_CORE and _count(c, SETTINGS) >= 3]
    best = [max(group, key=completeness) for _, group in grouped(usable, lambda case: case.model or "")]
    best.sort(key=lambda case: (*(-n for n in completeness(case)), case.run.run_id))
    return [
        Learning(
            "configuration",
            case.model or "",
            (
                Figure("settings", _count(case, SETTINGS)),
                *(Figure("setting", field) for field in SETTINGS if case.get(field) is not None),
                *(Figure("result", field) for field in RESULTS if case.get(field) is not None),
            ),
            (case.run.run_id,),
        )
        for case in best
    ]


def _count(case: Case, fields: Sequence[str]) -> int:
    return sum(case.get(field) is not None for field in fields)


def completeness(case: Case) -> tuple[int, int, int, int]:
    """A named model, the core of a recipe, settings in all, results: more is better; ties fall to the first run."""
    return int(case.model is not None), _count(case, CORE), _count(case, SETTINGS), _count(case, RESULTS)
