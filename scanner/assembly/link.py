"""Which units are one execution, each link with its reason.

Strong identities first (a tracker's run folder or id, a scheduler's job), then pairs (.out/.err), then folders that a
log names, then identical curves in evidence of different formats.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scanner.assembly.paths import FolderIndex, shared_folders
from scanner.assembly.units import Unit
from scanner.records import Link, Locator, Observation, Series


@dataclass(slots=True)
class Execution:
    """Units that one execution left, and the recipes it came from."""

    units: list[Unit]
    """The primary first."""
    run_folder: str | None = None
    run_key: str = ""
    links: list[Link] = field(default_factory=list)
    recipes: list[Unit] = field(default_factory=list)
    """Scripts, launchers and configurations behind it, nearest first."""
    absorbed: list[Unit] = field(default_factory=list)
    """Recipes that ran, but of which it cannot be told what they said then."""
    copies: list[str] = field(default_factory=list)

    @property
    def primary(self) -> Unit:
        """The unit that tells most."""
        return self.units[0]

    def paths(self) -> list[str]:
        """Files of the execution, the primary first, each once."""
        return list(dict.fromkeys(unit.path for unit in self.units))

    def series(self) -> list[Series]:
        """All curves."""
        return [curve for unit in self.units for curve in unit.series]

    def facts(self, *names: str) -> list[Observation]:
        """Observations of facts or marks, in the order of units and lines."""
        return [o for unit in self.units for name in names for o in unit.facts.get(name, ())]

    def has(self, *names: str) -> bool:
        """Whether any unit states any of the facts or marks."""
        return any(unit.has(*names) for unit in self.units)


class _Forest:
    """Union-find over units, keeping why two were joined."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self.units = units
        self._parent = list(range(len(units)))
        self._members = [[i] for i in range(len(units))]
        self.links: list[tuple[int, Link]] = []

    def find(self, i: int) -> int:
        while self._parent[i] != i:
            self._parent[i] = self._parent[self._parent[i]]
            i = self._parent[i]
        return i

    def join(self, i: int, j: int, reason: str, because: Locator | None) -> None:
        a, b = self.find(i), self.find(j)
        if a != b:
            self._parent[max(a, b)] = min(a, b)
            self._members[min(a, b)] += self._members[max(a, b)]
            unit = self.units[j]
            self.links.append((j, Link(unit.path, unit.segment, reason, because)))

    def members(self, i: int) -> list[int]:
        return sorted(self._members[self.find(i)])


def link(
    units: Sequence[Unit],
    consoles: Sequence[Sequence[str]],
    named: Mapping[str, Sequence[Observation]],
) -> list[Execution]:
    """Group execution units (not recipes) into executions. `consoles` are logs that one launch wrote; `named` are the
    output folders that a notebook's own source names, by the notebook's path."""
    forest = _Forest(units)
    _join_folders(forest)
    _join_equal(forest, "tracker_run")
    _join_pairs(forest)
    _join_consoles(forest, consoles)
    _join_named_folders(forest, named)
    _join_processes(forest)
    _join_equal_curves(forest)
    _join_nested_events(forest)
    groups: dict[int, list[int]] = defaultdict(list)
    for i in range(len(units)):
        groups[forest.find(i)].append(i)
    links: dict[int, list[Link]] = defaultdict(list)
    for i, found_link in forest.links:
        links[forest.find(i)].append(found_link)
    found = []
    for members in groups.values():
        own = sorted((units[i] for i in members), key=_telling)
        folder = next((u.fact("run_folder") for u in own if u.fact("run_folder")), None)
        key = next((u.fact("run_key") or "" for u in own if u.fact("run_key")), "")
        execution = Execution(own, folder, key)
        execution.links = links[forest.find(members[0])]
        found.append(execution)
    return sorted(found, key=lambda e: e.primary.key)


def _telling(unit: Unit) -> tuple[int, int, str, int]:
    """Order of units inside an execution: the one with curves first, then marks, then by name."""
    return (-min(unit.n_points, 1), -len(unit.facts), unit.path, unit.segment)


def _join_folders(forest: _Forest) -> None:
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
                forest.join(own[0], i, "same_run_folder", _where(forest.units[i], "run_folder"))
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
                forest.join(next(iter(beside)), i, "same_run_folder", _where(forest.units[i], "run_folder"))
            else:
                rest.append(i)
        for i in rest[1:]:
            forest.join(rest[0], i, "same_run_folder", _where(forest.units[i], "run_folder"))


def _join_equal(forest: _Forest, fact: str) -> None:
    """Units that state the same identity."""
    first: dict[str, int] = {}
    for i, unit in enumerate(forest.units):
        for value in unit.all_facts(fact):
            if value in first:
                forest.join(first[value], i, f"same_{fact}", _where(unit, fact))
            else:
                first[value] = i


def _join_processes(forest: _Forest) -> None:
    """An event file and a console of one project that state the same process id."""
    events: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, unit in enumerate(forest.units):
        if _is_events(unit):
            for process in unit.all_facts("process_id"):
                events[unit.path.partition("/")[0] if "/" in unit.path else "", process].append(i)
    for i, unit in enumerate(forest.units):
        if not _is_events(unit):
            for process in unit.all_facts("process_id"):
                for k in events.get((unit.path.partition("/")[0] if "/" in unit.path else "", process), ()):
                    forest.join(i, k, "same_process", _where(unit, "process_id"))


_STREAMS = {".out": "out", ".o": "out", ".stdout": "out", ".log": "out", ".err": "err", ".e": "err", ".stderr": "err"}


def _stream(name: str) -> tuple[str, str] | None:
    """(stem, stream) of a console file: `train.err`, `job.o123`, `x_stderr.log`."""
    lowered = name.lower()
    for mark, stream in (("stdout", "out"), ("stderr", "err")):
        if mark in lowered:
            return lowered.replace(mark, "*"), stream
    stem, _, extension = lowered.rpartition(".")
    if extension[:1] in ("o", "e") and extension[1:].isdigit():
        return f"{stem}.{extension[1:]}", "out" if extension[0] == "o" else "err"
    stream = _STREAMS.get(f".{extension}", "")
    return (stem, stream) if stream else None


def _join_pairs(forest: _Forest) -> None:
    """stdout and stderr of one job: same folder and stem; several launches in both are paired in order."""
    streams: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for i, unit in enumerate(forest.units):
        found = _stream(unit.name)
        if found:
            streams[unit.folder, found[0]][found[1]].append(i)
    for pair in streams.values():
        out, err = pair.get("out", []), pair.get("err", [])
        if not out or not err:
            continue
        if len({forest.units[i].path for i in out}) > 1:
            continue
        _join_in_order(forest, out, err, "stdout_and_stderr")


def _join_consoles(forest: _Forest, consoles: Sequence[Sequence[str]]) -> None:
    """Logs that one launched command writes; several launches in them are paired in order."""
    by_path: dict[str, list[int]] = defaultdict(list)
    for i, unit in enumerate(forest.units):
        by_path[unit.path].append(i)
    for paths in consoles:
        found = [by_path[path] for path in paths if path in by_path]
        for other in found[1:]:
            _join_in_order(forest, found[0], other, "written_by_one_launch")


def _join_in_order(forest: _Forest, out: Sequence[int], err: Sequence[int], reason: str) -> None:
    """Join the n-th execution of one console with the n-th of the other; only the first where the counts differ."""
    if len(out) == len(err) or len(out) == 1 or len(err) == 1:
        for n in range(max(len(out), len(err))):
            if len(out) == len(err) or n == 0:
                forest.join(out[min(n, len(out) - 1)], err[min(n, len(err) - 1)], reason, None)


def _join_named_folders(forest: _Forest, named: Mapping[str, Sequence[Observation]]) -> None:
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


_TELLING = ("epochs", "batch_size", "dataset", "model", "max_steps")


def _disagree(units: Sequence[Unit], others: Sequence[Unit]) -> bool:
    """Whether two pieces of evidence state different values of two planned fields: another execution's folder."""

    def stated(found: Sequence[Unit], field: str) -> set[object]:
        return {o.value for unit in found for o in unit.settings if o.id == field}

    pairs = [(stated(units, field), stated(others, field)) for field in _TELLING]
    return sum(bool(a) and bool(b) and not a & b for a, b in pairs) > 1


TIMESTAMP_DIGITS = 6
"""A folder named with as many digits was made by one execution."""

MIN_EQUAL_POINTS = 3


def _join_equal_curves(forest: _Forest) -> None:
    """The same curve in evidence of different formats (a console log and its trainer_state.json), the nearest first.

    Two folders of one format with the same curve are two executions (a deterministic training repeated), so nothing
    may join a group that holds another folder of its own format.
    """
    by_curve: dict[tuple[object, ...], list[tuple[int, str]]] = defaultdict(list)
    for i, unit in enumerate(forest.units):
        for curve in unit.series:
            signature = _signature(curve)
            if signature:
                by_curve[signature].append((i, curve.found_by))
    for signature in sorted(by_curve, key=str):
        found = by_curve[signature]
        for n, (i, found_by) in enumerate(found):
            unit = forest.units[i]
            earlier = [k for k, other_by in found[:n] if other_by != found_by and forest.units[k].path != unit.path]
            for k in sorted(earlier, key=lambda k: (-shared_folders(forest.units[k].path, unit.path), k)):
                groups = [[forest.units[m] for m in forest.members(x)] for x in (i, k)]
                if not any(_are_twins(a, b) for a in groups[0] for b in groups[1]):
                    forest.join(k, i, "same_curve", unit.series[0].locator(0))
                    break


def _are_twins(a: Unit, b: Unit) -> bool:
    """Whether two units of one format lie in different run folders: never one execution."""
    folders = (a.fact("run_folder"), b.fact("run_folder"))
    if None in folders or folders[0] == folders[1]:
        return False
    return bool({s.found_by for s in a.series} & {s.found_by for s in b.series})


def _join_nested_events(forest: _Forest) -> None:
    """An event folder below the one run folder it can belong to (`out/runs/Nov08_.../events...` and `out/`)."""
    folders: dict[str, list[int]] = defaultdict(list)
    for i, unit in enumerate(forest.units):
        folder = unit.fact("run_folder")
        if folder:
            folders[folder].append(i)
    events = {f for f, found in folders.items() if all(_is_events(forest.units[i]) for i in found)}
    below: dict[str, list[str]] = defaultdict(list)
    for folder in events:
        parent = folder.rpartition("/")[0]
        while parent and (parent not in folders or parent in events):
            parent = parent.rpartition("/")[0]
        if parent:
            below[parent].append(folder)
    for parent in sorted(below):
        roots = {forest.find(i) for i in folders[parent]}
        loose = [f for f in below[parent] if forest.find(folders[f][0]) not in roots]
        if len(roots) == 1 and len(loose) == 1 and len(below[parent]) == 1:
            i = folders[loose[0]][0]
            forest.join(folders[parent][0], i, "events_below_run_folder", _where(forest.units[i], "run_folder"))


def _is_events(unit: Unit) -> bool:
    return any(o.found_by == "tensorboard_events" for o in unit.facts["run_folder"])


def _signature(curve: Series) -> tuple[object, ...] | None:
    """Last points of a loss curve to the 4 digits that consoles print; None for one too short or too even to tell."""
    if curve.metric not in ("train_loss", "eval_loss") or len(curve) < MIN_EQUAL_POINTS:
        return None
    tail = [float(f"{v:.4g}") for v in curve.values[-MIN_EQUAL_POINTS:]]
    if not all(map(math.isfinite, tail)) or len(set(tail)) < MIN_EQUAL_POINTS:
        return None
    return (curve.metric, len(curve), *tail)


def _where(unit: Unit, fact: str) -> Locator | None:
    found = unit.facts.get(fact)
    return found[0].locator if found else None


def paths_of(executions: Iterable[Execution]) -> set[str]:
    """All files of executions."""
    return {path for execution in executions for path in execution.paths()}
