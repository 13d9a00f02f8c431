"""Recipes that were never seen to run: scripts, launched commands and configurations that no execution absorbed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scanner.assembly.link import Execution
from scanner.assembly.recipe_book import CONFIG_ENDINGS, RecipeBook
from scanner.assembly.units import Unit
from scanner.records import Link

PLAN_FIELDS = frozenset({"learning_rate", "batch_size", "epochs", "max_steps"})


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


def declared(book: RecipeBook, executions: Sequence[Execution], digests: Mapping[str, tuple[str, int]]) -> list[Recipe]:
    """Complete recipes that no execution absorbed: launches with arguments of their own, training scripts,
    configurations that neither of them pulls in. Of byte-identical files the shallowest speaks for all."""
    used = {unit.key for execution in executions for unit in (*execution.recipes, *execution.absorbed)}
    done = _Covered(digests)
    done.add(path for path, _ in used)
    done.add(path for e in executions for path in e.paths())
    used_twins = {(digests.get(path, (path, 0))[0], segment) for path, segment in used}
    units = [u for u in book.units() if (digests.get(u.path, (u.path, 0))[0], u.segment) not in used_twins]
    units = _without_twins(units, digests)
    found: list[Recipe] = []
    for unit in units:
        started = book.programs_of(unit)
        if started and _has_plan(unit, book) and any(s.has("trains") for s in started):
            found.append(_launched(unit, started, book))
    for recipe in found:
        done.add(unit.path for unit in recipe.units())
    training = [unit for unit in units if unit.has("trains") and unit.path not in done]
    # Every command of a launcher is a launch of its own; a script is one, whatever its parts.
    first = {unit.path: unit.key for unit in reversed(training)}
    scripts_only = [u for u in training if u.has("command") or first[u.path] == u.key]
    scripts = [_script(unit, book) for unit in scripts_only]
    found += _without_modules(scripts)
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


def _has_plan(unit: Unit, book: RecipeBook) -> bool:
    """Whether a launch carries a plan of its own: in its arguments or in a configuration that they name."""
    own = [unit, *book.configs_of(unit)]
    return any(o.id in PLAN_FIELDS for part in own for o in part.settings)


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


def _without_modules(recipes: Sequence[Recipe]) -> list[Recipe]:
    """The recipes without those whose script is a module that another one's imports (and that does not import it)."""
    parts = {recipe.root.path: {part.path for part in recipe.parts} for recipe in recipes}
    return [
        recipe
        for recipe in recipes
        if not any(
            recipe.root.path in parts[other.root.path] and other.root.path not in parts[recipe.root.path]
            for other in recipes
            if other is not recipe
        )
    ]
