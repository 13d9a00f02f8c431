"""Code as data: the literals, names and calls that a fence states, by `ast` or as YAML nodes; nothing is run."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

_MAX_NODES = 10_000


class NoLiteral(ValueError):
    """Code that is no literal, or no code at all."""


class Symbol(NamedTuple):
    """A dotted name that stands where a value is expected, e.g. `torch.bfloat16`."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call as written, e.g. `LoraConfig(r=16)`; nothing is called."""

    name: str
    positional: tuple[Value, ...]
    named: Mapping[str, Value]
    line: int
    assigned_to: str = ""
    """The name on the left of its `=`; "" without one."""


Value = str | float | int | bool | None | Symbol | Call | tuple["Value", ...] | Mapping[str, "Value"]
"""What may stand on the right of a key. Lists, tuples and sets are tuples."""


def as_json(value: Value) -> Any:
    """A value as a job's settings hold it: a name is {"name": ...}, a call {"call": ..., "positional", "named"}."""
    if isinstance(value, Symbol):
        return {"name": value.name}
    if isinstance(value, Call):
        return {
            "call": value.name,
            "positional": [as_json(item) for item in value.positional],
            "named": {key: as_json(item) for key, item in value.named.items()},
        }
    if isinstance(value, tuple):
        return [as_json(item) for item in value]
    if isinstance(value, Mapping):
        return {"map": {key: as_json(item) for key, item in value.items()}}
    return value


class Setting(NamedTuple):
    """One key with its value."""

    key: str
    value: Value
    line: int
    note: str = ""
    """The comment behind it, without its mark."""


@dataclass(slots=True)
class Code:
    """What a piece of code states, in its order."""

    assigned: list[Setting] = field(default_factory=list)
    mappings: dict[str, tuple[Setting, ...]] = field(default_factory=dict)
    """The items of each mapping that is assigned to a name, by that name."""
    calls: list[Call] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    comments: list[tuple[int, str]] = field(default_factory=list)
    left_out: list[tuple[int, str]] = field(default_factory=list)


def read_python(code: str, first_line: int) -> Code:
    """What Python code states. Raises NoLiteral when it is no Python; statements that are no literals are left out."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise NoLiteral("a block that is no Python") from error
    notes = dict(_comments(code))
    lines = code.split("\n")
    read = Code()
    read.comments = [(n + first_line - 1, text) for n, text in notes.items() if lines[n - 1].lstrip().startswith("#")]
    reader = _Reader(first_line - 1, notes)
    for node in tree.body:
        try:
            reader.statement(node, read)
        except (NoLiteral, RecursionError):
            read.left_out.append((node.lineno + first_line - 1, lines[node.lineno - 1].strip()[:120]))
    return read


def _comments(code: str) -> Iterator[tuple[int, str]]:
    """Comments by the line they stand at, without their marks."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string.lstrip("#").strip()
    except (tokenize.TokenError, IndentationError):
        return


class _Reader:
    """Nodes -> values; names that were assigned before stand for their values."""

    def __init__(self, offset: int, notes: Mapping[int, str]) -> None:
        self.offset = offset
        self.notes = notes
        self.known: dict[str, Value] = {}

    def statement(self, node: ast.stmt, read: Code) -> None:
        """Add what a statement states. Raises NoLiteral."""
        if isinstance(node, ast.Import):
            read.imports.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            read.imports.extend(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            self._assignment(node.targets[0].id, node.value, read)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            read.calls.append(self._call(node.value))
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            raise NoLiteral

    def _assignment(self, name: str, node: ast.expr, read: Code) -> None:
        if isinstance(node, ast.Call):
            value: Value = self._call(node, name)
            assert isinstance(value, Call)
            read.calls.append(value)
        elif isinstance(node, ast.Dict):
            items = tuple(self._items(node, read))
            read.mappings[name] = items
            value = {one.key: one.value for one in items}
        else:
            value = self._value(node)
            read.assigned.append(Setting(name, value, self._line(node), self._note(node)))
        self.known[name] = value

    def _items(self, node: ast.Dict, read: Code) -> Iterator[Setting]:
        """The items of a mapping; one that is no literal is left out alone."""
        for key, item in zip(node.keys, node.values, strict=True):
            try:
                if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
                    raise NoLiteral
                yield Setting(key.value, self._value(item), self._line(key), self._note(item))
            except NoLiteral:
                read.left_out.append((self._line(item), ast.unparse(item)[:120]))

    def _value(self, node: ast.expr) -> Value:
        if isinstance(node, ast.Constant) and isinstance(node.value, str | float | int | bool | None):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            number = self._value(node.operand)
            if isinstance(number, float | int):
                return -number if isinstance(node.op, ast.USub) else number
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return tuple(self._value(item) for item in node.elts)
        if isinstance(node, ast.Dict):
            keys = [key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
            if len(keys) == len(node.keys):
                return {key: self._value(item) for key, item in zip(keys, node.values, strict=True)}
        if isinstance(node, ast.Name):
            return self.known.get(node.id, Symbol(node.id))
        if isinstance(node, ast.Attribute):
            return Symbol(_dotted(node))
        if isinstance(node, ast.Call):
            return self._call(node)
        raise NoLiteral

    def _call(self, node: ast.Call, assigned_to: str = "") -> Call:
        if any(keyword.arg is None for keyword in node.keywords):
            raise NoLiteral
        named = {str(keyword.arg): self._value(keyword.value) for keyword in node.keywords}
        positional = tuple(self._value(item) for item in node.args)
        return Call(_dotted(node.func), positional, named, self._line(node), assigned_to)

    def _line(self, node: ast.expr) -> int:
        return node.lineno + self.offset

    def _note(self, node: ast.expr) -> str:
        return self.notes.get(node.end_lineno or node.lineno, "")


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    raise NoLiteral


def read_yaml(text: str, first_line: int) -> Code:
    """What YAML or JSON states: scalars by their path, "training.learning_rate". Raises NoLiteral.

    Nodes only: no tag of the text can construct anything.
    """
    read = Code()
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise NoLiteral("a block that is no YAML") from error
    stack: list[tuple[str, yaml.Node]] = [("", root)] if isinstance(root, yaml.MappingNode) else []
    for _ in range(_MAX_NODES):
        if not stack:
            break
        path, node = stack.pop()
        line = node.start_mark.line + first_line
        if isinstance(node, yaml.MappingNode):
            stack.extend((f"{path}.{key.value}".lstrip("."), value) for key, value in reversed(node.value))
        elif isinstance(node, yaml.SequenceNode):
            if all(isinstance(item, yaml.ScalarNode) for item in node.value):
                read.assigned.append(Setting(path, tuple(_scalar(item) for item in node.value), line))
            else:
                read.left_out.append((line, path))
        elif isinstance(node, yaml.ScalarNode):
            read.assigned.append(Setting(path, _scalar(node), line))
    lines = enumerate(text.split("\n"), start=first_line)
    read.comments = [(number, line.strip().lstrip("#").strip()) for number, line in lines if line.lstrip()[:1] == "#"]
    return read


def _scalar(node: yaml.ScalarNode) -> Value:
    text = str(node.value)
    if node.style in ("'", '"', "|", ">"):
        return text
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if text in ("", "~", "null"):
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
