"""Copies: byte-identical evidence in backup folders is one run, with every copy listed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

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
    """The units without those of single files in backup folders that equal a file outside; and original -> its copies.

    Done before linking, so that the copy of a log is not linked as further evidence. Files of run folders are left to
    `fold`: a small one may equal that of another execution.
    """
    originals: dict[str, str] = {}
    for unit in units:
        digest, size = digests.get(unit.path, ("", 0))
        if size >= MIN_FILE_BYTES and not is_backup(unit.path):
            originals.setdefault(digest, unit.path)
    in_folders = {unit.path for unit in units if unit.has("run_folder")}
    kept: list[Unit] = []
    copies: dict[str, list[str]] = defaultdict(list)
    for unit in units:
        original = originals.get(digests.get(unit.path, ("", 0))[0])
        if original is None or not is_backup(unit.path) or unit.path in in_folders:
            kept.append(unit)
        elif unit.path not in copies[original]:
            copies[original].append(unit.path)
    return kept, copies


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
