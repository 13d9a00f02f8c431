"""Recipes: which scripts, launchers and configurations an execution came from, and which were never seen to run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from scanner.assembly.link import Execution
from scanner.assembly.paths import PathIndex
from scanner.assembly.units import Unit
from scanner.records import Link, Locator, Observation

PLAN_FIELDS = frozenset({"learning_rate", "batch_size", "epochs", "max_steps"})
MAX_DEPTH = 3
"""How far imports and configuration files are followed from a launched script."""


@dataclass(slots=True)
class Recipe:
    """What would train when launched: a script or launched command or configuration with all that it pulls in."""

    root: Unit
    parts: list[Unit] = field(default_factory=list)
    """Imported local modules, configuration files and launchers."""
    links: list[Link] = field(default_factory=list)

    def units(self) -> list[Unit]:
        """The root first."""
        return [self.root, *self.parts]

    def is_complete(self) -> bool:
        """A model or an optimizer, and at least one of rate, batch size, epochs or steps."""
        stated = {o.id for unit in self.units() for o in unit.settings}
        return bool(stated & {"model", "optimizer"}) and bool(stated & PLAN_FIELDS)


class RecipeBook:
    """All recipe units of the tree, with what they name resolved to files."""

    def __init__(self, units: Sequence[Unit], index: PathIndex) -> None:
        self._index = index
        self.by_path: dict[str, list[Unit]] = defaultdict(list)
        for unit in units:
            self.by_path[unit.path].append(unit)
        self._launchers = self._named_by("program")

    def _named_by(self, fact: str) -> dict[str, list[Unit]]:
        """Path of a program -> the launcher units that start it."""
        found: dict[str, list[Unit]] = defaultdict(list)
        for path in sorted(self.by_path):
            for unit in self.by_path[path]:
                for written in unit.all_facts(fact):
                    meant = self._index.resolve(written, unit.path)
                    if meant is not None and meant != unit.path:
                        found[meant].append(unit)
        return found

    def launchers_of(self, path: str) -> list[Unit]:
        """Launcher units that start a script."""
        return self._launchers.get(path, [])

    def expand(self, path: str) -> list[tuple[Unit, Link]]:
        """The units of a file and of the local modules and configurations it pulls in, nearest first."""
        found: list[tuple[Unit, Link]] = []
        seen: set[str] = {path}
        queue: list[tuple[str, str, Locator | None, int]] = [(path, "named", None, 0)]
        while queue:
            current, reason, because, depth = queue.pop(0)
            for unit in self.by_path.get(current, ()):
                found.append((unit, Link(unit.path, unit.segment, reason, because)))
                if depth >= MAX_DEPTH:
                    continue
                for meant, why, where in self._pulled_in(unit):
                    if meant not in seen:
                        seen.add(meant)
                        queue.append((meant, why, where, depth + 1))
        return found

    def _pulled_in(self, unit: Unit) -> Iterable[tuple[str, str, Locator]]:
        for observation in unit.facts.get("imports_module", ()):
            written = str(observation.value).replace(".", "/") + ".py"
            meant = self._index.resolve(written, unit.path)
            if meant is not None and _is_near(meant, written, unit.path):
                yield meant, "imported_module", observation.locator
        for observation in unit.facts.get("config_file", ()):
            meant = self._index.resolve(str(observation.value), unit.path)
            if meant is not None and meant in self.by_path:
                yield meant, "config_file", observation.locator


def _is_near(meant: str, written: str, importer: str) -> bool:
    """Whether a resolved import is really local: all of its written parts match, below the importer or a parent."""
    if not (meant == written or meant.endswith("/" + written)):
        return False
    base = meant.removesuffix(written).rstrip("/")
    folder = importer.rpartition("/")[0]
    return (
        folder == base
        or folder.startswith(base + "/" if base else "")
        or base.startswith(folder + "/" if folder else "")
    )


def attach(executions: Sequence[Execution], book: RecipeBook, index: PathIndex) -> None:
    """Give each execution the recipes that its evidence names, each with the reason."""
    folders = _sole_folders(executions)
    for execution in executions:
        taken: set[tuple[str, int]] = set()
        for path, reason, because in _named_files(execution, book, index, folders):
            for unit, found in book.expand(path):
                if unit.key not in taken:
                    taken.add(unit.key)
                    execution.recipes.append(unit)
                    why = reason if found.reason == "named" else found.reason
                    execution.links.append(Link(unit.path, unit.segment, why, found.because or because))


def _sole_folders(executions: Sequence[Execution]) -> set[str]:
    """Folders that hold the evidence of exactly one execution."""
    owners: dict[str, set[int]] = defaultdict(set)
    for n, execution in enumerate(executions):
        for path in execution.paths():
            owners[path.rpartition("/")[0]].add(n)
    return {folder for folder, found in owners.items() if len(found) == 1}


def _named_files(
    execution: Execution, book: RecipeBook, index: PathIndex, sole: set[str]
) -> Iterable[tuple[str, str, Locator | None]]:
    """Recipe files that the execution's own evidence names, strongest reason first."""
    for observation in execution.facts("config_file"):
        meant = index.resolve(str(observation.value), observation.locator.path)
        if meant in book.by_path:
            yield meant, "config_named_in_log", observation.locator
    for fact, reason in (("program", "program_named"), ("traceback_file", "traceback_through")):
        for observation in execution.facts(fact):
            meant = index.resolve(str(observation.value), observation.locator.path)
            if meant in book.by_path:
                yield meant, reason, observation.locator
    for path in execution.paths():
        for unit in book.by_path.get(path, ()):
            yield unit.path, "same_notebook", None
    yield from _by_log_file(execution, book, index)
    folder = execution.primary.folder
    if folder in sole:
        for path in sorted(book.by_path):
            if path.rpartition("/")[0] == folder and path.endswith((".json", ".yaml", ".yml", ".toml")):
                yield path, "config_in_run_folder", None


def _by_log_file(execution: Execution, book: RecipeBook, index: PathIndex) -> Iterable[tuple[str, str, Locator | None]]:
    """Launchers and scripts that say they write to the execution's log or folder."""
    own = set(execution.paths())
    for path in sorted(book.by_path):
        for unit in book.by_path[path]:
            for observation in unit.facts.get("log_file", ()):
                meant = index.resolve(str(observation.value), unit.path)
                if meant in own:
                    yield path, "writes_this_log", observation.locator
                    for written in unit.all_facts("program"):
                        script = index.resolve(written, unit.path)
                        if script in book.by_path:
                            yield script, "launched_by", observation.locator


def declared(book: RecipeBook, executions: Sequence[Execution], index: PathIndex) -> list[Recipe]:
    """Complete recipes that no execution absorbed: launched commands, else training scripts, else configurations."""
    used = {(unit.path, unit.segment) for execution in executions for unit in execution.recipes}
    executed_paths = {path for path, _ in used} | {path for e in executions for path in e.paths()}
    found: list[Recipe] = []
    covered: set[str] = set(executed_paths)
    for path in sorted(book.by_path):
        unit = book.by_path[path][0]
        if path in covered or not unit.has("trains") or unit.has("program"):
            continue
        recipe = _recipe_of(unit, book)
        if recipe.is_complete():
            found.append(recipe)
            covered.update(part.path for part in recipe.units())
    for path in sorted(book.by_path):
        for unit in book.by_path[path]:
            if path in covered or not _is_config(unit):
                continue
            recipe = Recipe(unit)
            if recipe.is_complete():
                found.append(recipe)
    return found


def _is_config(unit: Unit) -> bool:
    return unit.path.lower().endswith((".yaml", ".yml", ".json", ".toml"))


def _recipe_of(unit: Unit, book: RecipeBook) -> Recipe:
    recipe = Recipe(unit)
    for launcher in book.launchers_of(unit.path):
        recipe.parts.append(launcher)
        recipe.links.append(Link(launcher.path, launcher.segment, "launched_by", None))
    for part, found in book.expand(unit.path):
        if part.key != unit.key:
            recipe.parts.append(part)
            recipe.links.append(found)
    return recipe


def observations_of(units: Iterable[Unit]) -> list[Observation]:
    """All settings of units, in order."""
    return [o for unit in units for o in unit.settings]


def cells_up_to(observations: Sequence[Observation], cell: int | None) -> list[Observation]:
    """Settings of a notebook's source that stand in cells up to `cell` (all, when it is None)."""
    if cell is None:
        return list(observations)
    return [o for o in observations if (number := cell_of(o.locator.pointer)) is None or number <= cell]


def cell_of(pointer: str) -> int | None:
    """The cell's number in a pointer such as "cell 13" or "cell 13 output 0"; None when it names none."""
    if not pointer.startswith("cell "):
        return None
    digits = pointer.removeprefix("cell ").split(" ", 1)[0]
    return int(digits) if digits.isdigit() else None
