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

from scanner.formats._base import Document, Stated, parse_number
from scanner.formats._log_dumps import may_open_dump, read_dump

ID = "log_settings"
DESCRIPTION = "Settings that a program prints: argument dumps, `key: value` lines, optimizer groups"
SAMPLE = """Namespace(lr=0.001, batch_size=32)
Batch size: 32
Learning rate = 5e-5"""
GENERIC = True

MAX_LINE = 220
MAX_VALUES = 60
"""Different values of one key; a key with more of them is measured again and again and asks for nothing."""
_DIGITS = re.compile(r"\d+")
_HINT = re.compile(r"[:=|({]|\.\.\.")
_STAMP = re.compile(
    r"^\s*(?:\[?\d{4}[-/.]\d\d?[-/.]\d\d?[T ,]*\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?\]?"
    r"|\[?\d\d:\d\d:\d\d(?:[.,]\d+)?\]?|\[rank ?\d+\]:?|\d+:(?= )"
    r"|\[?(?:INFO|DEBUG|WARNING|NOTICE)\]?:?(?:(?<=:)(?:root|__\w+__|\w+\.[\w.]+|\w*(?:main|train|logger)\w*):)?"
    r"|\[?[\w.]+\.py:\d+\]?|\[[\w.]+\](?=\s*-)|[\w.]{3,40}(?=\s+-\s+(?:INFO|WARNING)))[\s:|\-]*"
)
_PAIR = re.compile(
    r"^[\s\-*\u2022>|#+\u200d\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]*(?P<quote>['\"]?)"
    r"(?P<key>(?:--)?[^\W\d][\w /.()\-]{0,48}?)(?P=quote)"
    r"\s*+(?P<sep>:=|:|=|\.{3,}|\|)\s*+(?P<value>[^\s].{0,120}?)\s*+[,|;]?\s*+$"
)
_ADAPTER = re.compile(r"^[^\w'\"]*(?:[QR]?e?LoRA|lora|PEFT)\b[\w ]{0,20}[:(]\s*(?=\w+\s*[=:])")
"""`LoRA config: r=16, alpha=32`: the keys are the adapter's."""
_PIECES = re.compile(r"\s*[,|;]\s+|\s{3,}|\t+")
_OPTIMIZER = re.compile(r"^\s*(?:[Oo]ptimizer\s*[:=]\s*)?(?P<name>[A-Z]\w{1,30}) \($")
_GROUP = re.compile(r"^\s*(?P<key>lr|initial_lr|weight_decay)\s*: (?P<value>[\d.eE+-]+)\s*$")
_CODE = re.compile(r"^(?:self|cls|args|kwargs|config|cfg|opt|np|torch|nn)\.|\w[(\[]")
"""What is assigned in source code that a log shows: attributes, calls, subscripts."""
_LOADS = re.compile(r"(?i)(?:re)?load(?:ing|ed)?\b|加载|载入|yükle")
_LOADS_A_MODEL = re.compile(
    r"(?i)loading (?!(?:base|pretrained|reward|teacher|ref|reference|judge|critic|value|draft|embedding|language)\b)"
    r"(?:[\w.-]+ ){1,2}model$"
)
_PARENTHESES = re.compile(r"\s*\([^()]{0,24}\)")
_DECIMAL_COMMA = re.compile(r"^[-+]?0,\d+$")
_TOO_SHORT = frozenset(
    "data batch r rank alpha eta opt net bits gpu model_path schedule sched accumulate bs wd l2 net network "
    "num_steps iterations steps n_steps total_steps max_len maxlen image_size datasets duration time step "
    "epoch total seed_everything training_steps max_length quant global_step pct_start train_size "
    "training_data training_samples training_time total_time training_duration".split()
)
"""Keys that mean a setting in a configuration, but in a sentence mostly something else."""
_FRAME = re.compile(r'^(?:\[?rank ?\d+\]:?)?\s*File "[^"]+", line \d+, in ')
"""A traceback's frame: the line below is source code."""
_SENTENCE = re.compile(
    r"[.!?]$|\b(?:is|are|was|has|from|to|the|with|not|saved|loaded|loading|using|and|for|of|in)\b", re.IGNORECASE
)


def wants(document: Document) -> bool:
    """Logs, but not a tracker's own diary."""
    if document.kind != "log" or document.name in ("debug-internal.log", "debug-core.log"):
        return False
    return document.name != "debug.log" or "wandb" not in document.path


def read(document: Document) -> Iterator[Stated]:
    """Settings with their lines."""
    found: list[Stated] = []
    inside = 0
    foreign: set[str] = set()
    values: dict[str, set[str]] = defaultdict(set)
    shapes = document.shapes()
    silent = {number for number, text in enumerate(shapes.texts) if "\r" in text or not _HINT.search(text)}
    for number, of in enumerate(shapes.of, 1):
        if of in silent or number <= inside or number in document.claimed:
            continue
        line = document.lines[number - 1]
        if number > 1 and _FRAME.match(document.lines[number - 2]):
            continue
        if (dump := read_dump(document.lines, number)) is not None:
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
                if shape in foreign and optimizer is None and not may_open_dump(line):
                    silent.add(of)
        elif not may_open_dump(line):
            silent.add(of)
    yield from _asked_for(found)


def _bare(line: str) -> str:
    """The line without times, ranks, levels and places."""
    for _ in range(4):
        stamp = _STAMP.match(line)
        if stamp is None:
            break
        line = line[stamp.end() :]
    return line


def _asked_for(found: list[Stated]) -> Iterator[Stated]:
    """All but rates that change while the program runs: of those the first if it is the highest, and its returns."""
    rates: dict[str, list[Stated]] = defaultdict(list)
    for stated in found:
        if _is_rate(stated.key):
            rates[stated.key.lower()].append(stated)
    momentary = {key: said for key, said in rates.items() if _changes(said)}
    loaded: dict[str, str] = {}
    for stated in found:
        # What is loaded later may be what was trained; the same again is the next launch's.
        if _LOADS.match(stated.key) and loaded.setdefault(stated.key, str(stated.value)) != str(stated.value):
            continue
        said = momentary.get(stated.key.lower())
        if said is None:
            yield stated
        elif stated.value == said[0].value and _number(stated) >= max(map(_number, said)):
            at = said.index(stated)
            if at == 0 or said[at - 1].value != stated.value:
                yield stated


def _is_rate(key: str) -> bool:
    return "lr" in key.lower().replace("learning", "lr")


def _changes(said: list[Stated]) -> bool:
    """Whether a rate is told again and again: four values and more, or few that stand many times."""
    values = {stated.value for stated in said}
    return len(values) >= 4 or (len(values) > 1 and len(said) >= 2 * len(values))


def _number(stated: Stated) -> float:
    return parse_number(str(stated.value)) or 0.0


# ---- lines ----------------------------------------------------------------------------------------------------------


def _pairs(line: str, number: int, document: Document) -> Iterator[Stated]:
    """The settings of a line all of whose pieces are `key: value`."""
    bare, prefix = _bare(line), ""
    if (adapter := _ADAPTER.match(bare)) is not None:
        bare, prefix = bare[adapter.end() :].rstrip(" )"), "lora."
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
        if match["sep"] == "=" and _CODE.search(value):
            continue
        is_short = not prefix and label.lower().replace(" ", "_").lstrip("-") in _TOO_SHORT
        if is_short or len(label.split()) > 5 or not _plain(value):
            continue
        if any(map(str.isdigit, label)) and document.naming(label.split()[-1]):
            continue
        written = value.replace(",", ".") if _DECIMAL_COMMA.match(value) else value
        if _LOADS_A_MODEL.match(label) and "/" in value:
            label = "loading model"  # "Loading Qwen model: Qwen/Qwen2.5-0.5B": the kind of model between the words
        yield Stated(prefix + label, written, number, raw=line.strip())


def _label(match: re.Match[str]) -> str:
    return _PARENTHESES.sub("", match["key"]).strip()


def _plain(value: str) -> bool:
    """Whether a value is a number, a name or a path, and no sentence."""
    if not value or value[:1] in "<([{" or len(value) > 120 or value.count("(") != value.count(")"):
        return False
    words = value.split()
    return len(words) <= 4 and not (len(words) > 1 and _SENTENCE.search(value)) and "..." not in value


# ---- optimizers -----------------------------------------------------------------------------------------------------


def _groups(lines: list[str], number: int) -> Iterator[Stated]:
    """Rate and decay of a printed optimizer's first parameter group; a decay of 0 exempts that group alone."""
    seen: set[str] = set()
    groups = [_GROUP.match(lines[at]) for at in range(number, _closing(lines, number))]
    if any(group is not None and group["key"] == "initial_lr" for group in groups):
        seen.add("lr")  # what the schedule has made of the initial rate by now
    for at, group in enumerate(groups, number):
        if group and group["key"] not in seen:
            if group["key"] == "weight_decay" and not float(group["value"]) and _decays_later(lines, at + 1, number):
                continue
            seen.add(group["key"])
            yield Stated(group["key"], group["value"], at + 1, raw=lines[at].strip())


def _decays_later(lines: list[str], begin: int, number: int) -> bool:
    """Whether a group below has a decay of its own."""
    groups = [_GROUP.match(lines[at]) for at in range(begin, _closing(lines, number))]
    return any(group["key"] == "weight_decay" and float(group["value"]) > 0 for group in groups if group)


def _closing(lines: list[str], number: int) -> int:
    """The line on which a printed object ends."""
    for at in range(number, min(len(lines), number + 200)):
        if lines[at].strip() == ")":
            return at + 1
    return number
