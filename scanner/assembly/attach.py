"""Which recipes an execution came from: scripts, launchers and configurations that its evidence names."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Sequence

from scanner.assembly.link import Execution
from scanner.assembly.paths import PathIndex
from scanner.assembly.recipe_book import RecipeBook
from scanner.assembly.units import Unit
from scanner.records import Link, Locator, Observation, Scalar

NAMING_FACTS = {
    "config_file": "config_named_in_log",
    "program": "program_named",
    "traceback_file": "traceback_through",
}
"""Facts of an execution that name a file of its recipe -> the link's reason, the strongest first."""

PLANNED = frozenset({"learning_rate", "batch_size", "epochs", "max_steps", "optimizer", "model", "seed"})
"""Fields in which another value than the printed one shows that a recipe is not the one that ran."""


def attach(executions: Sequence[Execution], book: RecipeBook, index: PathIndex) -> None:
    """Give each execution the recipes that its evidence names, each with the reason."""
    folders = _sole_folders(executions)
    outputs = _Outputs(executions, book)
    for execution in executions:
        taken: set[tuple[str, int]] = set()
        for named, reason, because in _named_units(execution, book, index, folders):
            for unit, found in book.expand([named], is_launch=True):
                if unit.key not in taken:
                    taken.add(unit.key)
                    execution.recipes.append(unit)
                    why = reason if found.reason == "named" else found.reason
                    execution.links.append(Link(unit.path, unit.segment, why, found.because or because))
        for unit, because in outputs.writers_of(execution):
            if unit.key not in taken:
                is_only = outputs.n_executions(execution) == 1
                (execution.recipes if is_only else execution.absorbed).append(unit)
                execution.links.append(Link(unit.path, unit.segment, "same_output_folder", because))


class _Outputs:
    """Which script or launcher writes to the run folder of an execution, by its own words."""

    def __init__(self, executions: Sequence[Execution], book: RecipeBook) -> None:
        self._by_folder: dict[str, list[Execution]] = defaultdict(list)
        for execution in executions:
            if execution.run_folder:
                self._by_folder[execution.run_folder].append(execution)
        self._writers: dict[str, list[tuple[Unit, Locator]]] = defaultdict(list)
        for unit in book.units():
            for observation in unit.facts.get("output_dir", ()):
                written = str(observation.value).replace("\\", "/")
                for base in dict.fromkeys((unit.folder, "")):
                    folder = posixpath.normpath(posixpath.join(base, written))
                    if folder in self._by_folder:
                        self._writers[folder].append((unit, observation.locator))
                        break

    def n_executions(self, execution: Execution) -> int:
        """How many executions the folder holds."""
        return len(self._by_folder.get(execution.run_folder or "", ()))

    def writers_of(self, execution: Execution) -> list[tuple[Unit, Locator]]:
        """The units of the one file that says it writes there; none where several files do."""
        found = self._writers.get(execution.run_folder or "", [])
        return found if len({unit.path for unit, _ in found}) == 1 else []


def _sole_folders(executions: Sequence[Execution]) -> set[str]:
    """Folders that hold the evidence of exactly one execution."""
    owners: dict[str, set[int]] = defaultdict(set)
    for n, execution in enumerate(executions):
        for path in execution.paths():
            owners[path.rpartition("/")[0]].add(n)
    return {folder for folder, found in owners.items() if len(found) == 1}


def _named_units(
    execution: Execution, book: RecipeBook, index: PathIndex, sole: set[str]
) -> Iterable[tuple[Unit, str, Locator | None]]:
    """Recipe units that the execution's own evidence names, strongest reason first."""
    for path in execution.paths():
        for unit in book.by_path.get(path, ()):
            yield unit, "same_notebook", None
    yield from _by_log_file(execution, book)
    for fact, reason in NAMING_FACTS.items():
        for observation in execution.facts(fact):
            meant = index.resolve(str(observation.value), observation.locator.path)
            for unit in book.by_path.get(meant or "", ()):
                yield unit, reason, observation.locator
    yield from _by_sole_launcher(execution, book, index)
    if execution.primary.folder in sole:
        configs = book.configs_in(execution.primary.folder)
        if not _contradict(configs):
            yield from ((unit, "config_in_run_folder", None) for unit in configs)


def _contradict(configs: Sequence[Unit]) -> bool:
    """Whether several configurations of a folder state different values of a planned field: none is known to be it."""
    stated: dict[str, set[Scalar]] = defaultdict(set)
    for unit in configs:
        for observation in unit.settings:
            if observation.id in PLANNED:
                stated[observation.id].add(observation.value)
    return len({unit.path for unit in configs}) > 1 and any(len(values) > 1 for values in stated.values())


def _by_sole_launcher(
    execution: Execution, book: RecipeBook, index: PathIndex
) -> Iterable[tuple[Unit, str, Locator | None]]:
    """The only launcher of the program that the execution names, where its arguments fit what was reported."""
    if execution.has("command"):
        return  # its own arguments are known
    for observation in execution.facts("program"):
        meant = index.resolve(str(observation.value), observation.locator.path)
        launcher = book.sole_launcher_of(meant, execution.primary.path) if meant is not None else None
        if launcher is not None and not contradicts(launcher.settings, execution):
            yield launcher, "sole_launcher", observation.locator


def contradicts(asked: Iterable[Observation], execution: Execution) -> bool:
    """Whether the execution itself reported another value of a planned field than was asked for."""
    reported: dict[str, set[Scalar]] = defaultdict(set)
    for unit in execution.units:
        for observation in unit.settings:
            if observation.origin == "reported":
                reported[observation.id].add(observation.value)
    return any(o.id in PLANNED and o.id in reported and o.value not in reported[o.id] for o in asked)


def _by_log_file(execution: Execution, book: RecipeBook) -> Iterable[tuple[Unit, str, Locator | None]]:
    """Launchers and scripts that say they write to the execution's log, and what those launch."""
    for path in execution.paths():
        for unit, where in book.writers_of(path):
            yield unit, "writes_this_log", where
            for script in book.programs_of(unit):
                yield script, "launched_by", where
