"""What an expression of a Python source is known to be, without running it.

Constants are followed through names, attributes, dictionaries, parameters, parsed arguments and simple arithmetic. What
depends on a loop, on an undecided branch, or on the machine (`cuda if available else cpu`) is not known. A value
carries the line at which it is written, not that of its use.
"""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Sequence

from scanner.formats import _python_fold as fold
from scanner.formats import _python_parameters as parameters
from scanner.formats import _python_records as records
from scanner.formats._python_known import Known, Record, Thing, agreed
from scanner.formats._python_scopes import HANDLER, LOOP, Arm, Binding, Place, Program, Scope, dotted

MAX_DEPTH = 40
MAX_EVALUATIONS = 400_000
MAX_BINDINGS = 40
"""Assignments of one name that are weighed against each other."""


class Values:
    """Answers what an expression of one program is known to be; each expression is asked once."""

    def __init__(self, program: Program, arguments: dict[str, ast.expr]) -> None:
        self.program = program
        self.arguments = arguments
        """Default of each command-line argument, by its name in the namespace."""
        self._memo: dict[int, Thing | None] = {}
        self._decided: dict[int, bool | None] = {}
        self._open: set[int] = set()
        self._left = MAX_EVALUATIONS

    def known(self, node: ast.expr | None) -> Known | None:
        """The scalar that an expression is known to be, never None itself."""
        found = self.thing(node)
        return found if isinstance(found, Known) and found.value is not None else None

    def record(self, node: ast.expr | None) -> Record | None:
        """The mapping or namespace that an expression is known to be."""
        found = self.thing(node)
        return found if isinstance(found, Record) else None

    def thing(self, node: ast.expr | None) -> Thing | None:
        """What an expression is known to be."""
        if node is None:
            return None
        key = id(node)
        if key in self._memo:
            return self._memo[key]
        if key in self._open or len(self._open) >= MAX_DEPTH or self._left <= 0:
            return None
        self._left -= 1
        self._open.add(key)
        try:
            found = self._evaluate(node)
        finally:
            self._open.discard(key)
        self._memo[key] = found
        return found

    def _evaluate(self, node: ast.expr) -> Thing | None:
        if isinstance(node, ast.Constant):
            scalar = node.value is None or isinstance(node.value, (str, int, float, bool))
            return Known(node.value, node.lineno) if scalar else None  # type: ignore[arg-type]
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
            return self._named(node)
        if isinstance(node, ast.Dict):
            return records.mapping(self, node)
        if isinstance(node, ast.Call):
            return records.call(self, node)
        if isinstance(node, ast.IfExp):
            decided = self.decide(node.test)
            if decided is not None:
                return self.thing(node.body if decided else node.orelse)
            return agreed([self.thing(node.body), self.thing(node.orelse)])
        if isinstance(node, ast.BoolOp):
            parts = [self.thing(part) for part in node.values]
            if isinstance(node.op, ast.Or) and isinstance(parts[0], Known):
                return parts[0] if parts[0].value else (parts[1] if len(parts) == 2 else None)
            return None
        if isinstance(node, ast.NamedExpr):
            return self.thing(node.value)
        folded = fold.fold(node, self.scalar)
        return Known(*folded) if folded is not None else None

    def scalar(self, node: ast.expr) -> tuple[str | float | int | bool | None, int] | None:
        found = self.thing(node)
        return (found.value, found.line) if isinstance(found, Known) else None

    def _named(self, node: ast.Name | ast.Attribute | ast.Subscript) -> Thing | None:
        place = self.program.places.get(id(node))
        name = dotted(node)
        if place is None or not name:
            return None
        if not name.startswith("()"):
            found, thing = self._look_up(name, place)
            if found:
                return thing
        if isinstance(node, ast.Name):
            return None
        base = self.thing(node.value)
        if not isinstance(base, Record):
            return None
        return self.member(base, name.rpartition(".")[2])

    def member(self, base: Record, name: str) -> Thing | None:
        if name in base.fields:
            return self.thing(base.fields[name])
        if base.of is not None:
            scope = self.program.scopes.get(id(base.of))
            if scope is not None and f"self.{name}" in scope.bindings:
                return self._all_agree(scope.bindings[f"self.{name}"])
        return None

    def _look_up(self, name: str, place: Place) -> tuple[bool, Thing | None]:
        """(whether the name is bound anywhere in sight, what it is)."""
        scope: Scope | None = place.scope
        while scope is not None:
            in_sight = scope is place.scope or not isinstance(scope.node, ast.ClassDef) or name.startswith("self.")
            bindings = scope.bindings.get(name) if in_sight else None
            if bindings:
                if scope is place.scope:
                    found = self.reaching(bindings, place)
                    if found is not None:
                        return True, found if isinstance(found, (Known, Record)) else None
                elif name.startswith("self."):
                    return True, self._all_agree(bindings)
                else:
                    return True, self._seen_from_inside(bindings, place.scope, scope, 0)
            function = scope.function
            if function is not None and parameters.has_parameter(function, name):
                return True, parameters.parameter(self, function, name)
            scope = scope.parent
        return False, None

    def reaching(self, bindings: Sequence[Binding], place: Place) -> Thing | bool | None:
        """What the bindings make of the name at a place of their scope; False: unknown; None: none stands before."""
        end = bisect_left(bindings, place.order, key=lambda b: b.place.order)
        loops = {arm for arm in place.arms if arm[1] == LOOP}
        if any(loops & set(b.place.arms) for b in bindings[end : end + MAX_BINDINGS] if b.place.order > place.order):
            return False
        found: list[Thing | None] = []
        for binding in reversed(bindings[:end]):
            arms = self.open_arms(binding.place)
            if arms is None or any(kind == HANDLER and (n, kind) not in place.arms for n, kind in arms):
                continue
            found.append(self._bound(binding))
            if all(arm in place.arms for arm in arms):
                break
            if len(found) >= MAX_BINDINGS:
                return False
        if not found:
            return None
        same = agreed(found)
        return same if same is not None else False

    def _seen_from_inside(self, bindings: Sequence[Binding], inner: Scope, outer: Scope, depth: int) -> Thing | None:
        """What a name of an outer scope is when a function inside it runs: as its calls find it."""
        function = inner
        while function.parent is not outer and function.parent is not None:
            function = function.parent
        node = function.function
        if node is not None and depth < 4:
            seen: list[Thing | None] = []
            for call in self.program.calls_of(node.name)[:MAX_BINDINGS]:
                if call.place.scope is outer:
                    found = self.reaching(bindings, call.place)
                    seen.append(found if isinstance(found, (Known, Record)) else None)
                elif call.place.scope is not inner:
                    seen.append(self._seen_from_inside(bindings, call.place.scope, outer, depth + 1))
            if seen:
                return agreed(seen)
        return self._all_agree(bindings)

    def _all_agree(self, bindings: Sequence[Binding]) -> Thing | None:
        alive = [b for b in bindings[:MAX_BINDINGS] if self.open_arms(b.place) is not None]
        # `self.x = None` in a constructor is a place kept for what is set later.
        things = [self._bound(b) for b in alive]
        stated = [t for t in things if not (isinstance(t, Known) and t.value is None)]
        return agreed(stated or things)

    def _bound(self, binding: Binding) -> Thing | None:
        if binding.value is None:
            return None
        if binding.part is None:
            return self.thing(binding.value)
        if isinstance(binding.value, ast.Call):
            return records.part_of_call(self, binding.value, binding.part)
        return None

    def open_arms(self, place: Place) -> tuple[Arm, ...] | None:
        """The arms of a place that are not decided; None when one of them is known not to be taken."""
        if len(place.arms) > MAX_DEPTH:
            return place.arms
        left: list[Arm] = []
        for number, arm in place.arms:
            test = self.program.tests.get(number)
            decided = self.decide(test[0]) if test is not None and arm in (0, 1) else None
            if decided is None:
                left.append((number, arm))
            elif decided != (arm == 0):
                return None
        return tuple(left)

    def decide(self, test: ast.expr) -> bool | None:
        """Whether a condition holds, where what it compares is known."""
        key = id(test)
        if key not in self._decided:
            self._decided[key] = None  # a condition that depends on itself is not decided
            self._decided[key] = self._decide(test)
        return self._decided[key]

    def _decide(self, test: ast.expr) -> bool | None:
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            inner = self.decide(test.operand)
            return None if inner is None else not inner
        if isinstance(test, ast.BoolOp):
            parts = [self.decide(part) for part in test.values[:MAX_DEPTH]]
            settles = isinstance(test.op, ast.Or)
            if settles in parts:
                return settles
            return None if None in parts else not settles
        if isinstance(test, ast.Compare):
            return fold.compare(test, self.scalar)
        found = self.thing(test)
        return bool(found.value) if isinstance(found, Known) else None
