"""Items of the user's own plan that carry a query, written between the document's markers:

    - [ ] Mixtral, 4 bit <!-- where: quantization = '4bit' and model ilike '%mixtral%' -->

The condition is asked of the stored runs by whoever renders the document; what the user wrote is never changed, the
answers stand below it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scanner.errors import SettingsError
from scanner.records import Locator, Outcome, Run
from scanner.report.escape import Tree
from scanner.report.places import place_of
from scanner.report.rows import N_REFS, Group, Query, Ref

Select = Callable[[str], list[str]]
"""A condition over runs.parquet -> the ids of its runs. Raises SettingsError for a condition that is none."""

_ITEM = re.compile(
    r"\s*(?:[-*+]|\d+[.)])\s+(?:\[[ xX]\]\s+)?(?P<title>\S.*?)\s*<!--\s*where:\s*(?P<where>.+?)\s*-->\s*", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class OwnItem:
    """One such item and the answer."""

    title: Tree
    done: Group | None
    """The executed runs that fulfil it; None while none does."""
    remark: Tree
    """What is wrong with the query; empty where nothing is."""


def own_items(text: str, select: Select, cases: Mapping[str, tuple[Run, Outcome]]) -> tuple[OwnItem, ...]:
    """The items with a query, in their order; a query that cannot be asked gives a remark."""
    found = (_ITEM.fullmatch(line) for line in text.split("\n"))
    return tuple(_item(item["title"], item["where"], select, cases) for item in found if item is not None)


def _item(title: str, where: str, select: Select, cases: Mapping[str, tuple[Run, Outcome]]) -> OwnItem:
    condition = f"kind = 'executed' and ({where})"
    try:
        ids = [name for name in select(condition) if name in cases]
    except SettingsError as error:
        return OwnItem(Tree(title), None, Tree(str(error).removeprefix("--where: ")))
    if not ids:
        return OwnItem(Tree(title), None, Tree(""))
    refs = tuple(Ref(name, Tree(str(_place(*cases[name], where)))) for name in ids[:N_REFS])
    return OwnItem(Tree(title), Group(refs, len(ids), Query("executed", condition, len(ids))), Tree(""))


def _place(run: Run, outcome: Outcome, where: str) -> Locator:
    """The place of the first value that the query names."""
    named = (name for name in re.findall(r"\w+", where) if name in run.values)
    name = next(named, None)
    return run.values[name].chosen.locator if name is not None else place_of(run, outcome)
