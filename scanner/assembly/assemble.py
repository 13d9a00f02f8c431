"""Linked groups to Runs: the stage's flow on one screen. Opens no file of the tree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scanner.assembly.attach import attach
from scanner.assembly.copies import fold, split_backups
from scanner.assembly.identity import name_of, project_of, run_id, unique
from scanner.assembly.link import Execution, link
from scanner.assembly.measured import derive, measure
from scanner.assembly.paths import PathIndex
from scanner.assembly.recipe_book import RecipeBook
from scanner.assembly.recipes import Recipe, declared
from scanner.assembly.resolve import resolve, resolve_execution
from scanner.assembly.training import is_training, without_mere_weights
from scanner.assembly.units import make_units
from scanner.records import Evidence, Observation, Run, Series, SourceFile


def assemble(
    files: Sequence[SourceFile], observations: Iterable[Observation], series: Iterable[Series], paths: Iterable[str]
) -> list[Run]:
    """All runs of a tree, executed ones first by place, then declared ones. `paths` are all files met, read or not."""
    digests = {file.path: (file.digest, file.size) for file in files}
    units = make_units(observations, series)
    index = PathIndex([*digests, *paths])
    book = RecipeBook([u for u in units if u.is_recipe], index)
    originals, copies = split_backups([u for u in units if not u.is_recipe], digests)
    executions = link(originals, book.consoles(), book.output_folders())
    for execution in executions:
        execution.copies.extend(copy for path in execution.paths() for copy in copies.get(path, ()))
    executions = [e for e in fold(executions, digests) if is_training(e) or book.launches_training_into(e)]
    executions = without_mere_weights(executions)
    attach(executions, book, index)
    recipes = declared(book, executions, digests)
    ids = unique([*(run_id(e.units, digests) for e in executions), *(run_id([r.root], digests) for r in recipes)])
    runs = [_executed(e, name) for e, name in zip(executions, ids, strict=False)]
    runs += [_declared(r, name) for r, name in zip(recipes, ids[len(executions) :], strict=True)]
    return runs


def _executed(execution: Execution, name: str) -> Run:
    values = derive(measure(execution, resolve_execution(execution)))
    evidence = [Evidence(path, "execution") for path in execution.paths()]
    known = set(execution.paths())
    evidence += [Evidence(p, "recipe") for p in dict.fromkeys(u.path for u in execution.recipes) if p not in known]
    evidence += [Evidence(path, "copy") for path in dict.fromkeys(execution.copies) if path not in known]
    signals = [o for unit in execution.units for observations in unit.facts.values() for o in observations]
    return Run(
        name,
        "executed",
        project_of(execution.primary.path),
        name_of(execution),
        values,
        tuple(execution.series()),
        tuple(sorted(signals, key=lambda o: o.locator)),
        tuple(execution.links),
        tuple(evidence),
    )


def _declared(recipe: Recipe, name: str) -> Run:
    nearness = {unit.path: n for n, unit in enumerate(recipe.units(), 1)}
    values = derive(resolve([o for unit in recipe.units() for o in unit.settings], nearness))
    evidence = tuple(Evidence(path, "recipe") for path in dict.fromkeys(u.path for u in recipe.units()))
    signals = tuple(o for observations in recipe.root.facts.values() for o in observations)
    root = recipe.root
    return Run(name, "declared", project_of(root.path), root.name, values, (), signals, tuple(recipe.links), evidence)
