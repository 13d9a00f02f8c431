"""Copies: byte-identical evidence in backup folders is one run, with every copy listed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence

from scanner.assembly.link import Execution
from scanner.assembly.units import Unit
from scanner.knowledge import is_backup

MIN_FILE_BYTES = 40
"""A smaller file says too little to be called a copy by its content alone."""

MIN_FOLDER_BYTES = 200
"""A run folder whose largest shared file is smaller says too little to be called a copy (`hparams.yaml: {}`)."""


def split_backups(
    units: Sequence[Unit], digests: Mapping[str, tuple[str, int]]
) -> tuple[list[Unit], dict[str, list[str]]]:
    """The units without those of files in backup folders that equal a file outside; and original -> its copies.

    Done before linking, so that no copy of a log is linked as further evidence, nor one tracker's copy with another
    tracker's original. A single file equals any file of the same content. A run folder, whose small files may equal
    those of another execution, goes when each of its files equals the one that stands where the backup was made from.
    """
    originals: dict[str, str] = {}
    outside = {unit.path for unit in units if not is_backup(unit.path)}
    for unit in units:
        digest, size = digests.get(unit.path, ("", 0))
        if size >= MIN_FILE_BYTES and unit.path in outside:
            originals.setdefault(digest, unit.path)
    folders = {unit.path: unit.fact("run_folder") or "" for unit in units if unit.has("run_folder")}
    twins = {
        unit.path: _twin(unit.path, outside, digests)
        if unit.path in folders
        else originals.get(digests.get(unit.path, ("", 0))[0])
        for unit in units
        if unit.path not in outside
    }
    changed = {folders[path] for path, twin in twins.items() if twin is None and path in folders}
    kept: list[Unit] = []
    copies: dict[str, list[str]] = defaultdict(list)
    for unit in units:
        original = twins.get(unit.path)
        if original is None or folders.get(unit.path) in changed:
            kept.append(unit)
        elif unit.path not in copies[original]:
            copies[original].append(unit.path)
    return kept, copies


def _twin(path: str, outside: Container[str], digests: Mapping[str, tuple[str, int]]) -> str | None:
    """The equal file at the same path without the folders of the backup: `yedek/2024/a/x` was made from `a/x`."""
    parts = path.split("/")
    for begin in range(len(parts) - 1):
        for end in range(begin + 1, len(parts)):
            if is_backup("/".join(parts[begin:end])):
                original = "/".join((*parts[:begin], *parts[end:]))
                if original in outside and digests.get(path, ("", 0))[0] and digests[path] == digests.get(original):
                    return original
    return None


def fold(executions: Sequence[Execution], digests: Mapping[str, tuple[str, int]]) -> list[Execution]:
    """Executions without the copies; the files of a copy become `copies` of the one that stays.

    `digests` gives (digest, size) of each path. A single-file execution is a copy when another file has the same
    digest and the same segment; a run folder is one when every file in it equals the file of the same name there.
    The one that stays is the one outside backup folders, then the shallowest, then the first by name.
    """
    kept: list[Execution] = []
    seen: dict[tuple[object, ...], Execution] = {}
    order = sorted(executions, key=lambda e: (is_backup(e.primary.path), e.primary.path.count("/"), e.primary.key))
    for execution in order:
        fingerprint = _fingerprint(execution, digests)
        twin = seen.get(fingerprint) if fingerprint else None
        if twin is not None:
            twin.copies.extend(execution.paths())
            twin.copies.extend(execution.copies)
            continue
        if fingerprint:
            seen[fingerprint] = execution
        kept.append(execution)
    return sorted(kept, key=lambda e: e.primary.key)


def _fingerprint(execution: Execution, digests: Mapping[str, tuple[str, int]]) -> tuple[object, ...] | None:
    folder = execution.run_folder
    if folder is None:
        digest, size = digests.get(execution.primary.path, ("", 0))
        return (
            (digest, execution.primary.segment, execution.primary.name if size < MIN_FILE_BYTES else "")
            if size
            else None
        )
    inside: dict[str, list[str]] = defaultdict(list)
    largest = 0
    for path in execution.paths():
        if path.startswith(folder + "/"):
            digest, size = digests.get(path, ("", 0))
            inside[path.removeprefix(folder + "/")].append(digest)
            largest = max(largest, size)
    if largest < MIN_FOLDER_BYTES:
        return None
    return (*sorted((name, *found) for name, found in inside.items()), execution.run_key)
