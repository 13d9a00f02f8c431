"""Links by what was measured: the same curve, or the same running time, in evidence of different formats."""

from __future__ import annotations

import math
from collections import defaultdict

from scanner.assembly.forest import Forest
from scanner.assembly.paths import shared_folders
from scanner.assembly.units import Unit
from scanner.records import Series

MIN_EQUAL_POINTS = 3

RUNTIME_DECIMALS = 4


def join_equal_curves(forest: Forest) -> None:
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
        _join_beside(forest, by_curve[signature])
        _join_nearest(forest, by_curve[signature])


def _join_beside(forest: Forest, found: list[tuple[int, str]]) -> None:
    """Join what lies in one folder before anything else: two executions may have the same curve (AdamW without decay
    and Adam), each with a console and a state in a folder of its own."""
    first: dict[str, tuple[int, str]] = {}
    for i, found_by in found:
        unit = forest.units[i]
        k, other_by = first.setdefault(unit.folder, (i, found_by))
        if other_by != found_by and forest.units[k].path != unit.path and not _hold_twins(forest, i, k):
            forest.join(k, i, "same_curve", unit.series[0].locator(0))


def _join_nearest(forest: Forest, found: list[tuple[int, str]]) -> None:
    for n, (i, found_by) in enumerate(found):
        unit = forest.units[i]
        earlier = [k for k, other_by in found[:n] if other_by != found_by and forest.units[k].path != unit.path]
        for k in sorted(earlier, key=lambda k: (-shared_folders(forest.units[k].path, unit.path), k)):
            if not _hold_twins(forest, i, k):
                forest.join(k, i, "same_curve", unit.series[0].locator(0))
                break


def _hold_twins(forest: Forest, i: int, k: int) -> bool:
    groups = [[forest.units[m] for m in forest.members(x)] for x in (i, k)]
    return any(_are_twins(a, b) for a in groups[0] for b in groups[1])


def join_equal_runtimes(forest: Forest) -> None:
    """Evidence of different formats that states the same running time to four decimals and more (`train_runtime`)."""
    first: dict[tuple[str, float], int] = {}
    for i, unit in enumerate(forest.units):
        for o in unit.settings:
            if (
                o.id != "duration_s"
                or o.origin != "reported"
                or len(repr(o.value).partition(".")[2]) < RUNTIME_DECIMALS
            ):
                continue
            k = first.setdefault((unit.path.partition("/")[0] if "/" in unit.path else "", float(o.value)), i)
            if k != i and not _hold_twins(forest, i, k):
                forest.join(k, i, "same_running_time", o.locator)


def _are_twins(a: Unit, b: Unit) -> bool:
    """Whether two units of one format lie in different run folders: never one execution."""
    folders = (a.fact("run_folder"), b.fact("run_folder"))
    if None in folders or folders[0] == folders[1]:
        return False
    return bool(_formats(a) & _formats(b))


def _formats(unit: Unit) -> set[str]:
    return {s.found_by for s in unit.series} | {o.found_by for o in unit.settings}


def _signature(curve: Series) -> tuple[object, ...] | None:
    """Last points of a loss curve to the 4 digits that consoles print; None for one too short or too even to tell."""
    if curve.metric not in ("train_loss", "eval_loss") or len(curve) < MIN_EQUAL_POINTS:
        return None
    tail = [float(f"{v:.4g}") for v in curve.values[-MIN_EQUAL_POINTS:]]
    if not all(map(math.isfinite, tail)) or len(set(tail)) < MIN_EQUAL_POINTS:
        return None
    return (curve.metric, len(curve), *tail)
