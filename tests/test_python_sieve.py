"""The pass over a source's bytes refuses nothing that the look at its words would have parsed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scanner.formats._base import Document
from scanner.formats._python_hint import may_state
from scanner.formats._python_sieve import PATTERNS, could_state

ROOT = Path(__file__).parent.parent
SOURCES = sorted(path for folder in ("scanner", "tests", "examples") for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("folder", sorted({path.parent for path in SOURCES}), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_source_that_may_state_something_is_not_refused(folder: Path) -> None:
    for path in SOURCES:
        if path.parent == folder:
            text = path.read_text("utf-8")
            document = Document(path.name, "python", text.split("\n"))
            found = {name for name, pattern in PATTERNS.items() if re.search(pattern, text)}
            assert could_state(path.name, found) or not may_state(document), path
