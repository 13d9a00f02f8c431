"""Competing observations of one field to one Value; the losers stay with it.

What the execution reported wins over its command line, that over a configuration file, that over a script. Within one
origin the more specific spelling wins, then the recipe nearer to the execution, then the statement further down.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain

from scanner.assembly.attach import contradicts
from scanner.assembly.cells import cell_of, cells_up_to
from scanner.assembly.link import Execution
from scanner.assembly.units import Unit
from scanner.knowledge import canonical_model, find_field, framework_rank, normalize_key
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
    """A notebook's own source counts up to the executing cell, its launched commands only where they ran; the
    framework is that of the executing cells where they state one. Other recipes count whole."""
    if unit.path not in execution.paths():
        return [] if _has_changed(unit, execution) else unit.settings
    cells = _cells(execution)
    usable = [
        o
        for o in cells_up_to(unit.settings, cell)
        if o.origin != "command_line" or not cells or cell_of(o.locator.pointer) in (None, *cells)
    ]
    own = {o for o in usable if o.id == "framework" and cell_of(o.locator.pointer) in cells}
    return [o for o in usable if o.id != "framework" or not own or o in own]


def _has_changed(unit: Unit, execution: Execution) -> bool:
    """Whether the tree shows that a script was edited since: the execution printed another value than stands there.

    Arguments may have been given on an unknown command line, too; either way the script no longer speaks for the run.
    """
    if not unit.path.endswith(".py") or any(o.origin == "command_line" for u in execution.recipes for o in u.settings):
        return False
    return contradicts(unit.settings, execution)


def _last_cell(execution: Execution) -> int | None:
    """The last notebook cell whose output belongs to the execution."""
    return max(_cells(execution), default=None)


def _cells(execution: Execution) -> set[int]:
    """The notebook cells whose outputs belong to the execution."""
    return {
        number
        for unit in execution.units
        for pointer in chain(*(s.pointers or (s.pointer,) for s in unit.series), _pointers(unit))
        if pointer[:4] == "cell" and (number := cell_of(pointer)) is not None
    }


def _pointers(unit: Unit) -> list[str]:
    return [o.locator.pointer for obs in unit.facts.values() for o in obs]


def resolve(observations: Sequence[Observation], nearness: dict[str, int]) -> dict[str, Value]:
    """One Value a field. `nearness` orders recipe files, 1 the nearest; the execution's own files have none."""
    by_field: dict[str, list[Observation]] = defaultdict(list)
    for observation in observations:
        by_field[observation.id].append(observation)
    values = {name: _choose(name, by_field[name], nearness) for name in sorted(by_field)}
    if _steps_rule(values):
        del values["epochs"]
    return values


def _steps_rule(values: dict[str, Value]) -> bool:
    """Whether epochs are no plan: the Trainer takes `max_steps` where it is positive, whatever `num_train_epochs` says.

    A trainer's own state has decided this already.
    """
    epochs, steps = values.get("epochs"), values.get("max_steps")
    return (
        epochs is not None
        and steps is not None
        and normalize_key(epochs.chosen.key).endswith("num_train_epochs")
        and normalize_key(steps.chosen.key).endswith("max_steps")
        and epochs.chosen.found_by not in ("trainer_state", "checkpoint_pickle")
        and _STRENGTH[steps.chosen.origin] <= _STRENGTH[epochs.chosen.origin]
    )


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
