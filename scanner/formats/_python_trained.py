"""Which architecture each training of a Python source trains: the trained object followed back to what made it.

    base = VGG16(weights="imagenet", include_top=False)
    model = Sequential(); model.add(base); model.add(Dense(1))
    model.fit(train_set, epochs=3)                    -> VGG16, the only named network inside the model

    plain = SmallNet().to(device); deep = DeepNet().to(device)
    run_training(plain, loader)                       -> SmallNet: the function trains its parameter
    run_training(deep, loader)                        -> DeepNet

Assignments, parameters, returned values, wrappers and the layers of a functional model are followed. A training whose
model has no name, or several, has none; what could not be followed is not guessed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import islice

from scanner.formats import _python_vocabulary as words
from scanner.formats._python_networks import Found, Frame, Networks, first_argument
from scanner.formats._python_scopes import Call, Function, Scope, dotted
from scanner.formats._python_settings import Context, Setting

MAX_CALLERS = 20
_MODEL = re.compile(r"(?i)model|net(?:work)?(?:$|_)")


def read(at: Context) -> Iterator[Setting]:
    """The architecture of each training at the top of the source, at the line that names it; where the source trains
    different ones, at the lines of the trainings. A nameless training hides those that stand before it: what they
    train is not its model."""
    networks = Networks(at)
    told: list[tuple[Call, set[Found]]] = []
    for call, expression, frame in _Trainings(at).read():
        if expression is not None:
            told.append((call, networks.of(expression, frame)))
        elif at.is_notebook:
            told.append((call, set()))
    if not told or len(told) > 200:
        return
    by_place: dict[int, tuple[Call, set[str], set[Found]]] = {}
    for call, found in told:
        _, names, places = by_place.setdefault(call.place.order, (call, set(), set()))
        names |= {f.name for f in found} if found else {""}
        places |= found
    ordered = [by_place[order] for order in sorted(by_place)]
    last_nameless = max((n for n, (_, names, _) in enumerate(ordered) if len(names) != 1 or "" in names), default=-1)
    kept = ordered[last_nameless + 1 :]
    distinct = {name for _, names, _ in kept for name in names}
    if not kept or (len(distinct) > 1 and not at.is_notebook) or (last_nameless >= 0 and not at.is_notebook):
        return
    for call, names, places in kept:
        line = min(f.line for f in places) if len(distinct) == 1 else call.node.lineno
        yield Setting("architecture", min(names), line, call.place, "trained")


class _Trainings:
    """The trainings of one source with what each of them trains."""

    def __init__(self, at: Context) -> None:
        self.at = at
        self.program = at.program

    def read(self) -> Iterator[tuple[Call, ast.expr | None, Frame | None]]:
        """(call at the top of the source, what it trains, functions in between) of every training."""
        for call, _ in self.at.training.calls[:60]:
            function = _function(call.place.scope)
            for frame in islice(self._callers(function, 0), MAX_CALLERS) if function is not None else [None]:
                outermost = frame
                while outermost is not None and outermost.outer is not None:
                    outermost = outermost.outer
                top = outermost.call if outermost is not None else call
                yield top, self._trained(call, function), frame

    def _callers(self, function: Function, depth: int) -> Iterator[Frame]:
        """Every way in which the top of the source calls a function."""
        if depth > 3 or len(self.program.functions[function.name]) != 1 or id(function) in self.program.owners:
            return
        for call in self.program.calls_of(function.name)[:MAX_CALLERS]:
            if call.receiver or self.at.values.open_arms(call.place) is None:
                continue
            outer = _function(call.place.scope)
            if outer is None:
                yield Frame(function, call, None)
            elif outer is not function:
                for frame in self._callers(outer, depth + 1):
                    yield Frame(function, call, frame)

    def _trained(self, call: Call, function: Function | None) -> ast.expr | None:
        """What a call that updates weights trains."""
        node = call.node
        if call.tail in ("fit", "fit_generator", "train_on_batch", "train") and isinstance(node.func, ast.Attribute):
            given = next((k.value for k in node.keywords if k.arg == "model"), None)
            made = self.at.makers.of(dotted(node.func.value), call.place)
            if made and made[-1].tail.endswith("Trainer"):
                inside = next((k.value for k in made[-1].node.keywords if k.arg == "model"), None)
                return given or inside or first_argument(made[-1].node) or first_argument(node)
            return given or (node.func.value if call.tail != "train" else None)
        if isinstance(node.func, ast.Name):
            given = next((k.value for k in node.keywords if k.arg == "model"), first_argument(node))
            return given if isinstance(given, ast.Name) and _MODEL.search(given.id) else None
        if call.tail != "backward":
            return None
        return self._optimized(call) or (self._parameter(function) if function is not None else None)

    def _optimized(self, call: Call) -> ast.expr | None:
        """The model whose parameters the optimizer beside a `backward` was given."""
        for other in self.program.calls_of("step"):
            if other.place.scope is not call.place.scope or not isinstance(other.node.func, ast.Attribute):
                continue
            for made in reversed(self.at.makers.of(dotted(other.node.func.value), call.place)):
                if words.is_optimizer(made.name) and made.place.order < other.place.order and made.node.args:
                    model = _owner_of_parameters(made.node.args[0])
                    if model is not None:
                        return model
        return None

    def _parameter(self, function: Function) -> ast.expr | None:
        """The parameter of a function that it trains: the one that it sets to training and calls; in its body the
        name of it, else a global's."""
        trained = [
            c.node.func.value
            for c in self.program.calls_of("train")
            if _function(c.place.scope) is function and isinstance(c.node.func, ast.Attribute)
            and isinstance(c.node.func.value, ast.Name) and not words.role_of(c.node.func.value.id)
        ]  # fmt: skip
        if not trained:
            trained = [
                c.node.func
                for name in ("model", "net", "network")
                for c in self.program.calls_of(name)
                if _function(c.place.scope) is function and isinstance(c.node.func, ast.Name)
            ]
        return trained[0] if len({node.id for node in trained if isinstance(node, ast.Name)}) == 1 else None


def _owner_of_parameters(node: ast.expr) -> ast.expr | None:
    """`filter(f, model.fc.parameters())` -> `model`; None where other things than one model's parameters are given."""
    owners = [
        call.func.value
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
        and call.func.attr in ("parameters", "named_parameters")
    ]  # fmt: skip
    heads = {dotted(owner).partition(".")[0] for owner in owners}
    if len(heads) != 1 or "()" in heads or "self" in heads:
        return None
    head = owners[0]
    while isinstance(head, (ast.Attribute, ast.Subscript)):
        head = head.value
    return head


def _function(scope: Scope) -> Function | None:
    """The outermost function that a scope is in."""
    found: Function | None = None
    current: Scope | None = scope
    while current is not None:
        found = current.function or found
        current = current.parent
    return found
