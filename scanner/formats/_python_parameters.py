"""What a function's parameter is, by the calls of the function in the same source.

A parameter is known where all calls agree on it; a default alone counts where a command line is what calls the function
(fire, typer, click). What other sources call it with is not seen from here.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scanner.formats._python_known import Thing, agreed
from scanner.formats._python_scopes import Call, Function, dotted

if TYPE_CHECKING:
    from scanner.formats._python_values import Values

MAX_CALLS = 40


def parameter(values: Values, function: Function, name: str) -> Thing | None:
    """What a function's parameter is in all of its calls; its default where it is run from the command line."""
    default = default_of(function, name)
    calls = _calls(values, function)
    if not calls:
        return values.thing(default) if default is not None and is_entry(values, function) else None
    return agreed([argument(values, call, function, name, default) for call in calls[:MAX_CALLS]])


def argument(values: Values, call: Call, function: Function, name: str, default: ast.expr | None) -> Thing | None:
    """What one call gives for a parameter."""
    for keyword in call.node.keywords:
        if keyword.arg == name:
            return values.thing(keyword.value)
    unpacked = [keyword.value for keyword in call.node.keywords if keyword.arg is None]
    for node in unpacked:
        record = values.record(node)
        if record is None:
            return None
        if name in record.fields:
            return values.thing(record.fields[name])
    positional = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    if id(function) in values.program.owners and not _is_static(function):
        positional = positional[1:]
    if name in positional:
        index = positional.index(name)
        if any(isinstance(a, ast.Starred) for a in call.node.args[: index + 1]):
            return None
        if index < len(call.node.args):
            return values.thing(call.node.args[index])
    return values.thing(default)


def argument_node(call: Call, function: Function, name: str) -> ast.expr | None:
    """The expression that a call of a plain function gives for a parameter, else the default; None where neither is
    seen."""
    for keyword in call.node.keywords:
        if keyword.arg == name:
            return keyword.value
    if any(keyword.arg is None for keyword in call.node.keywords):
        return None
    positional = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    if name in positional:
        index = positional.index(name)
        if any(isinstance(a, ast.Starred) for a in call.node.args[: index + 1]):
            return None
        if index < len(call.node.args):
            return call.node.args[index]
    return default_of(function, name)


def _calls(values: Values, function: Function) -> list[Call]:
    owner = values.program.owners.get(id(function))
    if owner is not None and function.name == "__init__":
        heirs = [c.name for c in values.program.classes.values() if any(dotted(b) == owner.name for b in c.bases)]
        return [call for name in (owner.name, *heirs) for call in values.program.calls_of(name)]
    if len(values.program.functions[function.name]) > 1:
        return []
    calls = values.program.calls_of(function.name)
    return [c for c in calls if bool(c.receiver) == (owner is not None)]


def is_entry(values: Values, function: Function) -> bool:
    """Whether it is what a command line calls: fire, typer, click, absl, hydra."""
    if any("command" in (n := dotted(_callee(d))) or n.endswith(("click.option", "hydra.main", "app.main"))
           for d in function.decorator_list):  # fmt: skip
        return True
    runners = (*values.program.calls_of("Fire"), *values.program.calls_of("run"), *values.program.calls_of("run_exit"))
    return any(isinstance(a, ast.Name) and a.id == function.name for call in runners for a in call.node.args)


def has_parameter(function: Function, name: str) -> bool:
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
