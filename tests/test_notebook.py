"""Notebooks from bytes to runs: how many executions the stored outputs hold, and how each of them ended."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scanner.assembly import assemble, classify
from scanner.formats import notebook
from scanner.formats._base import Document
from scanner.intake.crawl import Candidate, crawl
from scanner.intake.read_file import read_file, vocabulary
from scanner.records import Run, Scalar

FIXTURES = Path(__file__).parent / "fixtures" / "formats" / "notebook"

EXECUTED = {
    "plain-loop": ["cell 4 success", "cell 7 success", "cell 8 failed shape_error"],
    "hf-trainer": ["cell 1 success", "cell 3 success", "cell 5 failed config_error"],
    "fastai": ["cell 2 success", "cell 3 unknown"],
    "sweep-and-running": ["cell 2 success", "cell 2 success", "cell 3 unknown"],
    "errors": ["cell 2 failed config_error", "cell 4 failed interrupted"],
    "estimators": ["cell 1 success", "cell 2 success"],
    "nbformat-3": ["cell 0 success", "cell 1 failed exception"],
    "widgets": ["cell 0 success"],
    "graph-session": ["cell 1 success"],
    "interrupted-early": ["cell 0 failed interrupted"],
    "machine-before": ["cell 1 success"],
    "models-apart": ["cell 3 success", "cell 4 success"],
    "silent": ["cell 1 success", "cell 3 success"],
    "python-source": [],
    "reject-advice": [],
    "reject-inference": [],
    "sizes-of-folders": ["cell 3 success", "cell 5 success"],
    "sizes-of-splits": ["cell 3 success", "cell 4 success"],
    "one-step": [],
    "reject-other-kernel": [],
}
"""Case -> for each executed run the cell that trains, its status and failures."""

STATED: dict[str, list[dict[str, Scalar | None]]] = {
    "models-apart": [{"model": "Shallow"}, {"model": "Wide"}],
    "sizes-of-folders": [{"train_samples": 312}, {"train_samples": 312}],
    "sizes-of-splits": [
        {"train_samples": 8530, "model": "distilroberta-base", "device": "cuda"},
        {"train_samples": None, "model": "distilroberta-base", "device": "cuda"},
    ],
}
"""Case -> for each executed run what is stated of it; None: nothing may be stated."""


@pytest.mark.parametrize("case", EXECUTED)
def test_each_cell_that_trains_is_an_execution(case: str) -> None:
    """As many runs as trainings, each with its own end; evaluation, exploration and stray errors are none."""
    assert _executed(FIXTURES / case) == EXECUTED[case]


@pytest.mark.parametrize("case", STATED)
def test_each_training_has_its_own_values(case: str) -> None:
    """What another cell's training was given is not this one's."""
    runs = [run for run in _runs(FIXTURES / case) if run.kind == "executed"]
    assert [
        {name: run.values[name].value if name in run.values else None for name in expected}
        for run, expected in zip(runs, STATED[case], strict=True)
    ] == STATED[case]


def test_every_case_has_its_runs() -> None:
    """No notebook fixture without the runs that it holds."""
    assert {path.name for path in FIXTURES.iterdir() if path.is_dir()} == set(EXECUTED)


WRONG = (None, True, 7, -1.5, "x", "", [], {}, [[]], [None], {"a": 1}, ["x", 7, {}], {"text": ["a"], "data": []})


@pytest.mark.parametrize("case", ["plain-loop", "hf-trainer", "nbformat-3", "widgets", "errors"])
def test_a_wrong_type_anywhere_breaks_nothing(case: str) -> None:
    """Each value of a notebook becomes each thing that may stand there and must not."""
    (path,) = (FIXTURES / case).rglob("*.ipynb")
    whole = json.loads(path.read_text("utf-8"))
    places = list(_places(whole, ()))
    for place in places[:: len(places) // 50 + 1]:
        for wrong in WRONG:
            lines = json.dumps(_with(whole, place, wrong), indent=1).split("\n")
            document = Document("a.ipynb", "notebook", lines, naming=vocabulary())
            try:
                found = list(notebook.read(document)) if notebook.wants(document) else []
            except ValueError:
                continue
            for inner in found:
                assert not isinstance(inner, Document) or len(inner.lines) == len(inner.numbers or [])


def _places(value: Any, place: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if place:
        yield place
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(inner, (*place, key))


def _with(value: Any, place: tuple[str | int, ...], wrong: object) -> Any:
    if not place:
        return wrong
    changed = copy.copy(value)
    changed[place[0]] = _with(value[place[0]], place[1:], wrong)
    return changed


def _runs(tree: Path) -> list[Run]:
    findings = [read_file(c) for c in crawl((tree,)) if isinstance(c, Candidate)]
    assert not [skip for found in findings for skip in found.skips]
    files = [found.file for found in findings if found.file is not None]
    return assemble(
        files,
        [o for found in findings for o in found.observations],
        [s for found in findings for s in found.series],
        [file.path for file in files],
    )


def _executed(tree: Path) -> list[str]:
    rows = []
    for run in _runs(tree):
        if run.kind == "executed":
            outcome = classify(run)
            pointers = [s.locator(0).pointer for s in run.series] + [o.locator.pointer for o in run.signals]
            cell = min(" ".join(p.split()[:2]) for p in pointers if p.startswith("cell "))
            rows.append(" ".join([cell, outcome.status, *outcome.failures]))
    return rows
