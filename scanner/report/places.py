"""Which place of a run shows what a learning says of it."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.records import Learning, Locator, Outcome, Run

_FIELD_OF = {"by_model": "model", "learning_rate_decade": "learning_rate", "successful_rates": "learning_rate",
             "accumulation": "gradient_accumulation_steps", "checkpointing": "gradient_checkpointing",
             "dataset": "dataset", "train_samples_decade": "train_samples", "memory": "batch_size",
             "oom_boundary": "batch_size", "hours": "duration_s", "speed": "duration_s",
             "try_rates": "learning_rate"}  # fmt: skip


def place_of(run: Run, outcome: Outcome, learning: Learning | None = None) -> Locator:
    """The place that shows what a learning says of a run: the value, the issue, the end, or the first evidence."""
    if learning is not None:
        value = run.values.get(_field_of(learning))
        if value is not None:
            return value.chosen.locator
        if learning.id in ("issue", "overfitting"):
            name = learning.subject if learning.id == "issue" else learning.id
            return next(issue.because for issue in outcome.issues if issue.id == name)
        if learning.id == "warmup":
            asked = (run.values[name] for name in ("warmup_steps", "warmup_ratio") if name in run.values)
            return next(value.chosen.locator for value in asked if value.value)
        if learning.id == "newest":
            day = str(learning.figures[0].value)
            moments = [s for s in run.signals if s.id in ("started_at", "ended_at")]
            return next((s.locator for s in moments if str(s.value).startswith(day)), moments[-1].locator)
        if learning.id == "tracker":
            return next(place for by, place in _places(run) if by.startswith(learning.subject))
    if outcome.because:
        return outcome.because[0].locator
    return next((place for _, place in _places(run)), Locator(run.evidence[0].path, 0, 0))


def _places(run: Run) -> Iterator[tuple[str, Locator]]:
    """(format, place) of all that a run shows, the ends of its curves first: where its evidence stops."""
    for series in run.series:
        if len(series):
            yield series.found_by, series.locator(len(series) - 1)
    stated = sorted((*(value.chosen for value in run.values.values()), *run.signals), key=lambda o: o.locator)
    # What a whole file says (an event file's folder) comes last: a line or an inner address is nearer.
    stated.sort(key=lambda o: not (o.locator.start_line or o.locator.pointer))
    yield from ((o.found_by, o.locator) for o in stated)


def _field_of(learning: Learning) -> str:
    """The field whose value in a run a learning speaks of; its own id where it speaks of none."""
    if learning.id in ("sequel_field", "effect_gap"):
        return learning.subject
    name = learning.id.removeprefix("by_").removeprefix("fair_").removeprefix("effect_")
    return _FIELD_OF.get(learning.id, name)
