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
NAMING_FACTS = {
    "config_file": "config_named_in_log",
    "program": "program_named",
    "traceback_file": "traceback_through",
}
"""Facts of an execution that name a file of its recipe -> the link's reason, the strongest first."""

CONFIG_ENDINGS = (".yaml", ".yml", ".json", ".toml")
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

    def units(self) -> list[Unit]:
        """All units by path and segment."""
        return [unit for path in sorted(self.by_path) for unit in self.by_path[path]]

    def programs_of(self, launcher: Unit) -> list[Unit]:
        """Units of the scripts that a launcher unit starts."""
        meant = (self._index.resolve(written, launcher.path) for written in launcher.all_facts("program"))
        return [unit for path in meant if path != launcher.path for unit in self.by_path.get(path or "", ())]

    def launchers_of(self, path: str) -> list[Unit]:
        """Launcher units that start a script."""
        return self._launchers.get(path, [])

    def expand(self, roots: Iterable[Unit]) -> list[tuple[Unit, Link]]:
        """The units and those of the local modules and configurations that they pull in, nearest first."""
        found: list[tuple[Unit, Link]] = []
        queue = [(unit, "named", None, 0) for unit in roots]
        seen = {unit.path for unit, *_ in queue}
        pending: list[tuple[Unit, str, Locator | None, int]] = list(queue)
        while pending:
            unit, reason, because, depth = pending.pop(0)
            found.append((unit, Link(unit.path, unit.segment, reason, because)))
            if depth >= MAX_DEPTH:
                continue
            for meant, why, where in self._pulled_in(unit):
                if meant not in seen:
                    seen.add(meant)
                    pending.extend((part, why, where, depth + 1) for part in self.by_path.get(meant, ()))
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
        for named, reason, because in _named_units(execution, book, index, folders):
            for unit, found in book.expand([named]):
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


def _named_units(
    execution: Execution, book: RecipeBook, index: PathIndex, sole: set[str]
) -> Iterable[tuple[Unit, str, Locator | None]]:
    """Recipe units that the execution's own evidence names, strongest reason first."""
    for path in execution.paths():
        for unit in book.by_path.get(path, ()):
            yield unit, "same_notebook", None
    yield from _by_log_file(execution, book, index)
    for fact, reason in NAMING_FACTS.items():
        for observation in execution.facts(fact):
            meant = index.resolve(str(observation.value), observation.locator.path)
            for unit in book.by_path.get(meant or "", ()):
                yield unit, reason, observation.locator
    folder = execution.primary.folder
    if folder in sole:
        for path in sorted(book.by_path):
            if path.rpartition("/")[0] == folder and path.lower().endswith(CONFIG_ENDINGS):
                for unit in book.by_path[path]:
                    yield unit, "config_in_run_folder", None


def _by_log_file(
    execution: Execution, book: RecipeBook, index: PathIndex
) -> Iterable[tuple[Unit, str, Locator | None]]:
    """Launchers and scripts that say they write to the execution's log, and what those launch."""
    own = set(execution.paths())
    for path in sorted(book.by_path):
        for unit in book.by_path[path]:
            for observation in unit.facts.get("log_file", ()):
                if index.resolve(str(observation.value), unit.path) in own:
                    yield unit, "writes_this_log", observation.locator
                    for script in book.programs_of(unit):
                        yield script, "launched_by", observation.locator


def declared(book: RecipeBook, executions: Sequence[Execution]) -> list[Recipe]:
    """Complete recipes that no execution absorbed: launches with arguments of their own, training scripts,
    configurations that neither of them pulls in."""
    used = {unit.key for execution in executions for unit in execution.recipes}
    covered = {path for path, _ in used} | {path for e in executions for path in e.paths()}
    found: list[Recipe] = []
    for unit in book.units():
        scripts = book.programs_of(unit)
        if unit.key not in used and scripts and _has_plan(unit) and any(s.has("trains") for s in scripts):
            found.append(_launched(unit, scripts, book))
    for recipe in found:
        covered.update(unit.path for unit in recipe.units())
    first = [book.by_path[path][0] for path in sorted(book.by_path) if path not in covered]
    found += [_script(unit, book) for unit in first if unit.has("trains")]
    for recipe in found:
        covered.update(unit.path for unit in recipe.units())
    found += [Recipe(u) for u in book.units() if u.path not in covered and u.path.lower().endswith(CONFIG_ENDINGS)]
    return sorted((recipe for recipe in found if recipe.is_complete()), key=lambda recipe: recipe.root.key)


def _has_plan(unit: Unit) -> bool:
    return any(o.id in PLAN_FIELDS for o in unit.settings)


def _launched(unit: Unit, scripts: Sequence[Unit], book: RecipeBook) -> Recipe:
    parts = [(part, link) for part, link in book.expand([unit, *scripts]) if part.key != unit.key]
    return Recipe(unit, [part for part, _ in parts], [link for _, link in parts])


def _script(unit: Unit, book: RecipeBook) -> Recipe:
    launchers = book.launchers_of(unit.path)
    recipe = Recipe(unit, list(launchers), [Link(x.path, x.segment, "launched_by", None) for x in launchers])
    known = {part.key for part in recipe.units()}
    for part, link in book.expand([*launchers, *book.by_path[unit.path]]):
        if part.key not in known:
            recipe.parts.append(part)
            recipe.links.append(link)
    return recipe


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
