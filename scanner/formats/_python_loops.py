"""The counts of a Python source's training loops: epochs or steps, by the name of the counter.

    for epoch in range(1, num_epochs + 1): ...        while step < max_steps: ...

A loop without a name for its counter counts steps where the weights are updated in its own body.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator

from scanner.formats._python_scopes import LOOP, Arm, Call, Place, Program, dotted
from scanner.formats._python_settings import Setting
from scanner.formats._python_training import Training
from scanner.formats._python_values import Values

_EPOCH = re.compile(
    r"(?i)^_?(?:n_?)?(?:epochs?|ep|epoch_?(?:num|idx|no|i|id|number|index|count)|i_?epoch|e|epo|idx_epoch|"
    r"current_epoch|cur_epoch|donem|dönem|epok)$"
)
_STEP = re.compile(
    r"(?i)^_?(?:global_)?(?:steps?|iters?|iterations?|it|iter_?num|itr|update|num_update|i_?iter|step_num|adim|adım)$"
)


class Loops:
    """The loops of one program in which weights are updated."""

    def __init__(self, program: Program, values: Values, training: Training) -> None:
        self.program = program
        self.values = values
        self.training = training
        self._known_updates: dict[int, list[int]] | None = None
        self._inside: dict[Arm, list[Call]] = defaultdict(list)
        """Loop -> the calls in it that update weights."""

    def read(self) -> Iterator[Setting]:
        """What the loops around the training count."""
        for node, place in self.program.statements:
            if isinstance(node, ast.For) and self._trains(node, place) and self.values.open_arms(place) is not None:
                yield from self._count(node, place)
            elif isinstance(node, ast.While) and self._trains(node, place):
                yield from self._until(node, place)

    def _trains(self, node: ast.For | ast.While, place: Place) -> bool:
        """Whether the body updates weights, here or through a function of this source."""
        end = node.end_lineno or node.lineno
        lines = self._updates().get(id(place.scope), [])
        index = bisect_right(lines, node.lineno)
        return index < len(lines) and lines[index] <= end

    def _updates(self) -> dict[int, list[int]]:
        """id of a scope -> the lines at which it updates weights, itself or through a function of this source."""
        if self._known_updates is None:
            called = [c for name in sorted(self.training.functions) for c in self.program.calls_of(name)]
            self._known_updates = defaultdict(list)
            for call in (*(call for call, _ in self.training.calls), *called):
                self._known_updates[id(call.place.scope)].append(call.node.lineno)
                for arm in call.place.arms:
                    if arm[1] == LOOP:
                        self._inside[arm].append(call)
            for lines in self._known_updates.values():
                lines.sort()
        return self._known_updates

    def _count(self, node: ast.For, place: Place) -> Iterator[Setting]:
        iterated = node.iter
        for _ in range(3):
            if (
                isinstance(iterated, ast.Call)
                and dotted(iterated.func).rpartition(".")[2]
                in ("tqdm", "enumerate", "track", "progress_bar", "master_bar")
                and iterated.args
            ):
                iterated = iterated.args[0]
        if not isinstance(iterated, ast.Call) or dotted(iterated.func).rpartition(".")[2] not in (
            "range",
            "trange",
            "tnrange",
        ):
            return
        key = self._counts(node, place)
        if key is None or not iterated.args:
            return
        stop = self.values.known(iterated.args[0] if len(iterated.args) == 1 else iterated.args[1])
        if stop is None or not isinstance(stop.value, (int, float)) or isinstance(stop.value, bool):
            return
        count: float = stop.value
        if len(iterated.args) >= 2:
            start = self.values.known(iterated.args[0])
            count -= start.value if start is not None and start.value in (0, 1) else 0
        yield Setting(key, count, stop.line, place, "epochs" if key == "num_epochs" else "steps")

    def _counts(self, node: ast.For, place: Place) -> str | None:
        """What a loop counts, by the name of its counter; a nameless one that updates at once counts steps."""
        if not isinstance(node.target, ast.Name):
            return None
        name = node.target.id
        if _EPOCH.match(name):
            return "num_epochs"
        if _STEP.match(name) or (name in ("i", "j", "t", "k", "n", "_") and self._is_innermost(place)):
            return "max_steps"
        return None

    def _is_innermost(self, place: Place) -> bool:
        """Whether the weights are updated in the loop's own body, not in a loop inside it."""
        updates = self._inside[place.order, LOOP]
        return bool(updates) and all(
            [arm for arm in c.place.arms if arm[1] == LOOP][-1] == (place.order, LOOP) for c in updates
        )

    def _until(self, node: ast.While, place: Place) -> Iterator[Setting]:
        """`while step < max_steps`."""
        test = node.test
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], (ast.Lt, ast.LtE)):
            name = dotted(test.left).rpartition(".")[2]
            limit = self.values.known(test.comparators[0])
            key = (
                "num_epochs"
                if _EPOCH.match(name)
                else "max_steps"
                if _STEP.match(name) or name == "global_step"
                else None
            )
            if (
                key is not None
                and limit is not None
                and isinstance(limit.value, int)
                and not isinstance(limit.value, bool)
            ):
                yield Setting(key, limit.value, limit.line, place, "epochs" if key == "num_epochs" else "steps")
