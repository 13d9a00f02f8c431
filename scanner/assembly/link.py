"""Which units are one execution, each link with its reason.

Strong identities first (a tracker's run folder or id, a scheduler's job), then pairs (.out/.err), then folders that a
log names, then identical curves in evidence of different formats.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scanner.assembly.forest import Forest, where
from scanner.assembly.link_consoles import join_consoles, join_pairs, join_processes
from scanner.assembly.link_curves import join_equal_curves, join_equal_runtimes
from scanner.assembly.link_folders import join_folders, join_named_folders, join_nested_trackers
from scanner.assembly.units import Unit
from scanner.records import Link, Observation, Series


@dataclass(slots=True)
class Execution:
    """Units that one execution left, and the recipes it came from."""

    units: list[Unit]
    """The primary first."""
    run_folder: str | None = None
    run_key: str = ""
    links: list[Link] = field(default_factory=list)
    recipes: list[Unit] = field(default_factory=list)
    """Scripts, launchers and configurations behind it, nearest first."""
    absorbed: list[Unit] = field(default_factory=list)
    """Recipes that ran, but of which it cannot be told what they said then."""
    copies: list[str] = field(default_factory=list)

    @property
    def primary(self) -> Unit:
        """The unit that tells most."""
        return self.units[0]

    def paths(self) -> list[str]:
        """Files of the execution, the primary first, each once."""
        return list(dict.fromkeys(unit.path for unit in self.units))

    def series(self) -> list[Series]:
        """All curves."""
        return [curve for unit in self.units for curve in unit.series]

    def facts(self, *names: str) -> list[Observation]:
        """Observations of facts or marks, in the order of units and lines."""
        return [o for unit in self.units for name in names for o in unit.facts.get(name, ())]

    def has(self, *names: str) -> bool:
        """Whether any unit states any of the facts or marks."""
        return any(unit.has(*names) for unit in self.units)


def link(
    units: Sequence[Unit],
    consoles: Sequence[Sequence[str]],
    named: Mapping[str, Sequence[Observation]],
) -> list[Execution]:
    """Group execution units (not recipes) into executions. `consoles` are logs that one launch wrote; `named` are the
    output folders that a notebook's own source names, by the notebook's path."""
    forest = Forest(units)
    join_folders(forest)
    join_equal(forest, "tracker_run")
    join_pairs(forest)
    join_consoles(forest, consoles)
    join_named_folders(forest, named)
    join_processes(forest)
    join_equal_curves(forest)
    join_equal_runtimes(forest)
    join_nested_trackers(forest)
    groups: dict[int, list[int]] = defaultdict(list)
    for i in range(len(units)):
        groups[forest.find(i)].append(i)
    links: dict[int, list[Link]] = defaultdict(list)
    for i, found_link in forest.links:
        links[forest.find(i)].append(found_link)
    found = []
    for members in groups.values():
        own = sorted((units[i] for i in members), key=_telling)
        folder = next((u.fact("run_folder") for u in own if u.fact("run_folder")), None)
        key = next((u.fact("run_key") or "" for u in own if u.fact("run_key")), "")
        execution = Execution(own, folder, key)
        execution.links = links[forest.find(members[0])]
        found.append(execution)
    return sorted(found, key=lambda e: e.primary.key)


def _telling(unit: Unit) -> tuple[int, int, str, int]:
    """Order of units inside an execution: the one with curves first, then marks, then by name."""
    return (-min(unit.n_points, 1), -len(unit.facts), unit.path, unit.segment)


def join_equal(forest: Forest, fact: str) -> None:
    """Units that state the same identity."""
    first: dict[str, int] = {}
    for i, unit in enumerate(forest.units):
        for value in unit.all_facts(fact):
            if value in first:
                forest.join(first[value], i, f"same_{fact}", where(unit, fact))
            else:
                first[value] = i
