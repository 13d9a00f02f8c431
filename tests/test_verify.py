"""The document again from the tables, the quotes again from the files; and the parts that people write by hand."""

from __future__ import annotations

import re
from array import array
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from scanner import learn, store
from scanner.cli import main
from scanner.report import kept
from tests.made_runs import made, snapshot
from tests.test_cli import TREE
from tests.trees import lay_out

PLANS = "<!-- scan-trainings:plans begin -->"


def _run(*args: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in args])


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """TREE, scanned into the folder `out` beside it."""
    lay_out(tmp_path / "tree", TREE)
    assert _run(tmp_path / "tree", "--out", tmp_path / "out", "--jobs", "1").exit_code == 0
    return tmp_path / "tree"


def _edit(out: Path, old: str, new: str) -> str:
    """Change the document as a person would; returns it."""
    text = (out / "LEARNINGS.md").read_text("utf-8")
    assert old in text
    (out / "LEARNINGS.md").write_text(text.replace(old, new, 1), encoding="utf-8")
    return text.replace(old, new, 1)


# ---------------------------------------------------------------------------------------------------------- verify


def test_what_was_just_written_holds(tree: Path) -> None:
    """Figures and quotes, in either number style."""
    out = tree.parent / "out"
    done = _run("verify", tree, "--out", out, "--jobs", "1")
    assert (done.exit_code, done.output.count("\n")) == (0, 1), done.output
    assert re.fullmatch(r"Checked \d+ lines of LEARNINGS.md against the tables, \d\d+ quotes .*\n", done.output)
    assert _run("report", "--out", out, "--numbers", "cldr").exit_code == 0
    assert _run("verify", "--out", out).exit_code == 0


def test_a_changed_figure_is_listed_with_what_the_tables_give(tree: Path) -> None:
    """Exit 1; the line, what stands there, what should."""
    out = tree.parent / "out"
    text = _edit(out, "**Benzersiz Model Denemesi**: 2", "**Benzersiz Model Denemesi**: 9")
    line = text[: text.index("Denemesi**: 9")].count("\n") + 1
    done = _run("verify", "--out", out)
    assert done.exit_code == 1
    assert f"LEARNINGS.md:{line}: stands: - **Benzersiz Model Denemesi**: 9 -- the tables give: " in done.output
    assert done.output.count("LEARNINGS.md:") == 1


def test_a_line_taken_out_or_put_in_is_listed(tree: Path) -> None:
    """Not only figures that changed: those that are missing, and those that nothing gives."""
    out = tree.parent / "out"
    _edit(out, "- **Proje**: 2\n", "")
    assert "stands: nothing -- the tables give: - **Proje**: 2" in _run("verify", "--out", out).output
    _edit(out, "- **Yalnızca Tarif**: 0\n", "- **Yalnızca Tarif**: 0\n- **Proje**: 2\n- **GPU**: 4\n")
    assert "stands: - **GPU**: 4 -- the tables give: nothing" in _run("verify", "--out", out).output


def test_quotes_that_moved_changed_or_went_are_listed(tree: Path) -> None:
    """A line more above moves every quote below it; a file that is gone takes its quotes along."""
    out, log = tree.parent / "out", tree / "b/train.log"
    log.write_text("another line\n" + log.read_text("utf-8"), encoding="utf-8")
    done = _run("verify", tree, "--out", out, "--jobs", "1")
    assert done.exit_code == 1
    assert "b/train.log:9: does not stand there: torch.OutOfMemoryError" in done.output
    assert "a/train.log" not in done.output and "LEARNINGS.md:" not in done.output
    assert _run("verify", "--out", out).exit_code == 0, "without the tree only the figures"
    log.unlink()
    assert "b/train.log:9: no such file there" in _run("verify", tree, "--out", out, "--jobs", "1").output


def test_quotes_that_readers_put_in_their_own_words_hold(tmp_path: Path) -> None:
    """Points of curves, cells of notebooks, binary records: stated again when the file is read again."""
    projects = Path(__file__).parent.parent / "examples" / "projects"
    assert _run(projects, "--out", tmp_path, "--jobs", "1").exit_code == 0
    done = _run("verify", projects, "--out", tmp_path, "--jobs", "1")
    assert done.exit_code == 0, done.output


def test_another_number_of_folders_is_one_clear_line(tree: Path) -> None:
    """Paths would not be comparable."""
    done = _run("verify", tree, tree, "--out", tree.parent / "out")
    assert done.exit_code == 2 and "the scan read 1 folders (tree)" in done.output


def test_no_document_is_one_clear_line(tree: Path) -> None:
    """With the way out."""
    (tree.parent / "out" / "LEARNINGS.md").unlink()
    done = _run("verify", "--out", tree.parent / "out")
    assert done.exit_code == 2 and "write it with `scan-trainings report`" in done.output


def test_two_spellings_of_one_metric_both_come_back(tmp_path: Path) -> None:
    """Learnings of the stored tables are those of the scan, also where a file writes two curves of one metric."""
    found = snapshot(
        made(
            "1",
            issues=(("overfitting", "quality", "eval_loss = 1.5"),),
            curves={"train_loss": [3.0, 2.0, 1.0], "eval_loss": [2.0, 1.5, 2.5]},
        )
    )
    first = found.runs[0].series[1]
    second = replace(first, written="val_head_loss", lines=array("q", (900, 901, 902)))
    run = replace(found.runs[0], series=(*found.runs[0].series, second))
    rows = store.intake_rows(found.files, (), (), run.series) | store.run_rows([run], found.outcomes, {}, 1)
    store.save(tmp_path, rows, ("agac",))
    stored = store.load(tmp_path)
    assert [s.written for s in stored.runs[0].series] == ["train_loss", "eval_loss", "val_head_loss"]
    assert learn.learn(stored.runs, stored.outcomes, stored.files, ()) == learn.learn(
        [run], found.outcomes, found.files, ()
    )


# --------------------------------------------------------------------------------------------------- by hand


def test_hand_written_parts_survive(tree: Path) -> None:
    """Plans, notes and contributors, through a report and a scan; the document still verifies."""
    out = tree.parent / "out"
    for name, text in (
        ("plans", "- [ ] gpt2-large | bf16"),
        ("notes", "Sunucu **yavaş**."),
        ("contributors", "- Ayşe"),
    ):
        _edit(out, f"<!-- scan-trainings:{name} begin -->\n", f"<!-- scan-trainings:{name} begin -->\n{text}\n")
    before = (out / "LEARNINGS.md").read_bytes()
    for command in (["report"], ["scan", tree, "--jobs", "1"]):
        done = _run(*command, "--out", out)
        assert done.exit_code == 0 and "was edited" not in done.output
        assert (out / "LEARNINGS.md").read_bytes() == before
    assert _run("verify", "--out", out).exit_code == 0


def test_editors_that_rewrite_line_ends_change_nothing(tree: Path) -> None:
    """A byte-order mark, carriage returns, blanks at the ends of lines."""
    out = tree.parent / "out"
    text = (out / "LEARNINGS.md").read_text("utf-8")
    (out / "LEARNINGS.md").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "  \r\n").encode() + b"\r\n")
    assert _run("verify", "--out", out).exit_code == 0
    assert "was edited" not in _run("report", "--out", out).output
    assert (out / "LEARNINGS.md").read_text("utf-8") == text


@pytest.mark.parametrize("theirs", ["edited", "foreign", "no text", "open marker"])
def test_nothing_edited_is_overwritten_silently(theirs: str, tree: Path) -> None:
    """The new document goes beside it, one line says so, `--force` overwrites, and then nothing stays beside."""
    out = tree.parent / "out"
    target = out / "LEARNINGS.md"
    fresh = target.read_text("utf-8")
    mine = {
        "edited": fresh.replace("Denemesi**: 2", "Denemesi**: 3,965").encode(),
        "foreign": b"# my own document\n",
        "no text": b"\xff\xfe\x00",
        "open marker": fresh.replace(PLANS, f"{PLANS}\n{PLANS}").encode(),
    }[theirs]
    target.write_bytes(mine)
    done = _run(tree, "--out", out, "--jobs", "1")
    assert done.exit_code == 0 and target.read_bytes() == mine
    assert "LEARNINGS.md was edited outside its hand-written parts" in done.output
    assert "LEARNINGS.new.md (--force overwrites)" in done.output
    assert (out / "LEARNINGS.new.md").read_text("utf-8") == fresh
    assert "was edited" not in _run("report", "--out", out, "--force").output
    assert target.read_text("utf-8") == fresh and not (out / "LEARNINGS.new.md").exists()


def test_what_stood_between_the_markers_goes_into_the_new_document(tree: Path) -> None:
    """Also when the rest was edited."""
    out = tree.parent / "out"
    _edit(out, PLANS, f"{PLANS}\n- [ ] benim planım")
    _edit(out, "Denemesi**: 2", "Denemesi**: 3")
    _run("report", "--out", out)
    assert "- [ ] benim planım" in (out / "LEARNINGS.new.md").read_text("utf-8")


def test_markers_in_the_tree_are_text(tmp_path: Path) -> None:
    """A model whose name is a marker opens no part."""
    log = TREE["a/train.log"].replace("***** Running", f"model: {PLANS}\n***** Running", 1)
    lay_out(tmp_path / "tree", {"a/train.log": log, f"{PLANS[:20]}/train.log": log})
    assert _run(tmp_path / "tree", "--out", tmp_path / "out", "--jobs", "1").exit_code == 0
    assert _run("verify", tmp_path / "tree", "--out", tmp_path / "out", "--jobs", "1").exit_code == 0


@given(st.text("ab \n<!->#", max_size=60).map(lambda text: "\n".join(line.rstrip() for line in text.split("\n"))))
def test_any_text_between_the_markers_is_kept_as_it_is(text: str) -> None:
    """Read and filled again, byte for byte; the rest counts as untouched."""
    body = f"# Başlık\n\n{PLANS}\nörnek\n<!-- scan-trainings:plans end -->\n\nson\n"
    once = kept.seal(kept.fill(body, {"plans": text}), "seed")
    written = kept.read(once)
    assert written == kept.Written({"plans": text}, "seed", True)
    assert kept.seal(kept.fill(body, written.kept), "seed") == once


def test_a_part_without_a_place_is_refused() -> None:
    """Rather lost never than silently."""
    with pytest.raises(ValueError, match="no place for plans"):
        kept.fill("# Başlık\n", {"plans": "- [ ] a"})
