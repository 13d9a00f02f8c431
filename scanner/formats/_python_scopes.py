"""Where names of a Python source are bound, and in which order: what a constant can be followed through.

Every statement has a place: its scope (module, class or function), its number in the order of the text, and the arms of
`if`s and loops that it stands in. A binding reaches a use if it stands before it; one in an arm that the use is not in
may or may not.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

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
    part: int | None = None
    """Which part of `value` it is, for `a, b = f()`."""


class Call(NamedTuple):
    """A call with its place and the names that its result is assigned to."""

    node: ast.Call
    place: Place
    targets: tuple[str, ...]
    name: str
    """Dotted, imports resolved: `optim.Adam(...)` -> "torch.optim.Adam"; `X(...).fit()` -> "().fit"."""

    tail: str
    """The last part of the name."""
    receiver: str
    """What stands before the last part, "" for a plain name."""

    @classmethod
    def of(cls, node: ast.Call, place: Place, targets: tuple[str, ...], name: str) -> Call:
        """A call by its whole name."""
        receiver, _, tail = name.rpartition(".")
        return cls(node, place, targets, name, tail, receiver)


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
    if type(node) is ast.Name:
        return node.id
    parts: list[str] = []
    current = node
    while True:
        kind = type(current)
        if kind is ast.Attribute:
            parts.append(current.attr)  # type: ignore[attr-defined]
            current = current.value  # type: ignore[attr-defined]
        elif kind is ast.Subscript and type(current.slice) is ast.Constant:  # type: ignore[attr-defined]
            parts.append(str(current.slice.value))  # type: ignore[attr-defined]
            current = current.value  # type: ignore[attr-defined]
        elif kind is ast.Name:
            parts.append(current.id)  # type: ignore[attr-defined]
            return ".".join(reversed(parts))
        else:
            return ".".join(["()", *reversed(parts)]) if parts else ""
