"""What a program says about its own configuration before it trains.

    Namespace(lr=0.001, batch_size=32)
    {'model_name': 'gpt2', 'lr': 0.001, 'batch_size': 8}
    Batch size: 32            - lr: 0.001            learning_rate .......... 0.0001
    | lr | 0.001 |            Using Adam with: lr=0.001, weight_decay=0.01
    AdamW (
    Parameter Group 0
        lr: 0.001
    )

Dumps of a model's or a tokenizer's configuration state the model's defaults and are left out; so are lines that
measure, and a rate that is printed again and again is a momentary one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from scanner.formats import _json
from scanner.formats._base import Document, Stated
from scanner.formats._json import Leaf
from scanner.formats._literals import expression_leaves

ID = "log_settings"
DESCRIPTION = "Settings that a program prints: argument dumps, `key: value` lines, optimizer groups"
SAMPLE = """Namespace(lr=0.001, batch_size=32)
Batch size: 32
Learning rate = 5e-5"""
GENERIC = True

MAX_LINE = 220
MAX_DUMP = 60_000
MAX_VALUES = 60
"""Different values of one key; a key with more of them is measured again and again and asks for nothing."""
_DIGITS = re.compile(r"\d+")
_HINT = re.compile(r"[:=|({]|\.\.\.")
_STAMP = re.compile(
    r"^\s*(?:\[?\d{4}[-/.]\d\d?[-/.]\d\d?[T ,]*\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?\]?"
    r"|\[?\d\d:\d\d:\d\d(?:[.,]\d+)?\]?|\[rank ?\d+\]:?|\d+:(?= )|\[?(?:INFO|DEBUG|WARNING|NOTICE)\]?:?"
    r"|\[?[\w.]+\.py:\d+\]?|[\w.]{3,40}(?=\s+-\s+(?:INFO|WARNING)))[\s:|\-]*"
)
_PAIR = re.compile(
    r"^[\s\-*\u2022>|#+\u2705\u251c\u2514\u2502\u2500]*(?P<quote>['\"]?)"
    r"(?P<key>(?:--)?[^\W\d][\w /.()\-]{0,48}?)(?P=quote)"
    r"\s*(?P<sep>:=|:|=|\.{3,}|\|)\s*(?P<value>[^\s].{0,120}?)\s*[,|;]?\s*$"
)
_PIECES = re.compile(r"\s*[,|;]\s+|\s{3,}|\t+")
_DUMP = re.compile(r"(?P<open>(?:\b[A-Z]\w*|\bdict)\(|\{)")
_PARENT = re.compile(r"(?:^|[\s\]])(?P<key>[a-z]\w*_config)\s*(?:\.{2,}|[:=])\s*$")
"""A part's configuration (`aio_config ...... {`): its keys are that part's."""
_OPTIMIZER = re.compile(r"^\s*(?:[Oo]ptimizer\s*[:=]\s*)?(?P<name>[A-Z]\w{1,30}) \($")
_GROUP = re.compile(r"^\s*(?P<key>lr|initial_lr|weight_decay)\s*: (?P<value>[\d.eE+-]+)\s*$")
_PARENTHESES = re.compile(r"\s*\([^()]{0,24}\)")
_DECIMAL_COMMA = re.compile(r"^[-+]?0,\d+$")
_MODEL_KEYS = frozenset({"architectures", "hidden_size", "vocab_size", "transformers_version", "hidden_act",
                         "bos_token_id", "num_hidden_layers", "d_model", "n_layer",
                         "model_max_length", "tokenizer_class"})  # fmt: skip
_TOO_SHORT = frozenset(
    "data batch r rank alpha eta opt net bits gpu model_path schedule sched accumulate bs wd l2 net network "
    "num_steps iterations steps n_steps total_steps max_len maxlen image_size datasets duration time step "
    "epoch total seed_everything training_steps max_length quant global_step pct_start train_size "
    "training_data training_samples training_time total_time training_duration".split()
)
"""Keys that mean a setting in a configuration, but in a sentence mostly something else."""
_SENTENCE = re.compile(
    r"[.!?]$|\b(?:is|are|was|has|from|to|the|with|not|saved|loaded|loading|using|and|for|of|in)\b", re.IGNORECASE
)


def wants(document: Document) -> bool:
    """Logs, but not a tracker's own diary."""
    return document.kind == "log" and document.name not in ("debug-internal.log", "debug-core.log")


def read(document: Document) -> Iterator[Stated]:
    """Settings with their lines."""
    found: list[Stated] = []
    inside = 0
    foreign: set[str] = set()
    values: dict[str, set[str]] = defaultdict(set)
    for number, line in enumerate(document.lines, 1):
        if number <= inside or "\r" in line or number in document.claimed or not _HINT.search(line):
            continue
        if len(line) <= MAX_DUMP and _may_dump(line) and (dump := _dump(document.lines, number)) is not None:
            last, stated = dump
            inside = last
            found.extend(stated)
        elif len(line) <= MAX_LINE:
            optimizer = _OPTIMIZER.match(_bare(line))
            if optimizer and number < len(document.lines) and "Parameter Group" in document.lines[number]:
                found.append(Stated("optimizer", optimizer["name"], number, raw=line.strip()))
                found.extend(_groups(document.lines, number))
                inside = _closing(document.lines, number)
            else:
                shape = _DIGITS.sub("0", line)
                if shape not in foreign:
                    pairs = [
                        pair
                        for pair in _pairs(line, number, document)
                        if len(values[pair.key]) < MAX_VALUES or pair.value in values[pair.key]
                    ]
                    found.extend(pairs)
                    for pair in pairs:
                        values[pair.key].add(str(pair.value))
                    if not pairs:
                        foreign.add(shape)
    yield from _asked_for(found)


def _may_dump(line: str) -> bool:
    return "{" in line or "(" in line


def _bare(line: str) -> str:
    """The line without times, ranks, levels and places."""
    for _ in range(4):
        shorter = _STAMP.sub("", line, count=1)
        if shorter == line:
            break
        line = shorter
    return line


def _asked_for(found: list[Stated]) -> Iterator[Stated]:
    """All but rates that change while the program runs: told three times and more with different values."""
    values: dict[str, set[str]] = defaultdict(set)
    for stated in found:
        values[stated.key.lower()].add(str(stated.value))
    for stated in found:
        if len(values[stated.key.lower()]) < 4 or "lr" not in stated.key.lower().replace("learning", "lr"):
            yield stated


# ---- dumps ----------------------------------------------------------------------------------------------------------


def _dump(lines: list[str], number: int) -> tuple[int, list[Stated]] | None:
    """(last line, settings) of an argument dump that begins on a line, or None."""
    line = lines[number - 1]
    opening = _DUMP.search(line)
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
    if keys & _MODEL_KEYS:
        return last, []
    if len(keys) < 2 or keys & {"loss", "train_loss", "eval_loss", "val_loss", "epoch", "train_runtime"}:
        return None
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


# ---- lines ----------------------------------------------------------------------------------------------------------


def _pairs(line: str, number: int, document: Document) -> Iterator[Stated]:
    """The settings of a line all of whose pieces are `key: value`."""
    bare = _bare(line)
    pieces = [piece for piece in _PIECES.split(bare.strip().strip("|")) if piece and piece.strip("|- ")]
    whole = _PAIR.match(bare)
    if (whole is not None and whole["sep"] == "|") or (len(pieces) == 2 and bare.strip().startswith("|")):
        whole = _PAIR.match(f"{pieces[0].strip(' |')}: {pieces[1].strip(' |')}") if len(pieces) == 2 else None
        matches = [whole] if whole else []
    elif len(pieces) > 1:
        head = re.match(
            r"^.{0,60}?(?:with|using|config|settings|parameters|args|params)\b[^:=]{0,20}[:\-]\s+(?=\w+\s*[:=])",
            pieces[0],
            re.I,
        )
        pieces[0] = pieces[0][head.end() :] if head else pieces[0]
        matches = [m for piece in pieces if (m := _PAIR.match(piece)) is not None]
        if len(matches) < len(pieces):
            matches = [whole] if whole is not None and len(pieces) == 2 and not matches else []
    else:
        matches = [whole] if whole else []
    kinds = [document.naming(_label(m)) for m in matches if m is not None]
    if any(kind in ("metric", "epoch", "step") for kind in kinds):
        return
    for match in matches:
        if match is None:
            continue
        label, value = _label(match), match["value"].strip().strip("'\"`*")
        if label.lower().replace(" ", "_").lstrip("-") in _TOO_SHORT or len(label.split()) > 5 or not _plain(value):
            continue
        if any(map(str.isdigit, label)) and document.naming(label.split()[-1]):
            continue
        yield Stated(label, value.replace(",", ".") if _DECIMAL_COMMA.match(value) else value, number, raw=line.strip())


def _label(match: re.Match[str]) -> str:
    return _PARENTHESES.sub("", match["key"]).strip()


def _plain(value: str) -> bool:
    """Whether a value is a number, a name or a path, and no sentence."""
    if not value or value[:1] in "<([{" or len(value) > 120:
        return False
    words = value.split()
    return len(words) <= 4 and not (len(words) > 1 and _SENTENCE.search(value)) and "..." not in value


# ---- optimizers -----------------------------------------------------------------------------------------------------


def _groups(lines: list[str], number: int) -> Iterator[Stated]:
    """Rate and decay of the first parameter group of a printed optimizer."""
    seen: set[str] = set()
    for at in range(number, _closing(lines, number)):
        group = _GROUP.match(lines[at])
        if group and group["key"] not in seen:
            seen.add(group["key"])
            yield Stated(group["key"], group["value"], at + 1, raw=lines[at].strip())


def _closing(lines: list[str], number: int) -> int:
    """The line on which a printed object ends."""
    for at in range(number, min(len(lines), number + 200)):
        if lines[at].strip() == ")":
            return at + 1
    return number
