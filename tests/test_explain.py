"""A learning explained: the query in words and as a condition, the figures, the runs and their lines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scanner import store
from scanner.cli import main
from scanner.export.learning_words import WORDS, in_words
from scanner.learn import learn
from scanner.records import Snapshot
from tests.made_runs import a_bit_of_everything, made, snapshot

LEARN = Path(__file__).parent.parent / "scanner" / "learn"


def _run(*args: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in args])


def _stored(found: Snapshot, out: Path) -> Path:
    rows = store.intake_rows(found.files, found.skips, (), (s for run in found.runs for s in run.series))
    rows |= store.run_rows(found.runs, found.outcomes, {}, 1) | store.learning_rows(found.learnings)
    store.save(out, rows, found.roots)
    return out


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A scan that found a bit of everything."""
    return _stored(a_bit_of_everything(), tmp_path)


def test_a_learning_with_its_query_figures_runs_and_lines(out: Path) -> None:
    """All that a reader needs to look a number up."""
    text = _run("explain", "by_optimizer:AdamW", "--out", out).output
    assert text.startswith("by_optimizer:AdamW\n  query: runs that state the optimizer AdamW\n")
    assert "  as a condition (7 runs): kind = 'executed' and optimizer = 'AdamW'\n" in text
    assert "  as a condition (1 runs): kind = 'declared' and optimizer = 'AdamW'\n" in text
    assert "  success_share = 0.714286  (0.358934 to 0.917781, n = 7)\n" in text
    assert "  gpt2-1  executed  success  gpt2-1/train.log:4: optimizer: AdamW\n" in text


def test_several_subjects_are_listed(out: Path) -> None:
    """An id alone names those it has; one that has a single subject is explained at once."""
    assert (
        _run("explain", "by_optimizer", "--out", out).output
        == "by_optimizer:AdamW  (8 runs)\nby_optimizer:SGD  (2 runs)\n"
    )
    assert "query: executed runs that accumulate" in _run("explain", "accumulation", "--out", out).output
    listed = _run("explain", "learnings", "--out", out).output
    assert "failure:oom_gpu  (2 runs)\n" in listed and "runs  (11 runs)\n" in listed


def test_every_listed_learning_can_be_explained(out: Path) -> None:
    """No name that leads nowhere, and each run of it is shown with a line."""
    for line in _run("explain", "learnings", "--out", out).output.splitlines():
        name, n = re.fullmatch(r"(.*)  \((\d+) runs\)", line).groups()  # type: ignore[union-attr]
        done = _run("explain", name, "--out", out)
        assert done.exit_code == 0, name
        assert len(re.findall(r"(?m)^  [\w-]+  (?:executed|declared)  ", done.output)) == int(n), name


def test_unknown_names_are_one_clear_line(out: Path) -> None:
    """With the way out."""
    done = _run("explain", "by_optimizer:Lion", "--out", out)
    assert done.exit_code == 2 and "`scan-trainings explain learnings` lists them" in done.output


def test_names_of_the_tree_stay_text(tmp_path: Path) -> None:
    """No terminal is steered by a subject."""
    hostile = "a\x1b[31m\nb"
    _stored(snapshot(made("1", model=hostile), made("2", model=hostile)), tmp_path)
    for name in ("learnings", f"by_model:{hostile}"):
        assert "\x1b" not in _run("explain", name, "--out", tmp_path).output


def test_every_kind_of_learning_has_its_query_in_words() -> None:
    """Those that the code makes, whether or not an example has them."""
    source = "".join(path.read_text("utf-8") for path in LEARN.glob("*.py") if path.name != "monthly.py")
    made_there = set(re.findall(r'Learning\(\s*"(\w+)"', source)) | set(re.findall(r'"(try_\w+)"', source))
    assert made_there <= set(WORDS), made_there - set(WORDS)
    found = a_bit_of_everything()
    for learning in learn(found.runs, found.outcomes, found.files, found.skips):
        assert learning.id in WORDS, learning.id
        assert "{" not in in_words(learning)
