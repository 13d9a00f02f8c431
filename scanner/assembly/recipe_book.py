"""Scripts, launchers and configurations of a tree, and what they name: each other, their logs, their modules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from scanner.assembly.link import Execution
from scanner.assembly.log_names import LogNames
from scanner.assembly.paths import PathIndex, shared_folders
from scanner.assembly.units import Unit
from scanner.records import Link, Locator, Observation

CONFIG_ENDINGS = (".yaml", ".yml", ".json", ".toml")
MAX_DEPTH = 3
"""How far imports and configuration files are followed from a launched script."""


class RecipeBook:
    """All recipe units of the tree, with what they name resolved to files."""

    def __init__(self, units: Sequence[Unit], index: PathIndex) -> None:
        self._index = index
        self.by_path: dict[str, list[Unit]] = defaultdict(list)
        self._configs: dict[str, list[Unit]] = defaultdict(list)
        for unit in units:
            self.by_path[unit.path].append(unit)
            if unit.path.lower().endswith(CONFIG_ENDINGS):
                self._configs[unit.folder].append(unit)
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

    def configs_in(self, folder: str) -> list[Unit]:
        """Units of the configuration files of a folder."""
        return self._configs.get(folder, [])

    def configs_of(self, unit: Unit) -> list[Unit]:
        """Units of the configuration files that a unit names."""
        meant = (self._index.resolve(str(o.value), unit.path) for o in unit.facts.get("config_file", ()))
        return [part for path in meant for part in self.by_path.get(path or "", ())]

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

    def output_folders(self) -> dict[str, list[Observation]]:
        """Output folders that files name, by the file."""
        return {
            path: found
            for path, units in self.by_path.items()
            if (found := [o for unit in units for o in unit.facts.get("output_dir", ())])
        }

    def writers_of(self, path: str) -> list[tuple[Unit, Locator]]:
        """Launcher and script units that say they write to a log, by its name or by a scheduler's pattern; none where
        several do that do not launch each other."""
        by_pattern = self._names.launcher_of(path)
        found = self._writers.get(path) or ([by_pattern] if by_pattern is not None else [])
        nearest = max((shared_folders(path, unit.path) for unit, _ in found), default=0)
        found = [pair for pair in found if shared_folders(path, pair[0].path) == nearest]
        launched = {script.path for unit, _ in found for script in self.programs_of(unit)}
        claimants = {unit.path for unit, _ in found} - launched
        return found if len(claimants) < 2 else []

    def launches_training_into(self, execution: Execution) -> bool:
        """Whether an execution that died is what a training's launcher wrote its console to."""
        for path in execution.paths():
            for unit, _ in self.writers_of(path):
                if unit.has("trains") or any(script.has("trains") for script in self.programs_of(unit)):
                    return any(own.failures() or own.has("exception") for own in execution.units)
        return False

    def sole_launcher_of(self, path: str, near: str) -> Unit | None:
        """The one launched command of the tree that starts a script, in a folder around an execution's log; None where
        several could have, or where it says that it writes another log."""
        found = self.launchers_of(path)
        if len(found) != 1 or not near.startswith(found[0].folder + "/" if found[0].folder else ""):
            return None
        return None if found[0].has("log_file", "log_pattern") else found[0]

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
            module = str(observation.value).replace(".", "/")
            for written in (f"{module}.py", f"{module}/__init__.py"):
                meant = self._index.resolve(written, unit.path)
                if meant is not None and _is_near(meant, written, unit.path):
                    yield meant, "imported_module", observation.locator
                    break
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
