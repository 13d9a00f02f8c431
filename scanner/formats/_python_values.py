"""What an expression of a Python source is known to be, without running it.

Constants are followed through names, attributes, dictionaries, parameters, parsed arguments and simple arithmetic. What
depends on a loop, on an undecided branch, or on the machine (`cuda if available else cpu`) is not known. A value carries
the line at which it is written, not that of its use.
"""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from scanner.formats import _python_fold as fold
from scanner.formats._python_scopes import HANDLER, LOOP, Arm, Binding, Call, Function, Place, Program, Scope, dotted

MAX_DEPTH = 40
MAX_EVALUATIONS = 400_000
MAX_BINDINGS = 40
"""Assignments of one name that are weighed against each other."""


class Known(NamedTuple):
    """A scalar and the line at which it is written."""

    value: str | float | int | bool | None
    line: int


@dataclass(slots=True)
class Record:
    """A mapping, a namespace of parsed arguments or an instance with known fields."""

    fields: dict[str, ast.expr] = field(default_factory=dict)
    of: ast.ClassDef | None = None


Thing = Known | Record

_NAMESPACES = frozenset({"parse_args", "parse_known_args", "parse_args_into_dataclasses", "parse_intermixed_args"})
_MAPPINGS = frozenset({"dict", "Namespace", "SimpleNamespace", "EasyDict", "edict", "AttrDict", "Box", "ConfigDict",
    "Munch", "DotMap", "DictConfig", "OrderedDict", "Config", "create", "DefaultMunch", "ml_collections"})  # fmt: skip
_SAME = frozenset({"vars", "asdict", "deepcopy", "copy", "to_dict", "MappingProxyType", "structured", "_asdict"})
_CLI_OF_CLASS = frozenset({"cli", "parse", "wrap", "HfArgumentParser", "TrlParser", "ArgumentParser"})


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
            return self._mapping(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.IfExp):
            decided = self.decide(node.test)
            if decided is not None:
                return self.thing(node.body if decided else node.orelse)
            return _agreed([self.thing(node.body), self.thing(node.orelse)])
        if isinstance(node, ast.BoolOp):
            parts = [self.thing(part) for part in node.values]
            if isinstance(node.op, ast.Or) and isinstance(parts[0], Known):
                return parts[0] if parts[0].value else (parts[1] if len(parts) == 2 else None)
            return None
        if isinstance(node, ast.NamedExpr):
            return self.thing(node.value)
        folded = fold.fold(node, self._scalar)
        return Known(*folded) if folded is not None else None

    def _scalar(self, node: ast.expr) -> tuple[str | float | int | bool | None, int] | None:
        found = self.thing(node)
        return (found.value, found.line) if isinstance(found, Known) else None

    # Names

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
        return self._member(base, name.rpartition(".")[2])

    def _member(self, base: Record, name: str) -> Thing | None:
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
            if function is not None and _has_parameter(function, name):
                return True, self.parameter(function, name)
            scope = scope.parent
        return False, None

    def reaching(self, bindings: Sequence[Binding], place: Place) -> Thing | bool | None:
        """What the bindings make of the name at a place of their own scope; False: unknown; None: none stands before."""
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
        agreed = _agreed(found)
        return agreed if agreed is not None else False

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
                return _agreed(seen)
        return self._all_agree(bindings)

    def _all_agree(self, bindings: Sequence[Binding]) -> Thing | None:
        alive = [b for b in bindings[:MAX_BINDINGS] if self.open_arms(b.place) is not None]
        # `self.x = None` in a constructor is a place kept for what is set later.
        things = [self._bound(b) for b in alive]
        stated = [t for t in things if not (isinstance(t, Known) and t.value is None)]
        return _agreed(stated or things)

    def _bound(self, binding: Binding) -> Thing | None:
        if binding.value is None:
            return None
        if binding.index is None:
            return self.thing(binding.value)
        if isinstance(binding.value, ast.Call):
            return self._part_of_call(binding.value, binding.index)
        return None

    def _part_of_call(self, call: ast.Call, index: int) -> Thing | None:
        """`model_args, training_args = parser.parse_args_into_dataclasses()`, `args, _ = parser.parse_known_args()`."""
        tail = dotted(call.func).rpartition(".")[2]
        if tail == "parse_known_args" and index == 0:
            return self.thing(call)
        if tail not in ("parse_args_into_dataclasses", "parse_json_file", "parse_args_and_config"):
            return None
        parsers = [*self.program.calls_of("HfArgumentParser"), *self.program.calls_of("TrlParser")]
        if len(parsers) != 1 or not parsers[0].node.args:
            return None
        classes = parsers[0].node.args[0]
        names = classes.elts if isinstance(classes, (ast.Tuple, ast.List)) else [classes]
        if index < len(names):
            return self._class(dotted(names[index]).rpartition(".")[2])
        return None

    # Branches

    def open_arms(self, place: Place) -> tuple[Arm, ...] | None:
        """The arms of a place that are not decided; None when one of them is known not to be taken."""
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
            return fold.compare(test, self._scalar)
        found = self.thing(test)
        return bool(found.value) if isinstance(found, Known) else None

    # Parameters

    def parameter(self, function: Function, name: str) -> Thing | None:
        """What a function's parameter is in all of its calls; its default where it is run from the command line."""
        default = default_of(function, name)
        calls = self._calls(function)
        if not calls:
            return self.thing(default) if default is not None and self._is_entry(function) else None
        return _agreed([self.argument(call, function, name, default) for call in calls[:MAX_BINDINGS]])

    def argument(self, call: Call, function: Function, name: str, default: ast.expr | None) -> Thing | None:
        """What one call gives for a parameter."""
        for keyword in call.node.keywords:
            if keyword.arg == name:
                return self.thing(keyword.value)
        unpacked = [keyword.value for keyword in call.node.keywords if keyword.arg is None]
        for node in unpacked:
            record = self.record(node)
            if record is None:
                return None
            if name in record.fields:
                return self.thing(record.fields[name])
        positional = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
        if id(function) in self.program.owners and not _is_static(function):
            positional = positional[1:]
        if name in positional:
            index = positional.index(name)
            if any(isinstance(a, ast.Starred) for a in call.node.args[: index + 1]):
                return None
            if index < len(call.node.args):
                return self.thing(call.node.args[index])
        return self.thing(default)

    def _calls(self, function: Function) -> list[Call]:
        owner = self.program.owners.get(id(function))
        if owner is not None and function.name == "__init__":
            heirs = [c.name for c in self.program.classes.values() if any(dotted(b) == owner.name for b in c.bases)]
            return [call for name in (owner.name, *heirs) for call in self.program.calls_of(name)]
        if len(self.program.functions[function.name]) > 1:
            return []
        calls = self.program.calls_of(function.name)
        return [c for c in calls if bool(c.receiver) == (owner is not None)]

    def _is_entry(self, function: Function) -> bool:
        """Whether it is what a command line calls: fire, typer, click, absl, hydra."""
        if any("command" in (n := dotted(_callee(d))) or n.endswith(("click.option", "hydra.main", "app.main"))
               for d in function.decorator_list):  # fmt: skip
            return True
        runners = (*self.program.calls_of("Fire"), *self.program.calls_of("run"), *self.program.calls_of("run_exit"))
        return any(isinstance(a, ast.Name) and a.id == function.name for call in runners for a in call.node.args)

    # Mappings, namespaces, instances

    def _mapping(self, node: ast.Dict) -> Record | None:
        fields: dict[str, ast.expr] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                inner = self.record(value)
                if inner is not None:
                    fields |= inner.fields
            elif isinstance(key, ast.Constant):
                fields[str(key.value)] = value
        return Record(fields)

    def _call(self, node: ast.Call) -> Thing | None:
        name = self.program.qualified(node.func)
        tail = name.rpartition(".")[2]
        if tail in _NAMESPACES:
            return Record(dict(self.arguments)) if self.arguments else self._parsed_class()
        if tail == "get" and isinstance(node.func, ast.Attribute) and node.args:
            return self._get(node.func.value, node.args)
        if tail == "getattr" and len(node.args) >= 2:
            return self._get(node.args[0], node.args[1:])
        if tail == "field":
            given = {k.arg: k.value for k in node.keywords}
            factory = given.get("default_factory")
            return self.thing(factory.body if isinstance(factory, ast.Lambda) else given.get("default"))
        if tail in _SAME:
            inside = node.args[0] if node.args else node.func.value if isinstance(node.func, ast.Attribute) else None
            return self.thing(inside)
        if tail in self.program.classes:
            return self._instance(node, tail)
        if tail in _MAPPINGS:
            fields: dict[str, ast.expr] = {}
            for inner in (*node.args[:1], *(k.value for k in node.keywords if k.arg is None)):
                record = self.record(inner)
                if record is None:
                    return None
                fields |= record.fields
            return Record(fields | {k.arg: k.value for k in node.keywords if k.arg})
        if tail in _CLI_OF_CLASS and node.args:
            return self._class(dotted(node.args[0]).rpartition(".")[2])
        folded = fold.call(node, name, self._scalar)
        return Known(*folded) if folded is not None else None

    def _get(self, base: ast.expr, rest: Sequence[ast.expr]) -> Thing | None:
        record, key = self.record(base), self.known(rest[0])
        if record is None or key is None:
            return None
        found = self._member(record, str(key.value))
        return found if found is not None or len(rest) < 2 else self.thing(rest[1])

    def _parsed_class(self) -> Record | None:
        for parser in self.program.calls_of("HfArgumentParser"):
            if parser.node.args:
                return self._class(dotted(parser.node.args[0]).rpartition(".")[2])
        return None

    def _class(self, name: str, depth: int = 0) -> Record | None:
        """The fields of a class with their defaults."""
        node = self.program.classes.get(name)
        if node is None or depth > 5:
            return None
        fields: dict[str, ast.expr] = {}
        for base in node.bases:
            inherited = self._class(dotted(base).rpartition(".")[2], depth + 1)
            if inherited is not None:
                fields |= inherited.fields
        for key, bindings in self.program.scopes[id(node)].bindings.items():
            if "." not in key and len(bindings) == 1 and bindings[0].value is not None:
                fields[key] = bindings[0].value
        return Record(fields, node)

    def _instance(self, node: ast.Call, name: str) -> Record | None:
        record = self._class(name)
        if record is None:
            return None
        given = {k.arg: k.value for k in node.keywords if k.arg}
        order = [s.target.id for s in self.program.classes[name].body
                 if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)]  # fmt: skip
        given |= dict(zip(order, node.args, strict=False))
        return Record(record.fields | given, record.of)


def _agreed(things: Iterable[Thing | None]) -> Thing | None:
    """The thing that all of them are; None when one is unknown or two differ. The first one's place is kept."""
    first: Thing | None = None
    for thing in things:
        if thing is None:
            return None
        if first is None:
            first = thing
        elif isinstance(thing, Known) and isinstance(first, Known):
            if thing.value != first.value or isinstance(thing.value, bool) != isinstance(first.value, bool):
                return None
        elif not (isinstance(thing, Record) and isinstance(first, Record) and thing.fields == first.fields):
            return None
    return first


def _has_parameter(function: Function, name: str) -> bool:
    arguments = function.args
    return any(a.arg == name for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs))


def default_of(function: Function, name: str) -> ast.expr | None:
    """The default of a parameter, or None."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    for argument, default in zip(reversed(positional), reversed(arguments.defaults), strict=False):
        if argument.arg == name:
            return default
    for argument, keyword_default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if argument.arg == name:
            return keyword_default
    return None


def _is_static(function: Function) -> bool:
    return any(dotted(d) == "staticmethod" for d in function.decorator_list)


def _callee(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node
