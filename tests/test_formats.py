"""Every format reads its samples as the expected tables say, and refuses its rejects.

tests/fixtures/formats/<format>/ holds
    <case>/...               a small tree (so that names and folders are real), with <case>.expected beside it
    reject-<case>/...        a tree in which the format must state nothing
An expected table has one row a Stated: path:line pointer segment step epoch role key = value.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.formats import Format, all_formats
from scanner.formats._base import Document, Stated
from scanner.intake.crawl import Candidate, crawl
from scanner.intake.read_file import open_document

FIXTURES = Path(__file__).parent / "fixtures" / "formats"
CASES = sorted(p for p in FIXTURES.glob("*/*") if p.is_dir())


def _rows(module: Format, tree: Path) -> list[str]:
    rows: list[str] = []
    for candidate in crawl((tree,)):
        if not isinstance(candidate, Candidate):
            continue
        queue = [open_document(candidate)[0]]
        while queue:
            document = queue.pop(0)
            if not module.wants(document):
                continue
            for found in module.read(document):
                if isinstance(found, Document):
                    rows.extend(f"{found.path} {found.kind} {a}| {line}" for a, line in _addressed(found))
                else:
                    rows.append(_row(document, found))
    return rows


def _addressed(document: Document) -> list[tuple[str, str]]:
    return [("{}:{}".format(*document.address(n)), line) for n, line in enumerate(document.lines, 1)]


def _row(document: Document, found: Stated) -> str:
    line, pointer = document.address(found.line)
    counters = " ".join(
        f"{name}={value:g}" for name, value in (("step", found.step), ("epoch", found.epoch)) if value is not None
    )
    place = f"{document.path}:{line}" + (f" ({found.pointer or pointer})" if found.pointer or pointer else "")
    segment = "" if found.segment is None else f" #{found.segment}"
    origin = f" [{found.origin}]" if found.origin else ""
    return f"{place}{segment} {found.role}{origin} {counters} {found.key} = {found.value!r}".replace("  ", " ")


@pytest.mark.parametrize("case", CASES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_format_reads_its_sample(case: Path, regen: bool) -> None:
    """A sample yields exactly the expected table; a reject yields nothing."""
    module = next(m for m in all_formats() if m.ID == case.parent.name)
    rows = _rows(module, case)
    if case.name.startswith("reject-"):
        assert rows == []
        return
    expected = case.with_name(case.name + ".expected")
    if regen:
        expected.write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert rows, "a sample in which the format finds nothing shows nothing"
    assert "\n".join(rows) + "\n" == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("module", all_formats(), ids=lambda m: m.ID)
def test_every_format_has_a_sample_and_a_reject(module: Format) -> None:
    """No format without proof that it reads its own and refuses what is foreign."""
    cases = [case.name for case in CASES if case.parent.name == module.ID]
    assert any(name.startswith("reject-") for name in cases)
    assert any(not name.startswith("reject-") for name in cases)
    assert module.SAMPLE and module.DESCRIPTION
