"""Arithmetic on constants of a Python source: numbers, texts and paths; never anything that could run or grow.

    1e-4 * 2      f"{size}-uncased"      Path(__file__).parent / "models" / "gemma"      int("3")

Of a path whose beginning is not known, the known ending is its value.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable

Scalar = str | float | int | bool | None
Found = tuple[Scalar, int]
Ask = Callable[[ast.expr], Found | None]

MAX_TEXT = 2000
_JOINS = ("os.path.join", "path.join", "osp.join", "posixpath.join", "join_paths")
_UNCHANGED = frozenset({"resolve", "absolute", "expanduser", "abspath", "realpath", "normpath", "as_posix", "strip",
    "to_absolute_path", "get_original_cwd", "fspath"})  # fmt: skip


def fold(node: ast.expr, ask: Ask) -> Found | None:
    """The value of an operation on known values."""
    if isinstance(node, ast.UnaryOp):
        found = ask(node.operand)
        if found is None:
            return None
        if isinstance(node.op, ast.Not):
            return not found[0], found[1]
        if isinstance(node.op, (ast.USub, ast.UAdd)) and _is_number(found[0]):
            return (-found[0] if isinstance(node.op, ast.USub) else found[0]), found[1]  # type: ignore[operator]
        return None
    if isinstance(node, ast.BinOp):
        return _binary(node, ask)
    if isinstance(node, ast.JoinedStr):
        return _joined(node, ask)
    return None


def _binary(node: ast.BinOp, ask: Ask) -> Found | None:
    left, right = ask(node.left), ask(node.right)
    if isinstance(node.op, ast.Div) and right is not None and isinstance(right[0], str):
        head = left[0] if left is not None else None
        return (f"{head}/{right[0]}" if isinstance(head, str) and head else right[0]), right[1]
    if left is None or right is None:
        return None
    a, b = left[0], right[0]
    line = left[1] if not isinstance(node.left, ast.Constant) else right[1]
    if isinstance(a, str) and isinstance(b, str) and isinstance(node.op, ast.Add) and len(a) + len(b) < MAX_TEXT:
        return a + b, line
    if not _is_number(a) or not _is_number(b):
        return None
    value = _arithmetic(node.op, a, b)  # type: ignore[arg-type]
    return None if value is None else (value, line)


def _arithmetic(op: ast.operator, a: float, b: float) -> float | int | None:
    if abs(a) > 1e15 or abs(b) > 1e15:
        return None
    try:
        if isinstance(op, ast.Add):
            return a + b
        if isinstance(op, ast.Sub):
            return a - b
        if isinstance(op, ast.Mult):
            return a * b
        if isinstance(op, ast.Div):
            return a / b
        if isinstance(op, ast.FloorDiv):
            return a // b
        if isinstance(op, ast.Mod):
            return a % b
        if isinstance(op, ast.Pow) and abs(b) <= 64:
            value = float(a) ** b
            if isinstance(value, complex) or not math.isfinite(value):
                return None
            whole = isinstance(a, int) and isinstance(b, int) and b >= 0 and value < 1e15
            return int(value) if whole else value
    except (ArithmeticError, ValueError):
        return None
    return None


def _joined(node: ast.JoinedStr, ask: Ask) -> Found | None:
    text = ""
    for part in node.values:
        found = ask(part.value if isinstance(part, ast.FormattedValue) else part)
        if found is None or (isinstance(part, ast.FormattedValue) and part.format_spec is not None):
            return None
        text += str(found[0])
        if len(text) > MAX_TEXT:
            return None
    return text, node.lineno


def call(node: ast.Call, name: str, ask: Ask) -> Found | None:
    """The value of a call of a function that changes nothing but the type or the spelling."""
    tail = name.rpartition(".")[2]
    if tail in ("float", "int", "str", "bool") and len(node.args) == 1:
        found = ask(node.args[0])
        return None if found is None else _converted(tail, found)
    if name.endswith(_JOINS) and node.args:
        return _path([ask(part) for part in node.args])
    if tail in ("Path", "PurePath", "PosixPath") and node.args:
        return _path([ask(part) for part in node.args])
    if tail in ("lower", "upper") and isinstance(node.func, ast.Attribute) and not node.args:
        found = ask(node.func.value)
        if found is not None and isinstance(found[0], str):
            return (found[0].lower() if tail == "lower" else found[0].upper()), found[1]
        return None
    if tail in _UNCHANGED:
        inside = node.args[0] if node.args else node.func.value if isinstance(node.func, ast.Attribute) else None
        return ask(inside) if inside is not None else None
    if name in ("torch.device", "device") and node.args:
        return ask(node.args[0])
    if tail in ("Option", "Argument", "Field") and node.args:
        return ask(node.args[0])  # typer and pydantic: the first argument is the default
    return None


def _converted(kind: str, found: Found) -> Found | None:
    value, line = found
    try:
        if kind == "str":
            return str(value), line
        if kind == "bool":
            return bool(value), line
        if isinstance(value, str) or _is_number(value):
            number = float(value)  # type: ignore[arg-type]
            return (int(number) if kind == "int" else number), line
    except (ValueError, OverflowError):
        return None
    return None


def _path(parts: list[Found | None]) -> Found | None:
    """The known ending of a path."""
    tail: list[str] = []
    line = 0
    for part in reversed(parts):
        if part is None or not isinstance(part[0], str):
            break
        tail.insert(0, part[0].rstrip("/") or "/")
        line = line or part[1]
    return ("/".join(tail), line) if tail else None


def compare(node: ast.Compare, ask: Ask) -> bool | None:
    """Whether a comparison of two known values holds."""
    if len(node.ops) != 1:
        return None
    op = node.ops[0]
    left = ask(node.left)
    right_node = node.comparators[0]
    if isinstance(op, (ast.In, ast.NotIn)) and isinstance(right_node, (ast.List, ast.Tuple, ast.Set)):
        parts = [ask(part) for part in right_node.elts]
        if left is None or any(part is None for part in parts):
            return None
        return (left[0] in [part[0] for part in parts if part is not None]) == isinstance(op, ast.In)
    right = ask(right_node)
    if left is None or right is None:
        return None
    a, b = left[0], right[0]
    if isinstance(op, (ast.Eq, ast.NotEq)):
        return (a == b) == isinstance(op, ast.Eq)
    if isinstance(op, (ast.Is, ast.IsNot)):
        return ((a is None and b is None) or (a == b and type(a) is type(b))) == isinstance(op, ast.Is)
    if isinstance(op, (ast.In, ast.NotIn)) and isinstance(a, str) and isinstance(b, str):
        return (a in b) == isinstance(op, ast.In)
    if _is_number(a) and _is_number(b):
        if isinstance(op, ast.Gt):
            return a > b  # type: ignore[operator]
        if isinstance(op, ast.GtE):
            return a >= b  # type: ignore[operator]
        if isinstance(op, ast.Lt):
            return a < b  # type: ignore[operator]
        if isinstance(op, ast.LtE):
            return a <= b  # type: ignore[operator]
    return None


def _is_number(value: Scalar) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
