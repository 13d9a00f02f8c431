"""Which condition over runs.parquet selects the runs behind a learning.

A condition is printed beside a figure so that the reader can list the runs; it must select exactly as many.
"""

from __future__ import annotations

from scanner.records import Kind, Learning
from scanner.report.escape import sql_text

_TEXT = ("optimizer", "scheduler", "device", "gpu_name", "framework", "precision", "quantization")
_COLUMNS = {f"by_{name}": name for name in _TEXT} | {
    "by_model": "coalesce(model_family, model)",
    "dataset": "dataset",
    "rule": "outcome_rule",
    "outcome": "outcome",
}
_NUMBERS = {"by_lora_r": "lora_r", "by_batch_size": "batch_size"}
_FIXED = {
    "accumulation": "gradient_accumulation_steps > 1",
    "warmup": "(warmup_steps > 0 or warmup_ratio > 0)",
    "checkpointing": "gradient_checkpointing",
    "successful_rates": "outcome = 'success' and learning_rate > 0",
    "runs": "true",
    "declared": "true",
    "copied": "list_contains(evidence_roles, 'copy')",
}


def condition(learning: Learning, kind: Kind, is_handled: bool = False) -> str | None:
    """The condition that selects the runs of a kind behind a learning; of a learning of copies, those of both.

    None where no column tells them apart: handled issues, names that cannot be typed.
    """
    found = _of(learning, is_handled)
    if found is None:
        return None
    if learning.id == "copied":
        return found
    return f"kind = '{kind}'" if found == "true" else f"kind = '{kind}' and {found}"


def _of(learning: Learning, is_handled: bool) -> str | None:
    name, subject = learning.id, learning.subject
    if name in _COLUMNS:
        text = sql_text(subject)
        return None if text is None else f"{_COLUMNS[name]} = {text}"
    if name in _NUMBERS:
        return f"{_NUMBERS[name]} = {subject}"
    if name in _FIXED:
        return _FIXED[name]
    if name.endswith("_decade"):
        column, exponent = name.removesuffix("_decade"), int(subject)
        return f"{column} >= 1e{exponent} and {column} < 1e{exponent + 1}"
    if name == "stated":
        return f"{subject} is null"
    decided = f"outcome = 'failed' and failures[1] = '{subject}'"
    if name == "failure":
        return decided
    if name == "issue" and not is_handled:
        return f"list_contains(failures, '{subject}') and not ({decided})"
    return None
