"""Fields: which key states which field, and whether its value can be one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple

import regex

from scanner.errors import KnowledgeError
from scanner.knowledge._read import normalize_key, read_toml
from scanner.records import Scalar

WEAK_RANK = 1000
"""Ranks from here on are spellings that count only where nothing stronger is stated."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of RUN_SEMANTICS section 2 as fields.toml describes it."""

    name: str
    type: str
    minimum: float
    maximum: float
    spellings: dict[str, int]
    """Normalised spelling -> rank, the strongest 0."""
    flags: dict[str, str]
    """Normalised spelling -> the value that it states when true."""
    values: dict[str, str]
    """Normalised spelling of a value -> canonical value."""
    not_under: frozenset[str]
    only_under: dict[str, frozenset[str]]
    rejects: frozenset[str]
    max_length: int
    must_match: regex.Pattern[str] | None


class Hit(NamedTuple):
    """Which field a key states."""

    field: str
    rank: int
    flag: str | None
    """The value that a true flag states; None for an ordinary key."""


def _field(name: str, row: dict[str, Any], shared: frozenset[str]) -> Field:
    known = {"type", "min", "max", "spellings", "weak", "not_under", "only_under", "values", "flags", "rejects"}
    extra = set(row) - known - {"order", "max_length", "must_match", "integral"}
    if extra or row.get("type") not in ("text", "int", "float", "bool", "enum"):
        raise KnowledgeError(f"fields.toml [{name}]: unknown keys {sorted(extra)} or type {row.get('type')!r}")
    spellings = {normalize_key(s): rank for rank, s in reversed(list(enumerate(row["spellings"])))}
    spellings |= {normalize_key(s): WEAK_RANK + rank for rank, s in enumerate(row.get("weak", ()))}
    values = {normalize_key(s): canon for canon, found in row.get("values", {}).items() for s in (canon, *found)}
    if row["type"] == "enum":
        values |= {normalize_key(s): s for s in row.get("order", ()) if normalize_key(s) not in values}
    for spelling, canon in list(values.items()):
        values.setdefault(spelling.replace("_", ""), canon)
    return Field(
        name=name,
        type=row["type"],
        minimum=float(row.get("min", -math.inf)),
        maximum=float(row.get("max", math.inf)),
        spellings=spellings,
        flags={normalize_key(s): value for value, found in row.get("flags", {}).items() for s in found},
        values=values,
        not_under=shared | {normalize_key(p) for p in row.get("not_under", ())},
        only_under={k: frozenset(map(normalize_key, v)) for k, v in row.get("only_under", {}).items()},
        rejects=frozenset(row.get("rejects", ())),
        max_length=row.get("max_length", 200),
        must_match=regex.compile(row["must_match"]) if "must_match" in row else None,
    )


@cache
def fields() -> dict[str, Field]:
    """All fields by name, in the order of fields.toml."""
    table = read_toml("fields")
    shared = frozenset(map(normalize_key, table["keys"]["not_under"]))
    return {name: _field(name, row, shared) for name, row in table["fields"].items()}


@cache
def field_names() -> tuple[str, ...]:
    """Names of the fields a key may state."""
    return tuple(fields())


@cache
def framework_rank() -> dict[str, int]:
    """Framework -> place in the order from the most to the least specific."""
    return {name: rank for rank, name in enumerate(read_toml("fields")["fields"]["framework"]["order"])}


@cache
def fact_names() -> frozenset[str]:
    """Ids that formats may state as facts."""
    return frozenset(read_toml("fields")["facts"])


@cache
def mark_names() -> frozenset[str]:
    """Ids that formats and line rules may state as marks."""
    return frozenset(read_toml("fields")["marks"])


@lru_cache(maxsize=65536)
def split_key(key: str) -> tuple[str, ...]:
    """The normalised parts of a nested key: `train.optimizer/lr` -> ("train", "optimizer", "lr")."""
    parts = regex.split(r"[./:\[\]]+", key)
    return tuple(part for part in map(normalize_key, parts) if part)


@cache
def _index() -> dict[str, list[Hit]]:
    found: dict[str, list[Hit]] = {}
    for name, spec in fields().items():
        for spelling, rank in spec.spellings.items():
            found.setdefault(spelling, []).append(Hit(name, rank, None))
        for spelling, value in spec.flags.items():
            found.setdefault(spelling, []).append(Hit(name, 0, value))
    return found


@lru_cache(maxsize=65536)
def find_field(key: str) -> Hit | None:
    """The field that a key as written states, by its longest known ending; None when it states none."""
    parts = split_key(key)
    for length in (3, 2, 1):
        if len(parts) < length:
            continue
        tail = "_".join(parts[-length:])
        for hit in _index().get(tail, ()):
            spec = fields()[hit.field]
            parents = set(parts[:-length])
            if parents & spec.not_under:
                continue
            wanted = spec.only_under.get(tail)
            if wanted is not None and not parents & wanted:
                continue
            return hit
    return None


MOST_INTEGER = 2**63
"""Integers of tables are smaller."""


def convert(name: str, value: Scalar) -> Scalar | None:
    """The value in the field's type and canonical form; None when it cannot be one (wrong type, out of bounds)."""
    spec = fields()[name]
    if spec.type == "bool":
        return _to_bool(value)
    if spec.type in ("int", "float"):
        return _to_number(spec, value)
    return _to_text(spec, value)


def is_true(value: Scalar) -> bool:
    """Whether a flag is set: true, "True", "yes", 1."""
    return _to_bool(value) is True


def _to_bool(value: Scalar) -> bool | None:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    return {
        "true": True,
        "1": True,
        "yes": True,
        "on": True,
        "false": False,
        "0": False,
        "no": False,
        "off": False,
    }.get(text)


def _to_number(spec: Field, value: Scalar) -> Scalar | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip().strip("'\"").rstrip(",;")
        seconds = _seconds(text) if spec.name == "duration_s" else None
        try:
            number = seconds if seconds is not None else float(text.replace("_", "") if text[:1].isdigit() else text)
        except ValueError:
            return None
    else:
        try:
            number = float(value)
        except OverflowError:  # an integer of hundreds of digits
            return None
    if not math.isfinite(number) or not spec.minimum <= number <= spec.maximum:
        return None
    if spec.type == "int":
        return int(number) if number == int(number) and abs(number) < MOST_INTEGER else None
    return number


_CLOCK = regex.compile(
    r"(?:(?P<d>\d+)\s*(?:d|days?|gün),?\s*)?(?P<h>\d+):(?P<m>\d\d):(?P<s>\d\d(?:\.\d+)?)"
    r"|(?:(?P<h2>\d+(?:\.\d+)?)\s*(?:h|hours?|hrs?|saat))?\s*(?:(?P<m2>\d+(?:\.\d+)?)\s*(?:m|mins?|minutes?|dk|dakika))?\s*"
    r"(?:(?P<s2>\d+(?:\.\d+)?)\s*(?:s|secs?|seconds?|sn|saniye))?"
)


def _seconds(text: str) -> float | None:
    """`0:01:02.5`, `1h 2m 3s`, `3.5 hours`, `12 sn` -> seconds."""
    found = _CLOCK.fullmatch(text.strip(), timeout=1)
    if found is None or not any(found.groups()):
        return None
    part = {key: float(value) for key, value in found.groupdict().items() if value}
    return (
        part.get("d", 0.0) * 86400
        + (part.get("h", 0.0) + part.get("h2", 0.0)) * 3600
        + (part.get("m", 0.0) + part.get("m2", 0.0)) * 60
        + part.get("s", 0.0)
        + part.get("s2", 0.0)
    )


def _to_text(spec: Field, value: Scalar) -> str | None:
    if isinstance(value, bool):
        return None
    text = str(value).strip().strip("'\"").strip()
    if not text or len(text) > spec.max_length or "\n" in text or text.lower() in spec.rejects:
        return None
    if spec.must_match and not spec.must_match.search(text, timeout=1):
        return None
    if spec.values:
        # `torch.optim.AdamW`, `StepLR (step_size=1000, gamma=0.5)`
        name = text.partition("(")[0].strip()
        canonical = _canonical(spec, text) or _canonical(spec, name) or _canonical(spec, name.rsplit(".", 1)[-1])
        if canonical is not None:
            return canonical
        if spec.type == "enum":
            return None
        # `Adam0001`, `sgd_1e-2`: a name of its own that begins with the class and ends with a rate
        return _canonical(spec, _RATE_BEHIND.sub("", text)) or text
    return text


_RATE_BEHIND = regex.compile(r"[-_ @]?\d[\d.]*(?:[eE][-+]?\d+)?$")


def _canonical(spec: Field, text: str) -> str | None:
    """The canonical form of a value, however its words are joined: `ReduceLROnPlateau`, `reduce_lr_on_plateau`."""
    normal = normalize_key(text)
    return spec.values.get(normal) or spec.values.get(normal.replace("_", ""))
