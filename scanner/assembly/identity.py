"""Names of runs: an id that survives moving the tree, the project, and what a person would call the run."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from scanner.assembly.link import Execution
from scanner.assembly.units import Unit


def run_id(units: Sequence[Unit], digests: Mapping[str, tuple[str, int]]) -> str:
    """First 12 hexadecimal digits of the hash of the evidence's digests, names and segments."""
    parts = sorted(f"{digests.get(u.path, ('', 0))[0]}:{u.name}:{u.segment}" for u in units)
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:12]


def unique(ids: Iterable[str]) -> list[str]:
    """The ids with `-2`, `-3`, ... behind those that occurred before: identical evidence in distinct run folders."""
    seen: Counter[str] = Counter()
    found = []
    for name in ids:
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return found


def project_of(path: str) -> str:
    """The top folder of a path; "." for files at the root."""
    return path.partition("/")[0] if "/" in path else "."


def name_of(execution: Execution) -> str:
    """The name a person or tracker gave, the run folder's last part, or the file's name with the segment."""
    for fact in execution.facts("run_name"):
        return str(fact.value)
    if execution.run_folder:
        return execution.run_folder.rsplit("/", 1)[-1]
    unit = execution.primary
    return unit.name if unit.segment == 0 else f"{unit.name}#{unit.segment + 1}"
