"""One walk over a Python source's tree, in the order of the text and without recursion: places, bindings, calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from scanner.formats._python_scopes import HANDLER, LOOP, Binding, Call, Place, Program, Scope, dotted

MAX_NODES = 1_000_000

_Step = tuple[ast.AST, Place, tuple[str, ...]]
"""A node, its place, and the names that its value is assigned to."""

_STATEMENTS = frozenset(kind for kind in vars(ast).values() if isinstance(kind, type) and issubclass(kind, ast.stmt))
_LEAVES = (ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop)
_INNER = {
    ast.BinOp: ("left", "right"),
    ast.BoolOp: ("values",),
    ast.Compare: ("left", "comparators"),
    ast.Dict: ("keys", "values"),
    ast.Expr: ("value",),
    ast.FormattedValue: ("value", "format_spec"),
    ast.JoinedStr: ("values",),
    ast.List: ("elts",),
    ast.Return: ("value",),
    ast.Set: ("elts",),
    ast.Starred: ("value",),
    ast.Subscript: ("value", "slice"),
    ast.Tuple: ("elts",),
    ast.UnaryOp: ("operand",),
    ast.keyword: ("value",),
}
"""Fields of common nodes that hold nodes which are no leaves."""


def take_apart(tree: ast.Module) -> Program:
    """Index a tree: an iterative walk in the order of the text. Raises ValueError when the tree is too large."""
    program = Program(Scope(tree, None))
    program.scopes[id(tree)] = program.module
    places, loaded = program.places, program.loaded
    stack: list[_Step] = [(child, Place(program.module, 0, ()), ()) for child in reversed(tree.body)]
    order = 0
    n = 0
    while stack:
        node, place, targets = stack.pop()
        n += 1
        if n > MAX_NODES:
            raise ValueError("a source too large to be followed")
        kind = type(node)
        if kind is ast.Constant:
            continue
        if kind is ast.Name:
            places[id(node)] = place
            if type(node.ctx) is ast.Load:  # type: ignore[attr-defined]
                loaded.add(node.id)  # type: ignore[attr-defined]
            continue
        if kind is ast.Attribute:
            places[id(node)] = place
            if type(node.ctx) is ast.Load:  # type: ignore[attr-defined]
                loaded.add(node.attr)  # type: ignore[attr-defined]
            stack.append((node.value, place, targets))  # type: ignore[attr-defined]
            continue
        if kind is ast.Call:
            places[id(node)] = place
            stack.extend(_call(node, place, targets, program))  # type: ignore[arg-type]
            continue
        if kind in _STATEMENTS:
            order += 1
            place = Place(place.scope, order, place.arms)
            program.statements.append((node, place))  # type: ignore[arg-type]
            _bind(node, place, program)  # type: ignore[arg-type]
        elif kind is ast.Subscript:
            places[id(node)] = place
            _note(node, program)  # type: ignore[arg-type]
        elif kind is ast.IfExp:
            places[id(node)] = place
        elif kind is ast.ExceptHandler:
            place = place._replace(arms=(*place.arms, (order, HANDLER)))
        elif kind is ast.match_case:
            place = place._replace(arms=(*place.arms, (-node.pattern.lineno, LOOP)))  # type: ignore[attr-defined]
        elif kind is ast.comprehension:
            _bind_target(node.target, None, place, program)  # type: ignore[attr-defined]
        fields = _INNER.get(kind)
        if fields is not None:
            for name in reversed(fields):
                inner = getattr(node, name)
                if type(inner) is list:
                    stack.extend([(child, place, ()) for child in reversed(inner) if child is not None])
                elif inner is not None:
                    stack.append((inner, place, ()))
        else:
            children = list(_children(node, place, targets, order, program))
            stack.extend(reversed(children))
    return program


def _call(node: ast.Call, place: Place, targets: tuple[str, ...], program: Program) -> Iterator[_Step]:
    """Note a call; what stands inside it, the last first."""
    program.calls.append(Call.of(node, place, targets, program.qualified(node.func)))
    given = [*node.args, *[keyword.value for keyword in node.keywords]]
    for argument in given:
        inner = argument.value if type(argument) is ast.Starred else argument
        if type(inner) is ast.Name or type(inner) is ast.Attribute:
            program.passed_on.add(dotted(inner))
    yield from [(argument, place, ()) for argument in reversed(given)]
    # `model = Net().to(device)`: the inner call's result is what `model` gets.
    yield node.func, place, targets if type(node.func) is ast.Attribute else ()


def _note(node: ast.Subscript, program: Program) -> None:
    if isinstance(node.slice, ast.Constant) and isinstance(node.ctx, ast.Load):
        program.loaded.add(str(node.slice.value))


def _children(node: ast.AST, place: Place, targets: tuple[str, ...], order: int, program: Program) -> Iterator[_Step]:
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
    passes = isinstance(node, (ast.Await, ast.IfExp))
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _LEAVES):
            yield child, place, targets if passes else ()


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
