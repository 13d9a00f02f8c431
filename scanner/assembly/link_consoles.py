"""Links between consoles: stdout and stderr of one job, logs that one launch writes, processes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from scanner.assembly.forest import Forest, is_events, where

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


def join_pairs(forest: Forest) -> None:
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
            # A scheduler's own log has the stem of the two as well.
            out = [i for i in out if not forest.units[i].name.lower().endswith(".log")]
        if not out or len({forest.units[i].path for i in out}) > 1:
            continue
        _join_in_order(forest, out, err, "stdout_and_stderr")


def join_consoles(forest: Forest, consoles: Sequence[Sequence[str]]) -> None:
    """Logs that one launched command writes; several launches in them are paired in order."""
    by_path: dict[str, list[int]] = defaultdict(list)
    for i, unit in enumerate(forest.units):
        by_path[unit.path].append(i)
    for paths in consoles:
        found = [by_path[path] for path in paths if path in by_path]
        for other in found[1:]:
            _join_in_order(forest, found[0], other, "written_by_one_launch")


def _join_in_order(forest: Forest, out: Sequence[int], err: Sequence[int], reason: str) -> None:
    """Join the n-th execution of one console with the n-th of the other; only the first where the counts differ."""
    if len(out) == len(err) or len(out) == 1 or len(err) == 1:
        for n in range(max(len(out), len(err))):
            if len(out) == len(err) or n == 0:
                forest.join(out[min(n, len(out) - 1)], err[min(n, len(err) - 1)], reason, None)


def join_processes(forest: Forest) -> None:
    """An event file and a console of one project that state the same process id."""
    events: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, unit in enumerate(forest.units):
        if is_events(unit):
            for process in unit.all_facts("process_id"):
                events[unit.path.partition("/")[0] if "/" in unit.path else "", process].append(i)
    for i, unit in enumerate(forest.units):
        if not is_events(unit):
            for process in unit.all_facts("process_id"):
                for k in events.get((unit.path.partition("/")[0] if "/" in unit.path else "", process), ()):
                    forest.join(i, k, "same_process", where(unit, "process_id"))
