"""Units: what one execution inside one file, or one recipe file, states. The smallest thing that assembly links."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from scanner.knowledge import field_names
from scanner.records import Observation, Series

RECIPE_FORMATS = ("python_script", "shell_launcher", "config_files")
"""Formats whose files say what would be trained, not what was."""


@dataclass(slots=True)
class Unit:
    """One (file, segment) with all that was found in it."""

    path: str
    segment: int
    settings: list[Observation] = field(default_factory=list)
    facts: dict[str, list[Observation]] = field(default_factory=lambda: defaultdict(list))
    """Facts and marks by id, in the order of the file."""
    series: list[Series] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, int]:
        """(path, segment)."""
        return self.path, self.segment

    @property
    def folder(self) -> str:
        """The file's folder, "" at the root."""
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path.rsplit("/", 1)[-1]

    def fact(self, name: str) -> str | None:
        """The first value of a fact as text, or None."""
        found = self.facts.get(name)
        return str(found[0].value) if found else None

    def all_facts(self, name: str) -> list[str]:
        """All values of a fact as text."""
        return [str(o.value) for o in self.facts.get(name, ())]

    def has(self, *names: str) -> bool:
        """Whether any of the facts or marks was stated."""
        return any(self.facts.get(name) for name in names)

    def failures(self) -> list[Observation]:
        """Failure signals in the order of the file."""
        found = [o for name, obs in self.facts.items() if name.startswith("failure:") for o in obs]
        return sorted(found, key=lambda o: o.locator.start_line)

    @property
    def is_recipe(self) -> bool:
        """Whether only a recipe's formats spoke: nothing here was left by an execution."""
        return not self.series and all(
            o.origin != "reported" for o in (*self.settings, *(o for obs in self.facts.values() for o in obs))
        )

    @property
    def n_points(self) -> int:
        """Points of all curves."""
        return sum(len(s) for s in self.series)


def make_units(observations: Iterable[Observation], series: Iterable[Series]) -> list[Unit]:
    """Units in the order of path and segment."""
    fields = frozenset(field_names())
    units: dict[tuple[str, int], Unit] = {}
    for observation in observations:
        place = observation.locator
        unit = units.get((place.path, place.segment))
        if unit is None:
            unit = units[place.path, place.segment] = Unit(place.path, place.segment)
        if observation.id in fields:
            unit.settings.append(observation)
        else:
            unit.facts[observation.id].append(observation)
    for curve in series:
        key = (curve.path, curve.segment)
        if key not in units:
            units[key] = Unit(*key)
        units[key].series.append(curve)
    return [units[key] for key in sorted(units)]


def by_path(units: Sequence[Unit]) -> dict[str, list[Unit]]:
    """Units of each file, by segment."""
    found: dict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        found[unit.path].append(unit)
    return found
