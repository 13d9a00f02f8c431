"""YAML with places, as nodes only: nothing is constructed, so a tag in the file can run nothing."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

import yaml

from scanner.formats._json import Leaf

MAX_LEAVES = 20_000
"""Aliases may multiply a small text without end; past this the rest is not read."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_OTHER_BREAKS = re.compile("[\r\x85\u2028\u2029]")
_BOOLS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def leaves(text: str) -> Iterator[Leaf]:
    """All scalars of all documents of a YAML text in their order. Raises ValueError where the text is no YAML."""
    count = 0
    # To YAML more characters end a line than to an editor, whose lines are counted everywhere else.
    starts = [m.end() for m in re.finditer("\n", text)] if _OTHER_BREAKS.search(text) else None
    try:
        for root in yaml.compose_all(text, Loader=_LOADER):
            stack: list[tuple[tuple[str | int, ...], yaml.Node]] = [((), root)] if root is not None else []
            while stack:
                path, node = stack.pop()
                if isinstance(node, yaml.ScalarNode):
                    mark = node.start_mark
                    line = mark.line if starts is None else bisect_right(starts, mark.index)
                    yield Leaf(path, _scalar(node), line + 1)
                elif len(path) < 50 and isinstance(node, yaml.MappingNode):
                    stack.extend((((*path, str(k.value)), v)) for k, v in reversed(node.value))
                elif len(path) < 50 and isinstance(node, yaml.SequenceNode):
                    stack.extend((((*path, i), v)) for i, v in reversed(list(enumerate(node.value))))
                count += 1
                if count > MAX_LEAVES:
                    return
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ValueError(f"no YAML: {str(error)[:120]}") from error


def _scalar(node: yaml.ScalarNode) -> str | float | int | bool | None:
    text = str(node.value)
    if node.style in ("'", '"', "|", ">"):
        return text
    if text.lower() in _BOOLS:
        return _BOOLS[text.lower()]
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        # YAML 1.1 reads `2e-05` as a string for want of a dot; every trainer means the number.
        return float(text)
    except ValueError:
        return text
