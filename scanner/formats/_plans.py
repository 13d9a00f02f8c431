"""Planned totals read from counters such as `Epoch 3/10`, each told once an execution instead of once a line."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.formats._base import Stated


class Plans:
    """What has been told of each plan; a counter that falls back belongs to another execution and is told again."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, float]] = {}

    def know(self, mark: str, done: float, total: float) -> None:
        """A counter was seen elsewhere that told nothing new."""
        self._seen[mark] = (done, total)

    def see(self, mark: str, done: float, total: float, line: int, raw: str = "") -> Iterator[Stated]:
        """The mark ("plan_epochs", "plan_steps") where its total is new or its counter fell back."""
        before = self._seen.get(mark)
        self._seen[mark] = (done, total)
        if before is None or total != before[1] or done < before[0]:
            yield Stated(mark, int(total) if total % 1 == 0 else total, line, "mark", raw=raw.strip())
