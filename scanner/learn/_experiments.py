"""Which runs are tries at the same thing, and in what order: by what launched them, and when they say they ran.

An experiment is a project's script (or, where none is linked, the run's name without its counter) with a model. Order
is known only between moments of one kind: a clock time without a zone is not compared with one that has a zone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from scanner.learn._cases import Case

_PROGRAMS = (".py", ".ipynb", ".sh", ".bash", ".bat", ".ps1", ".slurm", ".sbatch", ".yaml", ".yml", ".toml", ".json")
_COUNTER = re.compile(r"(?:#\d+)+$")
_NUMBER = re.compile(r"(?<=[^\d])[-_.]?\d+$")


class Moment(NamedTuple):
    """A moment as somebody stated it."""

    has_zone: bool
    """Whether it names a point in time everywhere; without a zone it is somebody's wall clock."""
    seconds: float
    """Since 1970, as if a wall clock were UTC."""

    day: str
    """YYYY-MM-DD as it was written: a zone moves the point in time, not the date on the page."""

    @property
    def month(self) -> str:
        """YYYY-MM."""
        return self.day[:7]


def moment_of(stated: object) -> Moment | None:
    """An ISO 8601 text or epoch seconds; None for anything else, and outside 1990-2099."""
    text = str(stated).strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            found = datetime.fromisoformat(text.replace("Z", "+00:00"))
        except ValueError:
            return None
        if not 1990 <= found.year <= 2099:
            return None
        has_zone = found.tzinfo is not None
        seconds = (found if has_zone else found.replace(tzinfo=UTC)).timestamp()
        return Moment(has_zone, seconds, found.strftime("%Y-%m-%d"))
    if not 6e8 < seconds < 4.1e9:
        return None
    return Moment(True, seconds, datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d"))


def started(case: Case) -> Moment | None:
    """The first start that the run's evidence states."""
    return _first(case, "started_at")


def happened(case: Case) -> Moment | None:
    """When the run was, as its evidence states it: its start, else its end."""
    return _first(case, "started_at") or _first(case, "ended_at")


def _first(case: Case, fact: str) -> Moment | None:
    found = [m for s in case.run.signals if s.id == fact and (m := moment_of(s.value)) is not None]
    return min(found, default=None)


def experiments(cases: Iterable[Case]) -> list[tuple[str, list[Case]]]:
    """The executed runs by experiment; the name is what a reader finds it by. In the order of their first run."""
    found: dict[tuple[str, str, str], list[Case]] = defaultdict(list)
    for case in cases:
        if case.is_executed:
            found[key_of(case)].append(case)
    return [(name or project, group) for (project, name, _), group in found.items()]


def key_of(case: Case) -> tuple[str, str, str]:
    """Project, script or name, model: equal for tries at the same thing."""
    run, model = case.run, case.model or ""
    recipes = [e.path for e in run.evidence if e.role == "recipe"]
    script = next((p for ending in _PROGRAMS for p in recipes if p.endswith(ending)), "")
    if script:
        return run.project, script, model
    name = _COUNTER.sub("", run.name)
    # Numbered folders (exp, exp2, exp3) are one experiment only where the model says so, too.
    return run.project, _NUMBER.sub("", name) if model else name, model


class Sequel(NamedTuple):
    """A failed run and the first success that came after it."""

    failed: Case
    success: Case


def sequels(cases: Sequence[Case]) -> Iterator[Sequel]:
    """Each success with the last failure of the same experiment before it, where both say when they started."""
    for _, group in experiments(cases):
        for has_zone in (True, False):
            timed = [(m.seconds, case) for case in group if (m := started(case)) is not None and m.has_zone is has_zone]
            timed.sort(key=lambda pair: (pair[0], pair[1].run.run_id))
            last: tuple[float, Case] | None = None
            for at, case in timed:
                if case.outcome.status == "failed":
                    last = (at, case)
                elif case.outcome.status == "success" and last is not None and last[0] < at:
                    yield Sequel(last[1], case)
                    last = None
