"""The user's plan as a check list: which items runs have fulfilled. The items stand in report_templates/plans.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from scanner.errors import ReportError
from scanner.records import Outcome, Run
from scanner.report.catalogue import template_text
from scanner.report.escape import Tree, sql_text
from scanner.report.places import place_of
from scanner.report.rows import N_REFS, Group, Query, Ref

Wanted = str | bool | list[str]
"""What a field must be: a text or pattern, one of several, or stated at all."""

GROUPS = ("planned", "technique")


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the plan."""

    title: str
    has_query: bool
    done: Group | None
    """The runs that fulfil it; None while none does."""


@cache
def plan() -> Mapping[str, list[Mapping[str, Any]]]:
    """The file. Raises ReportError for one that is no plan."""
    try:
        found = tomllib.loads(template_text("plans.toml"))
    except tomllib.TOMLDecodeError as error:
        raise ReportError(f"report_templates/plans.toml: {error}") from error
    for group in GROUPS:
        for item in found.get(group, []):
            if not isinstance(item.get("title"), str) or not isinstance(item.get("where", {}), dict):
                raise ReportError(f"report_templates/plans.toml: {item}: an item is a title and, perhaps, a `where`")
    return found


def items(group: str, cases: Sequence[tuple[Run, Outcome]]) -> tuple[Item, ...]:
    """The items of a group with the runs that fulfil them."""
    return tuple(_item(item["title"], item.get("where"), cases) for item in plan().get(group, []))


def _item(title: str, where: Mapping[str, Wanted] | None, cases: Sequence[tuple[Run, Outcome]]) -> Item:
    if where is None:
        return Item(title, False, None)
    found = [case for case in cases if case[0].kind == "executed" and fulfils(case, where)]
    if not found:
        return Item(title, True, None)
    refs = tuple(Ref(run.run_id, Tree(str(_place(run, outcome, where)))) for run, outcome in found[:N_REFS])
    return Item(title, True, Group(refs, len(found), Query("executed", as_sql(where), len(found))))


def fulfils(case: tuple[Run, Outcome], where: Mapping[str, Wanted]) -> bool:
    """Whether a run states what a query asks for."""
    return all(_is(_value(case, name), wanted) for name, wanted in where.items())


def _value(case: tuple[Run, Outcome], name: str) -> object:
    run, outcome = case
    if name == "outcome":
        return outcome.status
    return run.values[name].value if name in run.values else None


def _is(value: object, wanted: Wanted) -> bool:
    if isinstance(wanted, bool):
        return (value is not None) is wanted
    if value is None:
        return False
    patterns = [wanted] if isinstance(wanted, str) else wanted
    # Only * is a pattern; fnmatch would also read ? and [.
    return any(_glob(str(value).lower(), p.lower()) if "*" in p else str(value) == p for p in patterns)


def _glob(text: str, pattern: str) -> bool:
    return fnmatchcase(text, pattern.replace("[", "[[]").replace("?", "[?]"))


def as_sql(where: Mapping[str, Wanted]) -> str:
    """The query as a condition over runs.parquet."""
    return " and ".join(["kind = 'executed'", *(_condition(name, wanted) for name, wanted in where.items())])


def _condition(name: str, wanted: Wanted) -> str:
    if isinstance(wanted, bool):
        return f"{name} is {'not ' if wanted else ''}null"
    patterns = [wanted] if isinstance(wanted, str) else wanted
    parts = [f"{name} {_compared(pattern)}" for pattern in patterns]
    return parts[0] if len(parts) == 1 else f"({' or '.join(parts)})"


def _compared(pattern: str) -> str:
    if "*" not in pattern:
        return f"= {sql_text(pattern)}"
    escaped = pattern.replace("!", "!!").replace("%", "!%").replace("_", "!_").replace("*", "%")
    return f"ilike {sql_text(escaped)}" + (" escape '!'" if "!" in escaped else "")


def _place(run: Run, outcome: Outcome, where: Mapping[str, Wanted]) -> object:
    """The place of the first value that was asked for."""
    name = next((name for name in where if name in run.values), None)
    return run.values[name].chosen.locator if name is not None else place_of(run, outcome)
