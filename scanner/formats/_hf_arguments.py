"""Training arguments that a program prints: `TrainingArguments(...)` and the `...Config(...)` of TRL's trainers.

    TrainingArguments(                                   SFTConfig(output_dir='out', overwrite_output_dir=False, ...,
    bf16=False,                                                    lr_scheduler_type=<SchedulerType.LINEAR: 'linear'>,
    lr_scheduler_type=SchedulerType.LINEAR,                        ...)
    )

The first form is the arguments' own text, a line each, whose texts bear no quotes; the second is a dataclass's. A
number of steps beats a number of epochs, and a number of warm-up steps beats a share, as in the Trainer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from scanner.formats._base import Stated, parse_number

_OPENING = re.compile(r"\b(?P<name>[A-Z]\w*(?:Arguments|TrainingArgs|Config))\((?P<rest>.*)$")
_ITEM = re.compile(r"^\s*(?P<key>[A-Za-z_]\w*)\s*=(?P<value>.*)$", re.DOTALL)
_ENUM = re.compile(r"^[A-Z]\w+\.(?P<name>[A-Z][A-Z0-9_]*)$")
_ENUM_OBJECT = re.compile(r"^<\w+\.\w+: '(?P<value>[^']*)'>$")
_NAMES_APART = {"ADAMW_BNB": "adamw_bnb_8bit", "PAGED_ADAMW": "paged_adamw_32bit"}
"""Members of OptimizerNames whose name is not their value."""

MAX_LINES = 500
MAX_CHARACTERS = 40_000
_NOTHING = frozenset({"None", "", "''", '""'})
_SETTINGS = (
    "learning_rate weight_decay max_grad_norm lr_scheduler_type optim seed per_device_train_batch_size "
    "per_gpu_train_batch_size gradient_accumulation_steps gradient_checkpointing fp16 bf16 max_seq_length"
).split()
_OF_TRL = re.compile(
    r"^(?:SFT|DPO|IPO|KTO|ORPO|CPO|SimPO|PPO|PPOv2|RLOO|GRPO|GKD|BCO|XPO|NashMD|OnlineDPO|Reward|PRM|AlignProp|DDPO)Config$"
    r"|^(?:SFT|DPO|GRPO|PPO)ScriptArguments$"
)


class Dump(NamedTuple):
    """One printed object with training arguments."""

    name: str
    first: int
    last: int
    items: dict[str, tuple[str, int]]
    """Key -> (value without quotes, line)."""

    @property
    def is_trl(self) -> bool:
        """Whether the object is one of TRL's."""
        return _OF_TRL.match(self.name) is not None

    def number(self, key: str) -> float | None:
        """The value of a key as a number."""
        return parse_number(self.items[key][0]) if key in self.items else None


def may_open(text: str) -> bool:
    """Whether a line can begin such an object, told cheaply."""
    return "Arguments(" in text or "Config(" in text or "TrainingArgs(" in text


def find_dump(lines: list[str], number: int) -> Dump | None:
    """The arguments whose printing begins on a line (1-based), or None."""
    line = lines[number - 1]
    opening = _OPENING.search(line) if len(line) <= MAX_CHARACTERS else None
    if opening is None:
        return None
    if opening["rest"].strip():
        pieces, last = _split(lines, number, opening.start("rest"))
    else:
        pieces, last = _plain(lines, number)
    items: dict[str, tuple[str, int]] = {}
    for text, at in pieces:
        item = _ITEM.match(text)
        if item:
            items.setdefault(item["key"], (_value(item["value"].strip()), at))
    # The two that every version of the arguments has, since a model's or a data set's "Config" prints alike.
    if "learning_rate" not in items or not {"per_device_train_batch_size", "per_gpu_train_batch_size"} & set(items):
        return None
    return Dump(opening["name"], number, last, items)


def _plain(lines: list[str], number: int) -> tuple[list[tuple[str, int]], int]:
    """Lines `key=value,` up to a line that closes the object."""
    found: list[tuple[str, int]] = []
    last = number
    for at in range(number, min(len(lines), number + MAX_LINES)):
        text = lines[at].strip()
        if text.startswith(")"):
            return found, at + 1
        if not _ITEM.match(text):
            break
        found.append((text.removesuffix(","), at + 1))
        last = at + 1
    return found, last


def _split(lines: list[str], number: int, start: int) -> tuple[list[tuple[str, int]], int]:
    """Pieces between the commas of an object that may go over several lines."""
    found: list[tuple[str, int]] = []
    piece: list[str] = []
    piece_line = number
    depth, quote, length = 1, "", 0
    for at in range(number - 1, min(len(lines), number - 1 + MAX_LINES)):
        text = lines[at][start:] if at == number - 1 else lines[at]
        length += len(text)
        if length > MAX_CHARACTERS:
            return found, at
        for character in text:
            if quote:
                quote = "" if character == quote else quote
            elif character in "'\"":
                quote = character
            elif character in "([{<":
                depth += 1
            elif character in ")]}>":
                depth -= 1
                if depth == 0:
                    found.append(("".join(piece).strip(), piece_line))
                    return found, at + 1
            elif character == "," and depth == 1:
                found.append(("".join(piece).strip(), piece_line))
                piece = []
                continue
            if not piece and not character.isspace():
                piece_line = at + 1
            if piece or not character.isspace():
                piece.append(character)
        quote = ""
    return found, min(len(lines), number - 1 + MAX_LINES)


def _value(text: str) -> str:
    """The value without quotes and enumerations' wrapping."""
    whole = _ENUM_OBJECT.match(text)
    if whole:
        return whole["value"]
    member = _ENUM.match(text)
    if member:
        return _NAMES_APART.get(member["name"], member["name"].lower())
    if len(text) > 1 and text[0] in "'\"" and text[-1] == text[0]:
        return text[1:-1]
    return text


def stated(dump: Dump) -> Iterator[Stated]:
    """What the arguments ask for."""
    for key in _SETTINGS:
        yield from _setting(dump, key)
    if dump.is_trl:
        yield from _setting(dump, "max_length")
        yield Stated("framework", "trl", dump.first, origin="reported", raw=f"{dump.name}(")
    steps = dump.number("max_steps")
    yield from _setting(dump, "max_steps" if steps is not None and steps > 0 else "num_train_epochs")
    yield from _warmup(dump)
    for key, device in (("use_cpu", "cpu"), ("no_cuda", "cpu"), ("use_mps_device", "mps")):
        if dump.items.get(key, ("", 0))[0] == "True":
            yield Stated("device", device, dump.items[key][1], origin="reported", raw=f"{key}=True")
    for key in ("output_dir", "run_name"):
        value, line = dump.items.get(key, ("", 0))
        if value not in _NOTHING and (key == "output_dir" or value != dump.items.get("output_dir", ("", 0))[0]):
            yield Stated(key, value, line, "fact", origin="reported", raw=f"{key}={value}")
    value, line = dump.items.get("logging_dir", ("", 0))
    if value not in _NOTHING:
        yield Stated("output_dir", value, line, "fact", origin="reported", raw=f"logging_dir={value}")
    if dump.is_trl or dump.items.get("do_train", ("", 0))[0] == "True":
        yield Stated("training_program", f"{dump.name}(", dump.first, "fact", origin="reported", raw=f"{dump.name}(")


def _setting(dump: Dump, key: str, name: str = "") -> Iterator[Stated]:
    value, line = dump.items.get(key, ("", 0))
    if value not in _NOTHING:
        yield Stated(name or key, value, line, origin="reported", raw=f"{key}={value}")


def _warmup(dump: Dump) -> Iterator[Stated]:
    steps, ratio = dump.number("warmup_steps"), dump.number("warmup_ratio")
    if steps is not None and 0 < steps < 1:
        yield from _setting(dump, "warmup_steps", "warmup_ratio")  # since version 5 one argument is both
    elif ratio is not None and ratio > 0 and not steps:
        yield from _setting(dump, "warmup_ratio")
    else:
        yield from _setting(dump, "warmup_steps")
