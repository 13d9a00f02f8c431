"""The catalogue of claims: one TOML a claim, its id the file's name.

written = "Memory ↓30%, Speed ↓20%"     # one line of the source, as it stands there
line = 108                              # where it stands in the source that comes with the package
asks = "Gradient checkpointing lowers the peak memory of a training step by 30%, whatever the model."
experiment = "memory"                   # a module of experiments/
cost = "quick"                          # quick | full | gpu

[quantity]                              # what is stated; the rule reads it, the report shows it
saving = 0.30

[rule]
kind = "near"                           # a key of rules.RULES; the rest are its settings
tolerance = 0.10

[settings]                              # what the experiment needs
[settings.full]                         # laid over them when the budget is "full"
[settings.gpu]                          # and over both when a GPU is at hand
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, get_args

from reference_runs.configs.documented import Source
from reference_runs.records import Claim, Cost, Hardware
from reference_runs.rules import RULES
from scanner.errors import ReplayError

FAMILIES = ("gpt2", "gpt_neo", "llama", "phi")
"""Tried for a configuration that names no model."""

_REQUIRED = {"written": str, "line": int, "asks": str, "experiment": str, "cost": str, "quantity": dict, "rule": dict}


def catalogue(budget: Cost = "full", at_hand: Hardware | None = None, source: Path | None = None) -> tuple[Claim, ...]:
    """All claims in the order of their ids, with the settings of a budget. Raises ReplayError for a malformed one."""
    layers = (["full"] if budget != "quick" else []) + (["gpu"] if at_hand is not None and at_hand.gpu else [])
    files = [file for file in resources.files(__name__).iterdir() if file.name.endswith(".toml")]
    claims = (_claim(file.name.removesuffix(".toml"), file.read_text("utf-8"), layers, source) for file in files)
    return tuple(sorted(claims, key=lambda claim: _order(claim.id)))


def configuration_claims(source: Source, path: Path, known: Iterable[Claim]) -> Iterable[Claim]:
    """A claim C1, C2, ... for each configuration of a source that no known claim is about: it trains as written."""
    taken = {int(claim.settings["number"]) for claim in known if claim.experiment == "configurations"}
    for recipe in source.document.recipes:
        numbered = re.search(r"#(\d+)\b", recipe.heading)
        if numbered is None or int(numbered[1]) in taken:
            continue
        yield Claim(
            id=f"C{numbered[1]}",
            written=recipe.heading,
            line=recipe.line,
            asks=f"Configuration #{numbered[1]} trains as written with the installed versions.",
            experiment="configurations",
            cost="quick",
            quantity={},
            rule="runs",
            rule_settings={},
            settings={"number": int(numbered[1]), "families": FAMILIES},
            source=path,
        )


def _order(identifier: str) -> tuple[str, int]:
    """M2 before M10."""
    found = re.fullmatch(r"([A-Z])(\d+)", identifier)
    if not found:
        raise ReplayError(f"claims/{identifier}.toml: a claim's file is named like M7.toml")
    return found[1], int(found[2])


def _claim(identifier: str, text: str, layers: Iterable[str], source: Path | None) -> Claim:
    try:
        row = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ReplayError(f"claims/{identifier}.toml: {error}") from error
    for key, kind in _REQUIRED.items():
        if not isinstance(row.get(key), kind):
            raise ReplayError(f"claims/{identifier}.toml: `{key}` is missing or no {kind.__name__}")
    if unknown := set(row) - {*_REQUIRED, "settings"}:
        raise ReplayError(f"claims/{identifier}.toml: unknown key {sorted(unknown)[0]!r}")
    if row["cost"] not in get_args(Cost):
        raise ReplayError(f"claims/{identifier}.toml: cost {row['cost']!r}: write one of {', '.join(get_args(Cost))}")
    rule = dict(row["rule"])
    kind = rule.pop("kind", None)
    if kind not in RULES:
        raise ReplayError(f"claims/{identifier}.toml: rule {kind!r}: write one of {', '.join(RULES)}")
    quantity = {key: float(value) for key, value in row["quantity"].items()}
    return Claim(
        id=identifier,
        written=row["written"],
        line=row["line"],
        asks=row["asks"],
        experiment=row["experiment"],
        cost=row["cost"],
        quantity=quantity,
        rule=kind,
        rule_settings=rule,
        settings=_settings(row.get("settings", {}), layers),
        source=source,
    )


def _settings(written: Mapping[str, Any], layers: Iterable[str]) -> dict[str, Any]:
    base = {key: value for key, value in written.items() if key not in ("full", "gpu")}
    for layer in layers:
        base |= written.get(layer, {})
    return base
