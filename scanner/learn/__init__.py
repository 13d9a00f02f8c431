"""Many runs to learnings: ids and figures, no language. Every number that the report prints is made here.

Each theme is a pure function of the runs and their outcomes; a figure comes with the number of runs behind it and,
where it is a share, with its interval. Runs that a learning speaks of are named by it.
"""

from __future__ import annotations

from collections.abc import Sequence

from scanner.learn import best, coverage, effects, failures, fair, progress, scales, sequels, speed, timeline, usage
from scanner.learn._cases import Case
from scanner.records import Learning, Outcome, Run, Skip, SourceFile

GAP_FIELDS = ("model", "optimizer", "learning_rate", "scheduler", "batch_size", "epochs", "max_steps", "seed", "device",
              "gpu_name", "dataset", "train_samples", "precision", "final_train_loss", "final_eval_loss",
              "best_metric_value", "duration_s")  # fmt: skip


def learn(
    runs: Sequence[Run], outcomes: Sequence[Outcome], files: Sequence[SourceFile], skips: Sequence[Skip]
) -> tuple[Learning, ...]:
    """All learnings in a fixed order: by theme, within a theme the most frequent first."""
    cases = [Case(run, outcome) for run, outcome in zip(runs, outcomes, strict=True)]
    return (
        *coverage.totals(cases, files, skips),
        *coverage.newest_moment(cases),
        *usage.models(cases),
        *usage.by_field(cases),
        *usage.lora(cases),
        *usage.trackers(cases),
        *usage.accumulation(cases),
        *usage.checkpointing(cases),
        *usage.warmup(cases),
        *usage.stated(cases, GAP_FIELDS),
        *scales.by_decade(cases, "learning_rate"),
        *scales.successful_rates(cases),
        *scales.by_batch_size(cases),
        *scales.oom_boundary(cases),
        *scales.memory(cases),
        *scales.samples(cases),
        *scales.by_decade(cases, "train_samples"),
        *failures.failures(cases),
        *failures.issues(cases),
        *failures.overfitting(cases),
        *sequels.sequels(cases),
        *fair.comparisons(cases),
        *effects.effects(cases),
        *speed.hours(cases),
        *speed.ratios(cases),
        *progress.useful_epochs(cases),
        *progress.unfinished(cases),
        *progress.suggestions(cases),
        *timeline.by_month(cases),
        *timeline.curves(cases),
        *best.configurations(cases),
        *coverage.skipped(skips),
        *coverage.formats(files),
        *coverage.certainty(cases),
    )
