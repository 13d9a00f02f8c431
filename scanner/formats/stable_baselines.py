"""The tables that Stable-Baselines (3, its predecessors and OpenAI Baselines) print while an agent learns.

    -----------------------------------------
    | rollout/                |             |
    |    ep_rew_mean          | 26.9        |
    | time/                   |             |
    |    total_timesteps      | 4096        |
    | train/                  |             |
    |    learning_rate        | 0.0003      |
    |    loss                 | 7.21        |
    -----------------------------------------

Baselines have no sections and print `| total_timesteps | 4096 |` beside `| policy_loss | ... |`. A table's step is its
number of timesteps. What rollouts earn is measured in training; `eval/` is measured on its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import LOOSE_NUMBER, Document, Stated

ID = "stable_baselines"
DESCRIPTION = "Console tables of Stable-Baselines and OpenAI Baselines"
SAMPLE = """-----------------------------
| time/            |        |
|    total_timesteps | 4096 |
| train/           |        |
|    loss          | 7.21   |
-----------------------------"""

_RULE = re.compile(r"^-{10,}\s*$")
_ROW = re.compile(rf"^\|(?P<indent>\s++)(?P<key>[\w/ .()-]{{1,60}}?)\s*+\|\s*+(?P<value>{LOOSE_NUMBER})?\s*+\|\s*$")
_STEPS = ("time/total_timesteps", "total_timesteps", "total timesteps", "misc/total_timesteps", "TimestepsSoFar")
_STATED = frozenset({"train/loss", "train/learning_rate", "eval/mean_reward", "loss", "learning_rate"})
MAX_ROWS = 80


def wants(document: Document) -> bool:
    """Logs with such a table."""
    return document.kind == "log" and document.mentions("total_timesteps", "total timesteps", "TimestepsSoFar")


def read(document: Document) -> Iterator[Stated]:
    """Each table's measurements at its number of timesteps; the first table begins a training."""
    rows: dict[str, tuple[str, int]] = {}
    section = ""
    is_inside = False
    step: float | None = None
    for number, line in enumerate(document.lines, 1):
        if _RULE.match(line):
            if is_inside and rows:
                yield from _table(rows, step)
                step = _step(rows) if _step(rows) is not None else step
                is_inside = False
            else:
                is_inside = True
            rows, section = {}, ""
            continue
        row = _ROW.match(line) if is_inside and line.startswith("|") else None
        if row is None or len(rows) > MAX_ROWS:
            is_inside, rows = False, {}
            continue
        document.claimed.add(number)
        if row["value"] is None:
            section = row["key"] if row["key"].endswith("/") else ""
        else:
            rows[section + row["key"] if len(row["indent"]) > 1 else row["key"]] = (row["value"], number)


def _step(rows: dict[str, tuple[str, int]]) -> float | None:
    return next((float(rows[key][0]) for key in _STEPS if key in rows), None)


def _table(rows: dict[str, tuple[str, int]], before: float | None) -> Iterator[Stated]:
    step = _step(rows)
    if step is None:
        return
    first = min(line for _, line in rows.values())
    if before is None or step < before:
        yield Stated("training_start", True, first, "mark", raw=f"total_timesteps: {step:g}")
        yield Stated("framework", "other", first, raw=f"total_timesteps: {step:g}")
    for key, (value, line) in rows.items():
        if key in _STATED:
            name = key if "/" in key or key == "learning_rate" else f"train/{key}"
            yield Stated(name, value, line, "metric", step, raw=f"{key}: {value}")
        elif key in _STEPS:
            yield Stated("total_timesteps", value, line, "metric", step, raw=f"{key}: {value}")
