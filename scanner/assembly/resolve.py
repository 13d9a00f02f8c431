"""Competing observations of one field to one Value; the losers stay with it.

What the execution reported wins over its command line, that over a configuration file, that over a script. Within one
origin the more specific spelling wins, then the recipe nearer to the execution, then the statement further down.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from scanner.assembly.link import Execution
from scanner.assembly.recipes import cell_of, cells_up_to
from scanner.assembly.units import Unit
from scanner.knowledge import canonical_model, find_field, framework_rank
from scanner.records import ORIGINS, Observation, Value

_STRENGTH = {origin: rank for rank, origin in enumerate(ORIGINS)}
MAX_OTHERS = 20
_WEAK = 1000


def resolve_execution(execution: Execution) -> dict[str, Value]:
    """Values that the execution's own evidence and its recipes state."""
    own = [o for unit in execution.units for o in unit.settings]
    cell = _last_cell(execution)
    nearness: dict[str, int] = {}
    for unit in execution.recipes:
        nearness.setdefault(unit.path, len(nearness) + 1)
    pulled = [o for unit in execution.recipes for o in _usable(unit, execution, cell)]
    return resolve([*own, *pulled], nearness)


def _usable(unit: Unit, execution: Execution, cell: int | None) -> list[Observation]:
    """A notebook's own source counts up to the executing cell; other recipes count whole."""
    if unit.path in execution.paths():
        return cells_up_to(unit.settings, cell)
    return unit.settings


def _last_cell(execution: Execution) -> int | None:
    """The last notebook cell whose output belongs to the execution."""
    cells = [
        number
        for unit in execution.units
        for pointer in (*(p for s in unit.series for p in (s.pointers[-1:] or [s.pointer])), *_pointers(unit))
        if (number := cell_of(pointer)) is not None
    ]
    return max(cells, default=None)


def _pointers(unit: Unit) -> list[str]:
    return [o.locator.pointer for obs in unit.facts.values() for o in obs]


def resolve(observations: Sequence[Observation], nearness: dict[str, int]) -> dict[str, Value]:
    """One Value a field. `nearness` orders recipe files, 1 the nearest; the execution's own files have none."""
    by_field: dict[str, list[Observation]] = defaultdict(list)
    for observation in observations:
        by_field[observation.id].append(observation)
    return {name: _choose(name, by_field[name], nearness) for name in sorted(by_field)}


def _choose(name: str, found: list[Observation], nearness: dict[str, int]) -> Value:
    if name == "framework":
        order = framework_rank()
        ranked = sorted(found, key=lambda o: (order.get(str(o.value), 99), _STRENGTH[o.origin], o.locator))
    else:
        ranked = sorted(found, key=lambda o: _key(name, o, nearness))
    best = ranked[0]
    others = tuple(ranked[1 : 1 + MAX_OTHERS])
    chosen = best._replace(value=canonical_model(str(best.value))) if name == "model" else best
    return Value(name, chosen, others, _rule(best, ranked))


def _key(name: str, observation: Observation, nearness: dict[str, int]) -> tuple[object, ...]:
    hit = find_field(observation.key)
    rank = hit.rank if hit is not None and hit.field == name else 500
    place = observation.locator
    return (
        rank >= _WEAK,
        _STRENGTH[observation.origin],
        nearness.get(place.path, 0),
        rank,
        place.path,
        -place.start_line,
        place.pointer,
        str(observation.value),
    )


def _rule(best: Observation, ranked: Sequence[Observation]) -> str:
    if len(ranked) == 1:
        return "only"
    if all(o.value == best.value for o in ranked):
        return "agree"
    weaker = [o for o in ranked if o.origin != best.origin]
    if weaker and all(o.value == best.value for o in ranked if o.origin == best.origin):
        return f"{best.origin}_wins"
    return "more_specific_or_later"
