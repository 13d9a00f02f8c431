"""A run beside its outcome, and what every theme asks of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from scanner.records import Outcome, Run, Scalar


class Case(NamedTuple):
    """One run and how it ended."""

    run: Run
    outcome: Outcome

    @property
    def is_executed(self) -> bool:
        return self.run.kind == "executed"

    def get(self, field: str) -> Scalar | None:
        """The run's value of a field; None where none is stated."""
        value = self.run.values.get(field)
        return None if value is None else value.value

    def number(self, field: str) -> float | None:
        """The value of a numeric field."""
        value = self.get(field)
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    @property
    def model(self) -> str | None:
        """The family where the name tells one, else the name as stated."""
        name = self.get("model_family") or self.get("model")
        return None if name is None else str(name)

    def ended_by(self, failure: str) -> bool:
        """Whether a failure class decided the outcome: the first one, as an outcome names its cause first."""
        return self.outcome.status == "failed" and self.outcome.failures[:1] == (failure,)


Key = Callable[[Case], str | None]


def grouped(cases: Iterable[Case], key: Key) -> list[tuple[str, list[Case]]]:
    """The cases by key, those without one left out; most executed first, then most in all, then by name."""
    found: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        name = key(case)
        if name is not None:
            found[name].append(case)
    return sorted(found.items(), key=lambda pair: (-sum(c.is_executed for c in pair[1]), -len(pair[1]), pair[0]))


def ids(cases: Iterable[Case]) -> tuple[str, ...]:
    """Run ids, executed runs first, each kind in the order of the table."""
    listed = list(cases)
    return tuple(c.run.run_id for wanted in (True, False) for c in listed if c.is_executed is wanted)


def executed(cases: Iterable[Case]) -> list[Case]:
    """The executed ones."""
    return [case for case in cases if case.is_executed]


def of_status(cases: Sequence[Case], status: str) -> list[Case]:
    """The executed ones that ended so."""
    return [case for case in cases if case.is_executed and case.outcome.status == status]
