"""Recipes: which scripts, launchers and configurations an execution came from, and which were never seen to run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scanner.assembly.link import Execution
from scanner.assembly.log_names import LogNames
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
        self._names = LogNames(units)
        self._writers: dict[str, list[tuple[Unit, Locator]]] = defaultdict(list)
        for unit in units:
            for observation in unit.facts.get("log_file", ()):
                meant = index.resolve(str(observation.value), unit.path)
                if meant is not None:
                    self._writers[meant].append((unit, observation.locator))

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

    def consoles(self) -> list[list[str]]:
        """Groups of logs that one launched command writes (`> train.log 2> train.err`)."""
        written: dict[tuple[str, int], list[str]] = defaultdict(list)
        for path in sorted(self._writers):
            for unit, _ in self._writers[path]:
                if unit.has("command") and path not in written[unit.key]:
                    written[unit.key].append(path)
        return [written[key] for key in sorted(written) if len(written[key]) > 1]

    def writers_of(self, path: str) -> list[tuple[Unit, Locator]]:
        """Launcher and script units that say they write to a log, by its name or by a scheduler's pattern."""
        by_pattern = self._names.launcher_of(path)
        return self._writers.get(path) or ([by_pattern] if by_pattern is not None else [])

    def launches_training_into(self, execution: Execution) -> bool:
        """Whether an execution that died is what a training's launcher wrote its console to."""
        for path in execution.paths():
            for unit, _ in self.writers_of(path):
                if unit.has("trains") or any(script.has("trains") for script in self.programs_of(unit)):
                    return any(own.failures() or own.has("exception") for own in execution.units)
        return False

    def expand(self, roots: Iterable[Unit], *, is_launch: bool) -> list[tuple[Unit, Link]]:
        """The units and those of the local modules and configurations that they pull in, nearest first.

        For a launch that left evidence, a script's own default of a configuration does not count: what was given on
        the command line is named there.
        """
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
                if is_launch and why == "config_file" and unit.path.endswith(".py"):
                    continue
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
            for unit, found in book.expand([named], is_launch=True):
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
    yield from _by_log_file(execution, book)
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


def _by_log_file(execution: Execution, book: RecipeBook) -> Iterable[tuple[Unit, str, Locator | None]]:
    """Launchers and scripts that say they write to the execution's log, and what those launch."""
    for path in execution.paths():
        for unit, where in book.writers_of(path):
            yield unit, "writes_this_log", where
            for script in book.programs_of(unit):
                yield script, "launched_by", where


def declared(book: RecipeBook, executions: Sequence[Execution], digests: Mapping[str, tuple[str, int]]) -> list[Recipe]:
    """Complete recipes that no execution absorbed: launches with arguments of their own, training scripts,
    configurations that neither of them pulls in. Of byte-identical files the shallowest speaks for all."""
    used = {unit.key for execution in executions for unit in execution.recipes}
    done = _Covered(digests)
    done.add(path for path, _ in used)
    done.add(path for e in executions for path in e.paths())
    used_twins = {(digests.get(path, (path, 0))[0], segment) for path, segment in used}
    units = [u for u in book.units() if (digests.get(u.path, (u.path, 0))[0], u.segment) not in used_twins]
    units = _without_twins(units, digests)
    found: list[Recipe] = []
    for unit in units:
        scripts = book.programs_of(unit)
        if scripts and _has_plan(unit) and any(s.has("trains") for s in scripts):
            found.append(_launched(unit, scripts, book))
    for recipe in found:
        done.add(unit.path for unit in recipe.units())
    training = [unit for unit in units if unit.has("trains") and unit.path not in done]
    # Every command of a launcher is a launch of its own; a script is one, whatever its parts.
    first = {unit.path: unit.key for unit in reversed(training)}
    scripts_only = [u for u in training if u.has("command") or first[u.path] == u.key]
    found += [_script(unit, book) for unit in scripts_only]
    for recipe in found:
        done.add(unit.path for unit in recipe.units())
    found += [Recipe(u) for u in units if u.path not in done and u.path.lower().endswith(CONFIG_ENDINGS)]
    return sorted((recipe for recipe in found if recipe.is_complete()), key=lambda recipe: recipe.root.key)


class _Covered:
    """Files that recipes or executions speak for, with their byte-identical copies."""

    def __init__(self, digests: Mapping[str, tuple[str, int]]) -> None:
        self._digests = digests
        self._paths: set[str] = set()
        self._seen: set[str] = set()

    def add(self, paths: Iterable[str]) -> None:
        for path in paths:
            self._paths.add(path)
            if path in self._digests:
                self._seen.add(self._digests[path][0])

    def __contains__(self, path: str) -> bool:
        return path in self._paths or (path in self._digests and self._digests[path][0] in self._seen)


def _without_twins(units: Iterable[Unit], digests: Mapping[str, tuple[str, int]]) -> list[Unit]:
    first: dict[tuple[str, int], Unit] = {}
    for unit in sorted(units, key=lambda u: (u.path.count("/"), u.key)):
        first.setdefault((digests.get(unit.path, (unit.path, 0))[0], unit.segment), unit)
    return sorted(first.values(), key=lambda u: u.key)


def _has_plan(unit: Unit) -> bool:
    return any(o.id in PLAN_FIELDS for o in unit.settings)


def _launched(unit: Unit, scripts: Sequence[Unit], book: RecipeBook) -> Recipe:
    parts = [(part, link) for part, link in book.expand([unit, *scripts], is_launch=False) if part.key != unit.key]
    return Recipe(unit, [part for part, _ in parts], [link for _, link in parts])


def _script(unit: Unit, book: RecipeBook) -> Recipe:
    launchers = book.launchers_of(unit.path)
    recipe = Recipe(unit, list(launchers), [Link(x.path, x.segment, "launched_by", None) for x in launchers])
    known = {part.key for part in recipe.units()}
    for part, link in book.expand([*launchers, *book.by_path[unit.path]], is_launch=False):
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
