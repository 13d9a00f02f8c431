"""The runs behind a figure or an item: the first few with their places, and how to list all."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.records import Kind
from scanner.report.escape import Tree

N_REFS = 3
"""Runs named beside a figure; the rest is listed by a command."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A run behind a figure and the place that shows it."""

    run_id: str
    place: Tree


@dataclass(frozen=True, slots=True)
class Query:
    """A condition over runs.parquet and how many runs it selects."""

    kind: Kind
    where: str
    n: int


@dataclass(frozen=True, slots=True)
class Group:
    """The runs of one kind behind a learning: the first few with their places, and how to list all."""

    refs: tuple[Ref, ...]
    n: int
    query: Query | None
