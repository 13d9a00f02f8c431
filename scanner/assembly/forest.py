"""Union-find over units: which belong together, and why."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.assembly.units import Unit
from scanner.records import Link, Locator


class Forest:
    """Union-find over units, keeping why two were joined."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self.units = units
        self._parent = list(range(len(units)))
        self._members = [[i] for i in range(len(units))]
        self.links: list[tuple[int, Link]] = []

    def find(self, i: int) -> int:
        while self._parent[i] != i:
            self._parent[i] = self._parent[self._parent[i]]
            i = self._parent[i]
        return i

    def join(self, i: int, j: int, reason: str, because: Locator | None) -> None:
        a, b = self.find(i), self.find(j)
        if a != b:
            self._parent[max(a, b)] = min(a, b)
            self._members[min(a, b)] += self._members[max(a, b)]
            unit = self.units[j]
            self.links.append((j, Link(unit.path, unit.segment, reason, because)))

    def members(self, i: int) -> list[int]:
        return sorted(self._members[self.find(i)])


def where(unit: Unit, fact: str) -> Locator | None:
    found = unit.facts.get(fact)
    return found[0].locator if found else None


def is_events(unit: Unit) -> bool:
    return any(o.found_by == "tensorboard_events" for o in unit.facts["run_folder"])
