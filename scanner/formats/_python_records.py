"""Mappings, namespaces and instances of a Python source whose fields are known.

config = {"lr": 1e-3, **base}        args = parser.parse_args()        cfg = Config(lr=2e-4)
model_args, training_args = HfArgumentParser((ModelArguments, TrainingArguments)).parse_args_into_dataclasses()
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from scanner.formats import _python_fold as fold
from scanner.formats._python_known import Known, Record, Thing
from scanner.formats._python_scopes import dotted

if TYPE_CHECKING:
    from scanner.formats._python_values import Values

_NAMESPACES = frozenset({"parse_args", "parse_known_args", "parse_args_into_dataclasses", "parse_intermixed_args"})
_MAPPINGS = frozenset({"dict", "Namespace", "SimpleNamespace", "EasyDict", "edict", "AttrDict", "Box", "ConfigDict",
    "Munch", "DotMap", "DictConfig", "OrderedDict", "Config", "create", "DefaultMunch", "ml_collections"})  # fmt: skip
_SAME = frozenset({"vars", "asdict", "deepcopy", "copy", "to_dict", "MappingProxyType", "structured", "_asdict"})
_CLI_OF_CLASS = frozenset({"cli", "parse", "wrap", "HfArgumentParser", "TrlParser", "ArgumentParser"})


def part_of_call(values: Values, call: ast.Call, index: int) -> Thing | None:
    """`model_args, training_args = parser.parse_args_into_dataclasses()`, `args, _ = parser.parse_known_args()`."""
    tail = dotted(call.func).rpartition(".")[2]
    if tail == "parse_known_args" and index == 0:
        return values.thing(call)
    if tail not in ("parse_args_into_dataclasses", "parse_json_file", "parse_args_and_config"):
        return None
    parsers = [*values.program.calls_of("HfArgumentParser"), *values.program.calls_of("TrlParser")]
    if len(parsers) != 1 or not parsers[0].node.args:
        return None
    classes = parsers[0].node.args[0]
    names = classes.elts if isinstance(classes, (ast.Tuple, ast.List)) else [classes]
    if index < len(names):
        return of_class(values, dotted(names[index]).rpartition(".")[2])
    return None


def mapping(values: Values, node: ast.Dict) -> Record | None:
    fields: dict[str, ast.expr] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            inner = values.record(value)
            if inner is not None:
                fields |= inner.fields
        elif isinstance(key, ast.Constant):
            fields[str(key.value)] = value
    return Record(fields)


def call(values: Values, node: ast.Call) -> Thing | None:
    name = values.program.qualified(node.func)
    tail = name.rpartition(".")[2]
    if tail in _NAMESPACES:
        return Record(dict(values.arguments)) if values.arguments else _parsed_class(values)
    if tail == "get" and isinstance(node.func, ast.Attribute) and node.args:
        return _get(values, node.func.value, node.args)
    if tail == "getattr" and len(node.args) >= 2:
        return _get(values, node.args[0], node.args[1:])
    if tail == "field":
        given = {k.arg: k.value for k in node.keywords}
        factory = given.get("default_factory")
        return values.thing(factory.body if isinstance(factory, ast.Lambda) else given.get("default"))
    if tail in _SAME:
        inside = node.args[0] if node.args else node.func.value if isinstance(node.func, ast.Attribute) else None
        return values.thing(inside)
    if tail in values.program.classes:
        return _instance(values, node, tail)
    if tail in _MAPPINGS:
        fields: dict[str, ast.expr] = {}
        for inner in (*node.args[:1], *(k.value for k in node.keywords if k.arg is None)):
            record = values.record(inner)
            if record is None:
                return None
            fields |= record.fields
        return Record(fields | {k.arg: k.value for k in node.keywords if k.arg})
    if tail in _CLI_OF_CLASS and node.args:
        return of_class(values, dotted(node.args[0]).rpartition(".")[2])
    folded = fold.call(node, name, values.scalar)
    return Known(*folded) if folded is not None else None


def _get(values: Values, base: ast.expr, rest: Sequence[ast.expr]) -> Thing | None:
    record, key = values.record(base), values.known(rest[0])
    if record is None or key is None:
        return None
    found = values.member(record, str(key.value))
    return found if found is not None or len(rest) < 2 else values.thing(rest[1])


def _parsed_class(values: Values) -> Record | None:
    for parser in values.program.calls_of("HfArgumentParser"):
        if parser.node.args:
            return of_class(values, dotted(parser.node.args[0]).rpartition(".")[2])
    return None


def of_class(values: Values, name: str, depth: int = 0) -> Record | None:
    """The fields of a class with their defaults."""
    node = values.program.classes.get(name)
    if node is None or depth > 5:
        return None
    fields: dict[str, ast.expr] = {}
    for base in node.bases:
        inherited = of_class(values, dotted(base).rpartition(".")[2], depth + 1)
        if inherited is not None:
            fields |= inherited.fields
    for key, bindings in values.program.scopes[id(node)].bindings.items():
        if "." not in key and len(bindings) == 1 and bindings[0].value is not None:
            fields[key] = bindings[0].value
    return Record(fields, node)


def _instance(values: Values, node: ast.Call, name: str) -> Record | None:
    record = of_class(values, name)
    if record is None:
        return None
    given = {k.arg: k.value for k in node.keywords if k.arg}
    order = [s.target.id for s in values.program.classes[name].body
             if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)]  # fmt: skip
    given |= dict(zip(order, node.args, strict=False))
    return Record(record.fields | given, record.of)
