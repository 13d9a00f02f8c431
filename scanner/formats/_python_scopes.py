"""Where names of a Python source are bound, and in which order: what a constant can be followed through.

Every statement has a place: its scope (module, class or function), its number in the order of the text, and the arms of
`if`s and loops that it stands in. A binding reaches a use if it stands before it; one in an arm that the use is not in
may or may not.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

MAX_NODES = 1_000_000

Arm = tuple[int, int]
"""(number of an `if`, loop or handler; which of its bodies: 0 and 1 of an `if`, `LOOP`, `HANDLER`)."""

LOOP = 80
"""A body that runs any number of times."""
HANDLER = 90
"""What follows `except`: the exception to the rule."""

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(eq=False, slots=True)
class Scope:
    """A module, class or function with the names that it binds."""

    node: ast.AST
    parent: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=lambda: defaultdict(list))
    """Dotted name (`lr`, `cfg.lr`, `config["lr"]` as `config.lr`) -> its bindings in the order of the text."""

    @property
    def is_module(self) -> bool:
        return self.parent is None

    @property
    def function(self) -> Function | None:
        """The function that it is, or None."""
        return self.node if isinstance(self.node, (ast.FunctionDef, ast.AsyncFunctionDef)) else None


class Place(NamedTuple):
    """Where a statement stands."""

    scope: Scope
    order: int
    arms: tuple[Arm, ...]

    def is_within(self, other: tuple[Arm, ...]) -> bool:
        """Whether it stands in all of the other's arms, so that the other has happened when it does."""
        return self.arms[: len(other)] == other


class Binding(NamedTuple):
    """One assignment of a name."""

    value: ast.expr | None
    """None: bound to what cannot be followed (a loop's target, a part of a tuple, `+=`)."""
    place: Place
    index: int | None = None
    """Which part of `value` it is, for `a, b = f()`."""


class Call(NamedTuple):
    """A call with its place and the names that its result is assigned to."""

    node: ast.Call
    place: Place
    targets: tuple[str, ...]
    name: str
    """Dotted, imports resolved: `optim.Adam(...)` -> "torch.optim.Adam"; `X(...).fit()` -> "().fit"."""

    @property
    def tail(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(".")[2]

    @property
    def receiver(self) -> str:
        """What stands before the last part, "" for a plain name."""
        return self.name.rpartition(".")[0]


@dataclass(eq=False)
class Program:
    """A source taken apart once."""

    module: Scope
    places: dict[int, Place] = field(default_factory=dict)
    """id of a name, attribute, subscript, call or conditional expression -> its statement's place."""
    calls: list[Call] = field(default_factory=list)
    """In the order of the text."""
    imports: dict[str, str] = field(default_factory=dict)
    """Local name -> what it is imported from ("optim" -> "torch.optim"); relative ones start with a dot."""
    packages: set[str] = field(default_factory=set)
    """Top-level packages of plain imports."""
    statements: list[tuple[ast.stmt, Place]] = field(default_factory=list)
    functions: dict[str, list[Function]] = field(default_factory=lambda: defaultdict(list))
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    owners: dict[int, ast.ClassDef] = field(default_factory=dict)
    """id of a method -> its class."""
    scopes: dict[int, Scope] = field(default_factory=dict)
    """id of a definition -> its own scope."""
    loaded: set[str] = field(default_factory=set)
    """Names and attributes that are read anywhere, and strings that subscript something."""
    passed_on: set[str] = field(default_factory=set)
    """Dotted names handed to a call as a whole, and those unpacked with `**`."""
    tests: dict[int, tuple[ast.expr, Place]] = field(default_factory=dict)
    """Number of an `if` -> its condition."""

    def qualified(self, node: ast.expr) -> str:
        """A dotted name with its import resolved; "" for what is no name."""
        written = dotted(node)
        head, dot, rest = written.partition(".")
        known = self.imports.get(head)
        return f"{known}{dot}{rest}" if known else written

    def calls_of(self, name: str) -> list[Call]:
        """Calls whose last part is the name."""
        return self._by_tail().get(name, [])

    def _by_tail(self) -> dict[str, list[Call]]:
        if self._tails is None:
            self._tails = defaultdict(list)
            for call in self.calls:
                self._tails[call.tail].append(call)
        return self._tails

    _tails: dict[str, list[Call]] | None = None


def dotted(node: ast.expr) -> str:
    """`a.b["c"]` -> "a.b.c"; a call or other expression at its head is written "()"."""
    parts: list[str] = []
    current = node
    while True:
        if isinstance(current, ast.Attribute):
            parts.append(current.attr)
            current = current.value
        elif isinstance(current, ast.Subscript) and isinstance(current.slice, ast.Constant):
            parts.append(str(current.slice.value))
            current = current.value
        elif isinstance(current, ast.Name):
            parts.append(current.id)
            return ".".join(reversed(parts))
        else:
            return ".".join(["()", *reversed(parts)]) if parts else ""


_FOLLOWED = (ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.IfExp)


def take_apart(tree: ast.Module) -> Program:
    """Index a tree: an iterative walk in the order of the text. Raises ValueError when the tree is too large."""
    program = Program(Scope(tree, None))
    program.scopes[id(tree)] = program.module
    stack: list[tuple[ast.AST, Place, tuple[str, ...]]] = [
        (child, Place(program.module, 0, ()), ()) for child in reversed(tree.body)
    ]
    order = 0
    n = 0
    while stack:
        node, place, targets = stack.pop()
        n += 1
        if n > MAX_NODES:
            raise ValueError("a source too large to be followed")
        if isinstance(node, ast.stmt):
            order += 1
            place = place._replace(order=order)
            program.statements.append((node, place))
            _bind(node, place, program)
        elif isinstance(node, ast.ExceptHandler):
            place = place._replace(arms=(*place.arms, (order, HANDLER)))
        elif isinstance(node, ast.match_case):
            place = place._replace(arms=(*place.arms, (-node.pattern.lineno, LOOP)))
        elif isinstance(node, _FOLLOWED):
            program.places[id(node)] = place
            _note(node, place, targets, program)
        elif isinstance(node, ast.comprehension):
            _bind_target(node.target, None, place, program)
        children = list(_children(node, place, targets, order, program))
        stack.extend(reversed(children))
    return program


def _note(node: ast.expr, place: Place, targets: tuple[str, ...], program: Program) -> None:
    if isinstance(node, ast.Call):
        program.calls.append(Call(node, place, targets, program.qualified(node.func)))
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            inner = argument.value if isinstance(argument, ast.Starred) else argument
            if isinstance(inner, (ast.Name, ast.Attribute)):
                program.passed_on.add(dotted(inner))
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        program.loaded.add(node.id)
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        program.loaded.add(node.attr)
    elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.ctx, ast.Load):
        program.loaded.add(str(node.slice.value))


def _children(
    node: ast.AST, place: Place, targets: tuple[str, ...], order: int, program: Program
) -> Iterator[tuple[ast.AST, Place, tuple[str, ...]]]:
    """A node's children with the place that each of them has."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        inner = Scope(node, place.scope)
        program.scopes[id(node)] = inner
        outside: list[ast.AST] = [*node.decorator_list]
        if isinstance(node, ast.ClassDef):
            outside += [*node.bases, *(keyword.value for keyword in node.keywords)]
        else:
            outside += [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
        yield from ((child, place, ()) for child in outside)
        yield from ((child, Place(inner, order, ()), ()) for child in node.body)
        return
    if isinstance(node, ast.If):
        yield node.test, place, ()
        if _is_entry(node.test):
            yield from ((child, place, ()) for child in (*node.body, *node.orelse))
            return
        program.tests[order] = (node.test, place)
        for arm, body in enumerate((node.body, node.orelse)):
            yield from ((child, place._replace(arms=(*place.arms, (order, arm))), ()) for child in body)
        return
    if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
        yield (node.test if isinstance(node, ast.While) else node.iter), place, ()
        inside = place._replace(arms=(*place.arms, (order, LOOP)))
        yield from ((child, inside, ()) for child in node.body)
        yield from ((child, place, ()) for child in node.orelse)
        return
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
        written = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = tuple(name for target in written for name in _target_names(target))
        yield from ((target, place, ()) for target in written if not isinstance(target, ast.Name))
        if node.value is not None:
            yield node.value, place, names
        return
    if isinstance(node, ast.withitem):
        yield node.context_expr, place, tuple(_target_names(node.optional_vars)) if node.optional_vars else ()
        return
    passes = isinstance(node, (ast.Attribute, ast.Await, ast.IfExp)) or (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    )
    for child in ast.iter_child_nodes(node):
        # `model = Net().to(device)`: the inner call's result is what `model` gets.
        is_head = passes and (not isinstance(node, ast.Call) or child is node.func)
        yield child, place, targets if is_head else ()


def _is_entry(test: ast.expr) -> bool:
    """`__name__ == "__main__"`: what follows is what running the file does."""
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


def _target_names(target: ast.expr) -> list[str]:
    if isinstance(target, (ast.Tuple, ast.List)):
        return [dotted(part) for part in target.elts]
    return [dotted(target)]


def _bind(node: ast.stmt, place: Place, program: Program) -> None:
    """Note what a statement binds."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            _bind_target(target, node.value, place, program)
    elif isinstance(node, ast.AnnAssign):
        if node.value is not None:
            _bind_target(node.target, node.value, place, program)
    elif isinstance(node, ast.AugAssign):
        _bind_target(node.target, None, place, program)
    elif isinstance(node, (ast.For, ast.AsyncFor)):
        _bind_target(node.target, None, place, program)
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        for item in node.items:
            if item.optional_vars is not None:
                _bind_target(item.optional_vars, item.context_expr, place, program)
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        program.functions[node.name].append(node)
        if isinstance(place.scope.node, ast.ClassDef):
            program.owners[id(node)] = place.scope.node
    elif isinstance(node, ast.ClassDef):
        program.classes[node.name] = node
    elif isinstance(node, ast.Import):
        for alias in node.names:
            program.packages.add(alias.name.split(".")[0])
            if alias.asname:
                program.imports[alias.asname] = alias.name
    elif isinstance(node, ast.ImportFrom):
        head = "." * node.level + (node.module or "")
        for alias in node.names:
            program.imports[alias.asname or alias.name] = f"{head}.{alias.name}" if head else alias.name


def _bind_target(target: ast.expr, value: ast.expr | None, place: Place, program: Program) -> None:
    if isinstance(target, (ast.Tuple, ast.List)):
        parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else None
        for index, part in enumerate(target.elts):
            if parts is not None and len(parts) == len(target.elts):
                _bind_target(part, parts[index], place, program)
            elif isinstance(part, (ast.Name, ast.Attribute, ast.Subscript)):
                _add(dotted(part), Binding(value, place, index), program)
        return
    if isinstance(target, ast.Starred):
        _bind_target(target.value, None, place, program)
    elif isinstance(target, (ast.Name, ast.Attribute, ast.Subscript)):
        _add(dotted(target), Binding(value, place), program)


def _add(name: str, binding: Binding, program: Program) -> None:
    scope = binding.place.scope
    if name.startswith("self.") and scope.parent is not None and isinstance(scope.parent.node, ast.ClassDef):
        scope = scope.parent  # an attribute belongs to the class, whichever method sets it
    scope.bindings[name].append(binding)
