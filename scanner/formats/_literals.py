"""Python literals in a log, with places: an echoed config, a printed `Namespace(...)`, a dumped dict.

Only the syntax tree is looked at; nothing is evaluated. `dict(a=1)`, `Namespace(a=1)` and `ConfigDict(...)` are read as
mappings, whatever their name; what is no literal (a lambda, an object's repr) is left out.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from scanner.formats._json import Leaf

MAX_CHARACTERS = 400_000
MAX_LEAVES = 20_000
_OBJECT = re.compile(r"<[^<>\n]{1,300}>")


def expression_leaves(text: str, first_line: int = 1) -> Iterator[Leaf]:
    """Scalars of one expression in their order. Raises ValueError where the text is no Python."""
    tree = _parse(text, "eval")
    assert isinstance(tree, ast.Expression)
    yield from _walk([((), tree.body)], first_line)


def assignment_leaves(text: str, first_line: int = 1) -> Iterator[Leaf]:
    """Scalars of a text of `name = literal` statements. Raises ValueError where the text is no Python."""
    tree = _parse(text, "exec")
    assert isinstance(tree, ast.Module)
    roots: list[tuple[tuple[str | int, ...], ast.expr]] = []
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            if isinstance(target, ast.Name):
                roots.append(((target.id,), statement.value))
    yield from _walk(roots, first_line)


def _parse(text: str, mode: str) -> ast.AST:
    if len(text) > MAX_CHARACTERS:
        raise ValueError("a literal too long to be read")
    text = text.replace("\r", " ")  # would begin a line of its own
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return ast.parse(text, mode=mode)
            except SyntaxError:
                # `<object at 0x7f>` inside a repr is the usual reason; without it the rest can be read.
                return ast.parse(_OBJECT.sub("None", text), mode=mode)
    except (SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError(f"no Python literal: {str(error)[:80]}") from error


def _walk(roots: list[tuple[tuple[str | int, ...], ast.expr]], first_line: int) -> Iterator[Leaf]:
    stack = list(reversed(roots))
    count = 0
    while stack:
        path, node = stack.pop()
        count += 1
        if count > MAX_LEAVES:
            return
        children = _children(node)
        if children is not None:
            stack.extend(((*path, key), child) for key, child in reversed(children))
            continue
        found, value = _scalar(node)
        if found:
            yield Leaf(path, value, node.lineno + first_line - 1)


def _children(node: ast.expr) -> list[tuple[str | int, ast.expr]] | None:
    """Keys and values of a mapping or sequence; None for anything else."""
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return [(str(k.value), v) for k, v in pairs if isinstance(k, ast.Constant)]
    if isinstance(node, ast.Call):
        return [(keyword.arg, keyword.value) for keyword in node.keywords if keyword.arg]
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return list(enumerate(node.elts))
    return None


def _scalar(node: ast.expr) -> tuple[bool, str | float | int | bool | None]:
    """(whether the node is a scalar, its value)."""
    if isinstance(node, ast.Constant):
        value = node.value
        return (True, value) if value is None or isinstance(value, (str, int, float, bool)) else (False, None)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        found, value = _scalar(node.operand)
        if found and isinstance(value, (int, float)) and not isinstance(value, bool):
            return True, -value
    if isinstance(node, ast.Attribute):
        # `optim.AdamW`, `torch.bfloat16`: the last part is the name that counts.
        return True, node.attr
    if isinstance(node, ast.Name):
        return True, {"nan": float("nan"), "inf": float("inf")}.get(node.id, node.id)
    return False, None
