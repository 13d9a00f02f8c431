"""Log files by the pattern that a scheduler's directive gives: `#SBATCH --output=logs/%x_%j.out`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from scanner.assembly.units import Unit
from scanner.records import Locator

_PLACEHOLDERS = {"%j": r"\d+", "%A": r"\d+", "%J": r"[\d.]+", "%a": r"\d+", "%I": r"\d+", "%t": r"\d+", "%n": r"\d+"}
_PLACEHOLDER = re.compile(r"%\d*[a-zA-Z]")


class LogNames:
    """The launchers of a tree by the names that their logs will have."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self._units: dict[str, list[tuple[Unit, Locator]]] = defaultdict(list)
        for unit in units:
            for observation in unit.facts.get("log_pattern", ()):
                self._units[str(observation.value)].append((unit, observation.locator))

    def launcher_of(self, path: str) -> tuple[Unit, Locator] | None:
        """The launcher whose pattern a log's name follows, beside it or above it; None where several could be."""
        found = [
            pair
            for pattern, pairs in self._units.items()
            if _compiled(pattern).search(path)
            for pair in pairs
            if path.startswith(pair[0].folder + "/" if pair[0].folder else "")
        ]
        return found[0] if len({unit.path for unit, _ in found}) == 1 else None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = [part for part in pattern.replace("\\", "/").split("/") if part not in ("", ".", "..")][-2:]
    text, at = "/".join(parts), 0
    found = ["(?:^|/)"]
    for placeholder in _PLACEHOLDER.finditer(text):
        meant = _PLACEHOLDERS.get("%" + placeholder.group()[-1], r"[\w.-]+?")
        found += [re.escape(text[at : placeholder.start()]), meant]
        at = placeholder.end()
    return re.compile("".join([*found, re.escape(text[at:]), "$"]))
