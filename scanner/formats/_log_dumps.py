"""Argument dumps in a log: `Namespace(lr=0.001)`, a printed dict, JSON over several lines.

    Namespace(lr=0.001, batch_size=32)
    args: {
      "max_length": 128
    }

Dumps of a model's or a tokenizer's configuration state the model's defaults, records of metrics are none; both are left
out here. The keys of a part's configuration (`aio_config ...... {`) keep that part before them.
"""

from __future__ import annotations

import re

from scanner.formats import _json
from scanner.formats._base import Stated
from scanner.formats._json import Leaf
from scanner.formats._literals import expression_leaves

MAX_DUMP = 60_000
_DUMP = re.compile(r"(?P<open>(?:\b[A-Z]\w*|\bdict)\(|\{)")
_PARENT = re.compile(r"(?:^|[\s\]])(?P<key>[a-z]\w*_config)\s*(?:\.{2,}|[:=])\s*$")
"""A part's configuration (`aio_config ...... {`): its keys are that part's."""
_MODEL_KEYS = frozenset({"architectures", "hidden_size", "vocab_size", "transformers_version", "hidden_act",
                         "bos_token_id", "num_hidden_layers", "d_model", "n_layer",
                         "model_max_length", "tokenizer_class"})  # fmt: skip
_PLAN_KEYS = frozenset({"learning_rate", "num_train_epochs", "max_steps", "per_device_train_batch_size", "num_epochs"})
"""Keys that no model's configuration has: a dump with one of them is a run's, with its model's part inside."""
_ADAPTER_SWITCHES = ("use_peft", "use_lora", "lora_enable")
"""Switched off, the adapter's rank beside them states nothing."""


def may_open_dump(line: str) -> bool:
    """Whether a dump may begin on a line, or on any other of its shape."""
    return len(line) <= MAX_DUMP and ("{" in line or "(" in line) and _DUMP.search(line) is not None


def read_dump(lines: list[str], number: int) -> tuple[int, list[Stated]] | None:
    """(last line, settings) of an argument dump that begins on a line, or None."""
    line = lines[number - 1]
    opening = _DUMP.search(line) if may_open_dump(line) else None
    if opening is None:
        return None
    text = line[opening.start() :]
    last = number
    if _balance(text) > 0:
        block = _block(lines, number, text)
        if block is None:
            return None
        text, last = block
    elif "=" not in text and ":" not in text:
        return None
    end = _closed_at(text)
    if end is None:
        return None
    leaves = _leaves(text[:end], number)
    if leaves is None:
        return None
    keys = {str(leaf.path[-1]) for leaf in leaves if leaf.path}
    if keys & _MODEL_KEYS and not keys & _PLAN_KEYS:
        return last, []
    if len(keys) < 2 or keys & {"loss", "train_loss", "eval_loss", "val_loss", "epoch", "train_runtime"}:
        return None
    if any(leaf.path and leaf.path[-1] in _ADAPTER_SWITCHES and leaf.value is False for leaf in leaves):
        leaves = [leaf for leaf in leaves if not str(leaf.path[-1]).startswith("lora_")]
    parent = _PARENT.search(line[: opening.start()])
    under = (parent["key"],) if parent else ()
    return last, [_setting(leaf._replace(path=(*under, *leaf.path))) for leaf in leaves if leaf.value is not None]


def _setting(leaf: Leaf) -> Stated:
    key = ".".join(map(str, leaf.path))
    assert leaf.value is not None
    return Stated(key, leaf.value, leaf.line, raw=f"{key} = {leaf.value!r}")


def _balance(text: str) -> int:
    return sum(text.count(c) for c in "([{") - sum(text.count(c) for c in ")]}")


def _block(lines: list[str], number: int, first: str) -> tuple[str, int] | None:
    """The text of a dump over several lines and its last line; None when it does not close within 400 lines."""
    depth = _balance(first)
    parts = [first]
    for at in range(number, min(len(lines), number + 400)):
        part = lines[at]
        if len(part) > 2000:
            return None
        parts.append(part)
        depth += _balance(part)
        if depth <= 0:
            return "\n".join(parts), at + 1
    return None


def _closed_at(text: str) -> int | None:
    """Index after the bracket that closes the first one; brackets inside quotes do not count."""
    depth = 0
    quote = ""
    for at, character in enumerate(text):
        if quote:
            if character == quote and text[at - 1] != "\\":
                quote = ""
        elif character in "'\"" and (at == 0 or not text[at - 1].isalnum()):
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
            if depth == 0:
                return at + 1
    return None


def _leaves(text: str, number: int) -> list[Leaf] | None:
    """Scalars of a Python literal or JSON text; None where it is neither."""
    try:
        return list(expression_leaves(text, number))
    except ValueError:
        pass
    if not text.startswith("{"):
        return None
    try:
        return list(_json.leaves(text, number))
    except ValueError:
        return None
