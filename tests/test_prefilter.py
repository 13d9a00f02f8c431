"""No text that a format reads is refused by the cheap question before it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.intake.crawl import Candidate, crawl
from scanner.intake.prefilter import may_matter
from scanner.intake.read_file import read_file
from scanner.knowledge import signals
from tests.test_formats import CASES, FIXTURES

SAMPLES = [case for case in CASES if not case.name.startswith("reject-")]


@pytest.mark.parametrize("case", SAMPLES, ids=lambda p: p.relative_to(FIXTURES).as_posix())
def test_samples_pass(case: Path) -> None:
    """A sample whose files were all refused would show a format that never speaks in a scan."""
    found = [read_file(candidate) for candidate in crawl((case,)) if isinstance(candidate, Candidate)]
    assert any(findings.file is not None and findings.file.formats for findings in found)


@pytest.mark.parametrize(
    "line",
    [
        "Época 3/10 - pérdida: 0.53 - exactitud: 0.81",
        "Эпоха 3/10: потери 0.53, точность 0.81",
        "에폭 3/10 손실 0.53 정확도 0.81",
        "エポック 3/10 損失: 0.53",
        "第3轮 准确率: 0.81",
        "[10]\\tvalidation_0-auc:0.81",
        "0:\\tlearn: 0.66\\ttest: 0.67\\ttotal: 47ms",
        "[LightGBM] [Info] Total Bins 505\\n[5]\\tvalid_0's auc: 0.7",
    ],
)
def test_lines_of_other_languages_and_libraries_pass(line: str) -> None:
    """A log may hold none of the English words."""
    assert may_matter(line)


@pytest.mark.parametrize("rule", [r for r in signals() if r.means.startswith("failure:")], ids=lambda r: r.id)
def test_what_fails_passes(rule: object) -> None:
    """A log that holds an error's line alone is read."""
    assert all(may_matter(text) for text in rule.matches)  # type: ignore[attr-defined]
