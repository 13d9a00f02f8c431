"""The example tree is read as examples/expected.toml says: exactly those runs, their outcomes and values."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from scanner.records import Outcome, Run

from .trees import runs_of

EXAMPLES = Path(__file__).parent.parent / "examples"
EXPECTED: list[dict[str, Any]] = tomllib.loads((EXAMPLES / "expected.toml").read_text("utf-8"))["run"]
QUALITY = {"overfitting", "plateau"}

Found = tuple[Run, Outcome]


@pytest.fixture(scope="module")
def found() -> list[Found]:
    """One scan for all tests."""
    return runs_of(EXAMPLES / "projects", {})


def _stands_in(run: Run, pattern: str) -> bool:
    return any(fnmatch(path.path, pattern) for path in run.evidence)


def _match(found: list[Found]) -> tuple[list[Found | None], list[str]]:
    """The found run of each expected one, and the runs that nobody expected."""
    left = list(found)
    matched: list[Found | None] = []
    for wanted in EXPECTED:
        fitting = [f for f in left if f[0].kind == wanted["kind"] and _stands_in(f[0], wanted["evidence"])]
        matched.append(fitting[0] if fitting else None)
        if fitting:
            left.remove(fitting[0])
    return matched, [f"{run.kind} {run.evidence[0].path} {run.name}" for run, _ in left]


def test_nothing_but_the_expected_runs_is_found(found: list[Found]) -> None:
    """Prose, data, other logs, vendored code and copies are no runs; a recipe that ran is not counted twice."""
    extra: dict[str, int] = defaultdict(int)
    for line in _match(found)[1]:
        extra[line.partition("#")[0]] += 1
    assert dict(extra) == {}


@pytest.mark.parametrize("number", range(len(EXPECTED)), ids=lambda n: f"{n}-{EXPECTED[n]['evidence']}")
def test_a_run_is_read_as_it_was_made(found: list[Found], number: int) -> None:
    """Outcome, failures, values and files of one run."""
    wanted = EXPECTED[number]
    match = _match(found)[0][number]
    assert match is not None, "not found"
    run, outcome = match
    told = {**wanted["values"], **wanted.get("printed", {})}
    actual: dict[str, Any] = {field: run.values[field].value if field in run.values else None for field in told}
    actual["outcome"] = outcome.status
    actual["failures"] = sorted(set(outcome.failures) - QUALITY)
    actual["also"] = [p for p in wanted.get("also", []) if _stands_in(run, p)]
    copies = [e.path for e in run.evidence if e.role == "copy"]
    actual["copies"] = [p for p in wanted.get("copies", []) if p in copies]
    assert actual == {
        **{k: pytest.approx(v, rel=1e-3) if isinstance(v, float) else v for k, v in told.items()},
        "outcome": wanted["outcome"],
        "failures": wanted.get("failures", []),
        "also": wanted.get("also", []),
        "copies": wanted.get("copies", []),
    }
