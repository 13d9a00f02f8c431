"""Links by folders: evidence in one run folder, a console that names it, event files below it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from scanner.assembly.forest import Forest, is_events, where
from scanner.assembly.paths import FolderIndex
from scanner.assembly.units import Unit
from scanner.records import Locator, Observation

RELAUNCH_S = 60.0
"""Event files of one process begin within a minute of each other."""

TIMESTAMP_DIGITS = 6
"""A folder named with as many digits was made by one execution."""

_TELLING = ("epochs", "batch_size", "dataset", "model", "max_steps")


def join_folders(forest: Forest) -> None:
    """Units that state the same run folder; where keys tell executions inside it apart, the same key as well."""
    by_folder: dict[str, list[int]] = defaultdict(list)
    for i, unit in enumerate(forest.units):
        folder = unit.fact("run_folder")
        if folder is not None:
            by_folder[folder].append(i)
    for folder in sorted(by_folder):
        members = by_folder[folder]
        keys = {forest.units[i].fact("run_key") for i in members} - {None}
        for key in sorted(keys, key=str):
            own = [i for i in members if forest.units[i].fact("run_key") == key]
            for i in own[1:]:
                forest.join(own[0], i, "same_run_folder", where(forest.units[i], "run_folder"))
        places: dict[str, set[int]] = defaultdict(set)
        for i in members:
            if forest.units[i].fact("run_key") is not None:
                places[forest.units[i].folder].add(forest.find(i))
        rest: list[int] = []
        for i in members:
            if forest.units[i].fact("run_key") is not None:
                continue
            # A unit without a key is of the only execution of the folder, or of the one whose key lies beside it.
            beside = {forest.find(k) for found in places.values() for k in found}
            if len(beside) > 1:
                beside = {forest.find(k) for k in places.get(forest.units[i].folder, ())}
            if len(beside) == 1:
                forest.join(next(iter(beside)), i, "same_run_folder", where(forest.units[i], "run_folder"))
            else:
                rest.append(i)
        for first, *others in _launches_apart(rest, forest.units):
            for i in others:
                forest.join(first, i, "same_run_folder", where(forest.units[i], "run_folder"))


def _launches_apart(members: Sequence[int], units: Sequence[Unit]) -> list[list[int]]:
    """Units of one folder, apart where event files show that several executions wrote there: a later file whose
    training steps begin again. One that goes on above the last step is a resume; one without steps is the last's."""
    events = [i for i in members if is_events(units[i])]
    if len(events) < 2 or len(events) < len(members):
        return [list(members)] if members else []
    groups: list[list[int]] = []
    last_step, last_start = -math.inf, -math.inf
    for i in sorted(events, key=lambda i: (_started(units[i]), units[i].key)):
        steps = [step for s in units[i].series if s.metric == "train_loss" for step in s.steps if step == step]
        begins_again = bool(steps) and min(steps) <= last_step and _started(units[i]) - last_start > RELAUNCH_S
        if not groups or begins_again:
            groups.append([])
            last_step = -math.inf
        groups[-1].append(i)
        if steps:
            last_step, last_start = max(last_step, *steps), _started(units[i])
    return groups


def _started(unit: Unit) -> float:
    try:
        return float(unit.fact("started_at") or "-inf")
    except ValueError:
        return -math.inf


def join_named_folders(forest: Forest, named: Mapping[str, Sequence[Observation]]) -> None:
    """A console or notebook that names the folder it writes to, and the run folder of that name.

    A folder holds what was written last: of several executions in one file that name it, it is the last one's; where
    several files name it, nobody's, unless a time in its name makes it one execution's own.
    """
    folders: dict[str, list[int]] = defaultdict(list)
    for i, unit in enumerate(forest.units):
        folder = unit.fact("run_folder")
        if folder:
            folders[folder].append(i)
    index = FolderIndex(folders)
    claims: dict[str, list[tuple[int, Locator]]] = defaultdict(list)
    for i, unit in enumerate(forest.units):
        if not unit.fact("run_folder"):
            for observation in (*unit.facts.get("output_dir", ()), *named.get(unit.path, ())):
                meant = index.resolve(str(observation.value), unit.path)
                if meant is not None and len({forest.find(k) for k in folders[meant]}) == 1:
                    claims[meant].append((i, observation.locator))
    for folder in sorted(claims):
        owner = forest.find(folders[folder][0])
        inside = [forest.units[k] for k in folders[folder]]
        claims[folder] = [c for c in claims[folder] if not _disagree([forest.units[c[0]]], inside)]
        if not claims[folder]:
            continue
        claimants = {forest.find(i) for i, _ in claims[folder]} - {owner}
        last = max(claims[folder], key=lambda claim: forest.units[claim[0]].key)
        if sum(map(str.isdigit, folder.rpartition("/")[2])) >= TIMESTAMP_DIGITS:
            for i, because in claims[folder]:
                forest.join(folders[folder][0], i, "names_run_folder", because)
        elif len(claimants) == 1 or len({forest.units[i].path for i, _ in claims[folder]}) == 1:
            forest.join(folders[folder][0], last[0], "names_run_folder", last[1])


def _disagree(units: Sequence[Unit], others: Sequence[Unit]) -> bool:
    """Whether two pieces of evidence state different values of two planned fields: another execution's folder."""

    def stated(found: Sequence[Unit], field: str) -> set[object]:
        return {o.value for unit in found for o in unit.settings if o.id == field}

    pairs = [(stated(units, field), stated(others, field)) for field in _TELLING]
    return sum(bool(a) and bool(b) and not a & b for a, b in pairs) > 1


NESTED = frozenset({"tensorboard_events", "wandb_files", "lightning_files"})
"""Trackers whose folders lie in the output folder of what they track."""


def join_nested_trackers(forest: Forest) -> None:
    """A tracker's folder below the one run folder it can belong to (`out/runs/Nov08_.../events...` and `out/`)."""
    folders: dict[str, list[int]] = defaultdict(list)
    for i, unit in enumerate(forest.units):
        folder = unit.fact("run_folder")
        if folder:
            folders[folder].append(i)
    trackers = {f: _tracker([forest.units[i] for i in found]) for f, found in folders.items()}
    below: dict[tuple[str, str], list[str]] = defaultdict(list)
    for folder in sorted(folders):
        parent = folder.rpartition("/")[0]
        while parent and (parent not in folders or trackers[parent]):
            parent = parent.rpartition("/")[0]
        if parent and trackers[folder]:
            below[parent, trackers[folder]].append(folder)
    for (parent, _), found in sorted(below.items()):
        if len({forest.find(i) for i in folders[parent]}) == 1 and len(found) == 1:
            i = folders[found[0]][0]
            forest.join(folders[parent][0], i, "tracker_below_run_folder", where(forest.units[i], "run_folder"))


def _tracker(units: Sequence[Unit]) -> str:
    """The tracker whose folder units lie in; "" for another folder."""
    found = {o.found_by for unit in units for o in unit.facts["run_folder"]}
    return next(iter(found)) if len(found) == 1 and found <= NESTED else ""
