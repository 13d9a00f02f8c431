"""What each kind of learning asks of the runs, in words; `{subject}` is what it is about."""

from __future__ import annotations

from scanner.records import Learning

_EXECUTED = "executed runs"
_SAME = "tries at the same thing (same project, same script or name, same model)"

WORDS = {
    "files": "all files met by the walk: read, skipped, behind runs",
    "runs": "all runs; shares are over executed runs whose outcome is decided",
    "outcome": f"{_EXECUTED} whose outcome is {{subject}}",
    "declared": "recipes of which nothing shows that they ran",
    "copied": "runs of which the tree holds byte-identical copies",
    "newest": f"the latest day that the evidence of {_EXECUTED} states",
    "by_model": "runs by model family, or model where no family is known: {subject}; settings are of the successes",
    "by_optimizer": "runs that state the optimizer {subject}",
    "by_scheduler": "runs that state the scheduler {subject}",
    "by_device": "runs that state the device {subject} as used",
    "by_gpu_name": "runs that state the GPU {subject}",
    "by_framework": "runs that state the framework {subject}",
    "by_precision": "runs that state the precision {subject}",
    "by_quantization": "runs that state the quantization {subject}",
    "by_lora_r": "runs that state the LoRA rank {subject}",
    "by_batch_size": "runs that state {subject} as batch size per device; oom: those that GPU memory ended",
    "tracker": f"{_EXECUTED} of which files of {{subject}} were read",
    "accumulation": f"{_EXECUTED} that accumulate gradients over more than one step",
    "checkpointing": f"{_EXECUTED} with gradient checkpointing on",
    "warmup": f"{_EXECUTED} that ask for a warm-up, in steps or as a ratio",
    "stated": f"{_EXECUTED} by whether they state {{subject}}; the runs named are those that do not",
    "learning_rate_decade": "runs whose learning rate is at least 1e{subject} and under ten times that",
    "train_samples_decade": "runs whose number of training samples is at least 1e{subject} and under ten times that",
    "successful_rates": "successful runs that state a learning rate",
    "oom_boundary": f"{_EXECUTED} of {{subject}} that ran out of GPU memory, and those that succeeded",
    "memory": f"{_EXECUTED} on {{subject}} that state model and batch size and succeeded or ran out of GPU memory",
    "dataset": "runs that state the data set {subject}",
    "failure": f"{_EXECUTED} whose deciding failure is {{subject}}",
    "issue": f"{_EXECUTED} in which {{subject}} was seen without deciding the outcome",
    "overfitting": "a run whose validation loss rises from its minimum while its training loss falls",
    "sequels": f"failed runs and the next success among {_SAME}, where both say when they started",
    "sequel_field": "such pairs in which both runs state {subject} and it differs",
    "sequel": "one such pair: the fields that differ, before and after",
    "fair_optimizer": "decided runs of {subject} with two optimizers; the interval is Newcombe's",
    "fair_scheduler": "decided runs of {subject} with two schedulers; the interval is Newcombe's",
    "fair_precision": "decided runs of {subject} with two precisions; the interval is Newcombe's",
    "fair_device": "decided runs of {subject} on two devices; the interval is Newcombe's",
    "effect_precision": f"{_SAME} with all stated settings equal but precision and seed; interval of ranks",
    "effect_quantization": f"{_SAME} with all stated settings equal but quantization and seed; interval of ranks",
    "effect_gap": f"{_EXECUTED} that state {{subject}}, of which too few differ in nothing else",
    "hours": f"{_EXECUTED} on {{subject}} that state their duration; the sum in hours",
    "speed": f"{_SAME} with equal settings on two devices, steps done per second of training; medians",
    "useful_epochs": f"{_EXECUTED} with three or more points of validation loss by epoch; where the lowest stands",
    "unfinished": f"{_SAME} of which none is known to have succeeded",
    "try_memory": "runs of {subject} out of GPU memory, where no run states checkpointing, LoRA or quantization",
    "try_again": "the only success among several runs of {subject}",
    "try_rates": f"{_EXECUTED} of {{subject}}, whose learning rates all lie in one decade",
    "try_recipe": "recipes of {subject}, of which no run is known",
    "by_month": f"{_EXECUTED} whose evidence says that they started (or ended) in {{subject}}",
    "curve": "training losses of the successes that state most, and of failures whose loss failed or that got furthest",
    "configuration": "the successful run of {subject} that states most",
    "skip": "files, folders and parts that were not read: {subject}",
    "format": "files in which the format {subject} found something",
    "rule": f"{_EXECUTED} whose outcome was decided by the rule {{subject}}",
    "missing": f"undecided {_EXECUTED}: {{subject}} was looked for and not found",
}


def in_words(learning: Learning) -> str:
    """The query behind a learning."""
    text = WORDS.get(learning.id, learning.id)
    return text.replace("{subject}", learning.subject or "(not stated)")
