"""Where objects of a Python source come from: the calls that made them, their classes' bases, the imported packages."""

from __future__ import annotations

import sys
from collections import defaultdict

from scanner.formats._python_scopes import Call, Place, Program, Scope
from scanner.formats._python_vocabulary import THIRD_PARTY


class Makers:
    """Which calls made what a name holds."""

    def __init__(self, program: Program) -> None:
        self._by_target: dict[str, list[Call]] = defaultdict(list)
        for call in program.calls:
            for target in call.targets:
                self._by_target[target].append(call)

    def of(self, name: str, place: Place) -> list[Call]:
        """Those in the same scope, else in an enclosing one; an attribute of `self` is made anywhere in its class."""
        found = self._by_target.get(name, [])
        scope: Scope | None = place.scope
        while scope is not None and found:
            inner = [
                c
                for c in found
                if c.place.scope is scope or (name.startswith("self.") and c.place.scope.parent is scope)
            ]
            if inner:
                return inner
            scope = scope.parent
        return []


def base_names(name: str, program: Program) -> list[str]:
    """A class's dotted name and, where it is defined here, those of its bases."""
    names, queue = [name], [name.rpartition(".")[2]]
    while queue and len(names) < 12:
        node = program.classes.get(queue.pop())
        for base in node.bases if node is not None else ():
            qualified = program.qualified(base)
            names.append(qualified)
            queue.append(qualified.rpartition(".")[2])
    return names


def imports_any(program: Program, *names: str) -> bool:
    """Whether something of a package (or an exact name) is imported, or the package itself is named in a call."""
    seen = program.imports.values()
    if any(origin == name or origin.startswith(name + ".") for origin in seen for name in names):
        return True
    return bool(program.packages & set(names))


def is_local(origin: str) -> bool:
    """Whether an import may be of a module of the tree."""
    head = origin.split(".")[0]
    return origin.startswith(".") or not (head in THIRD_PARTY or head in sys.stdlib_module_names)
