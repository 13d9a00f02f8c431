"""The shapes of models by name: the only reader of models.toml. No torch here."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from scanner.errors import ReplayError

OTHER_WEIGHTS = ("gptq", "awq", "gguf", "ggml", "exl2")
"""Marks of weights that are held otherwise than the settings say: nothing is predicted for them."""


@dataclass(frozen=True, slots=True)
class Family:
    """An architecture of transformers."""

    model_type: str
    language_model: str
    """Class with the head that predicts tokens."""
    classification: str
    """Class with the head of a classifier, "" where there is none."""
    lora_targets: tuple[str, ...]
    positions: str
    """Setting that limits the sequence length, "" where positions are not learned."""


@dataclass(frozen=True, slots=True)
class NamedModel:
    """One row of models.toml, or a config.json."""

    name: str
    family: Family
    arguments: Mapping[str, Any]
    patterns: tuple[str, ...] = ()
    parameters: int | None = None
    """Published count with the language-model head."""


def find_named(written: str) -> NamedModel | None:
    """The model behind a name as people write it; None when it is not known. Opens no file."""
    last = written.rstrip("/").split("/")[-1].casefold()
    if any(mark in last for mark in OTHER_WEIGHTS):
        return None
    for model in named_models():
        if any(fnmatchcase(last, pattern) for pattern in model.patterns):
            return model
    return None


def get_model(written: str) -> NamedModel:
    """The model behind a name or the path of a config.json; an error that lists what is known when it is not."""
    if written.endswith(".json"):
        return _from_file(Path(written))
    model = find_named(written)
    if model is None:
        known = ", ".join(model.name for model in named_models())
        raise ReplayError(f"model {written}: shape not known; give a path of its config.json, or one of {known}")
    return model


@cache
def named_models() -> tuple[NamedModel, ...]:
    """All rows of models.toml."""
    rows = _table()
    families = {name: _family(row) for name, row in rows["family"].items()}
    return tuple(
        NamedModel(
            row["name"], families[row["family"]], row.get("arguments", {}), tuple(row["names"]), row.get("parameters")
        )
        for row in rows["model"]
    )


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("models.toml").read_text("utf-8"))


def _family(row: Mapping[str, Any]) -> Family:
    return Family(
        row["model_type"],
        row["language_model"],
        row.get("classification", ""),
        tuple(row["lora_targets"]),
        row.get("positions", ""),
    )


def _from_file(path: Path) -> NamedModel:
    try:
        arguments = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ReplayError(f"{path}: not a readable config.json ({error})") from error
    model_type = arguments.get("model_type") if isinstance(arguments, dict) else None
    families = {family.model_type: family for family in (_family(row) for row in _table()["family"].values())}
    if model_type not in families:
        raise ReplayError(f"{path}: model_type {model_type!r} is not known; known are {', '.join(families)}")
    return NamedModel(str(path), families[model_type], arguments)
