"""The commands as a user meets them: exit codes, one clear line for bad input, and the same bytes twice."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from scanner.cli import main
from tests.trees import hf_log, lay_out

TREE = {
    "a/train.log": hf_log(losses=[2.0, 1.5, 1.0], epochs=3),
    "b/train.log": hf_log(losses=[2.0, 1.5], epochs=3, end=False) + "torch.OutOfMemoryError: CUDA out of memory.\n",
    "README.md": "# a model that reached 99%\n",
}


def _run(*args: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in args])


@pytest.fixture
def scanned(tmp_path: Path) -> Path:
    """An output folder with a scan of TREE in it."""
    lay_out(tmp_path / "tree", TREE)
    done = _run(tmp_path / "tree", "--out", tmp_path / "out", "--jobs", "1")
    assert done.exit_code == 0, done.output
    return tmp_path / "out"


def test_scan_needs_no_verb_and_says_what_it_found(tmp_path: Path) -> None:
    """`scan-trainings PATH` scans; the last line is the document's path."""
    lay_out(tmp_path / "tree", TREE)
    done = _run(tmp_path / "tree", "--out", tmp_path / "out")
    assert done.exit_code == 0
    lines = done.output.strip().splitlines()
    assert lines[0] == "2 executed runs (1 success, 1 failed, 0 unknown) and 0 declared in 2 files (1 skipped)."
    assert Path(lines[1]) == tmp_path / "out" / "LEARNINGS.md"
    assert "2" in (tmp_path / "out" / "LEARNINGS.md").read_text("utf-8")


def test_quiet_prints_nothing(tmp_path: Path) -> None:
    """For cron."""
    lay_out(tmp_path / "tree", TREE)
    done = _run(tmp_path / "tree", "--out", tmp_path / "out", "--quiet")
    assert (done.exit_code, done.output) == (0, "")


def test_one_worker_or_two_write_the_same_bytes(tmp_path: Path) -> None:
    """Tables and document do not depend on the number of workers, the output folder or the clock."""
    files = {f"{name}/{n}/train.log": hf_log(losses=[2.0 + n, 1.0], epochs=2) for n in range(40) for name in "ab"}
    lay_out(tmp_path / "tree", files)
    found = []
    for jobs in (1, 2):
        out = tmp_path / f"out{jobs}"
        assert _run(tmp_path / "tree", "--out", out, "--jobs", jobs).exit_code == 0
        # The cache tells when files changed and where they lie: nothing but the next scan into the folder reads it.
        files = (p for p in sorted(out.rglob("*")) if p.is_file() and "cache" not in p.parts)
        found.append({p.relative_to(out): p.read_bytes() for p in files})
    assert found[0] == found[1] and len(found[0]) > 10


def test_every_file_met_is_accounted_for(scanned: Path) -> None:
    """files + skips = files met."""
    data = scanned / "learnings" / "data"
    files = pq.ParquetFile(data / "files.parquet").read().num_rows
    skipped = sum(pq.ParquetFile(data / "skips.parquet").read().column("n_files").to_pylist())
    assert files + skipped == len(TREE)


def test_output_inside_the_tree_is_not_scanned(tmp_path: Path) -> None:
    """A second scan with the report beside the projects finds the same runs."""
    lay_out(tmp_path, TREE)
    for _ in range(2):
        done = _run(tmp_path, "--out", tmp_path)
        assert done.output.splitlines()[0].startswith("2 executed runs (1 success, 1 failed, 0 unknown)")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["yok"], "yok: no such file or folder"),
        (["report", "--out", "bos"], "no scan is stored here"),
        (["runs", "--out", "bos"], "no scan is stored here"),
        (["explain", "abc", "--out", "bos"], "no scan is stored here"),
    ],
)
def test_bad_input_is_one_clear_line(
    args: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, one line, no traceback."""
    monkeypatch.chdir(tmp_path)
    done = _run(*args)
    assert done.exit_code == 2
    assert says in done.output and len(done.output.strip().splitlines()) == 1


@pytest.mark.skipif(getattr(os, "geteuid", int)() == 0, reason="root may write everywhere, and Windows asks no mode")
def test_unwritable_output_is_one_clear_line(tmp_path: Path) -> None:
    """Told before the scan, not after it."""
    lay_out(tmp_path / "tree", TREE)
    (tmp_path / "out").mkdir(mode=0o500)
    done = _run(tmp_path / "tree", "--out", tmp_path / "out")
    assert done.exit_code == 2 and "cannot write here" in done.output


def test_output_that_is_a_file_is_one_clear_line(tmp_path: Path) -> None:
    """`--out` naming a file."""
    lay_out(tmp_path, {"tree/a.log": "x", "out": "x"})
    done = _run(tmp_path / "tree", "--out", tmp_path / "out")
    assert done.exit_code == 2 and "cannot write here" in done.output


def test_a_file_is_scanned_as_such(tmp_path: Path) -> None:
    """A file instead of a folder."""
    lay_out(tmp_path, {"train.log": TREE["a/train.log"]})
    done = _run(tmp_path / "train.log", "--out", tmp_path / "out")
    assert done.output.startswith("1 executed runs (1 success")


@pytest.mark.parametrize(
    ("files", "says"), [({}, "No files here."), ({"a.txt": "merhaba\n"}, "No training found in 1 files (0 skipped).")]
)
def test_nothing_to_find_is_no_error(files: dict[str, str], says: str, tmp_path: Path) -> None:
    """An empty folder and one without trainings: said in one line, and the document is still written."""
    (tmp_path / "tree").mkdir()
    lay_out(tmp_path / "tree", files)
    done = _run(tmp_path / "tree", "--out", tmp_path / "out")
    assert done.exit_code == 0
    assert done.output.splitlines()[0] == says
    assert (tmp_path / "out" / "LEARNINGS.md").exists()


def test_runs_by_condition(scanned: Path) -> None:
    """SQL over the table, as CSV."""
    done = _run(
        "runs",
        "--out",
        scanned,
        "--where",
        "outcome = 'failed'",
        "--columns",
        "kind,failures,epochs",
        "--format",
        "csv",
    )
    assert (done.exit_code, done.output) == (0, "kind,failures,epochs\nexecuted,oom_gpu,3\n")
    succeeded = _run("runs", "--out", scanned, "--where", "outcome = 'success'", "--columns", "kind,failures")
    assert succeeded.output.splitlines()[-1].split() == ["executed"], "no failure is an empty cell"


@pytest.mark.parametrize(
    "where",
    [
        "1; drop table runs",
        "epoch_ = 1",
        "1 = (select count(*) from read_csv('/etc/passwd'))",
        "true) union (select 1",
        "'",
    ],
)
def test_conditions_cannot_leave_the_table(where: str, scanned: Path) -> None:
    """One clear line, exit code 2, nothing read or changed."""
    done = _run("runs", "--out", scanned, "--where", where)
    assert done.exit_code == 2
    assert done.output.startswith("scan-trainings: --where:")


def test_explain_shows_the_place_of_every_value(scanned: Path) -> None:
    """A run and a value of it."""
    run_id = _run(
        "runs", "--out", scanned, "--where", "outcome = 'failed'", "--columns", "run_id", "--format", "csv"
    ).output.split()[1]
    text = _run("explain", run_id[:8], "--out", scanned).output
    assert "because: b/train.log:9: torch.OutOfMemoryError" in text
    assert "epochs = 3.0" in text and "b/train.log:3" in text
    assert _run("explain", f"{run_id}.epochs", "--out", scanned).output.strip().startswith("epochs = 3.0")
    assert _run("explain", "zzz", "--out", scanned).exit_code == 2


def test_report_again_and_as_a_gate(scanned: Path) -> None:
    """The document comes out the same; a gate that is not met exits 1."""
    before = (scanned / "LEARNINGS.md").read_bytes()
    assert _run("report", "--out", scanned).exit_code == 0
    assert (scanned / "LEARNINGS.md").read_bytes() == before
    assert _run("report", "--out", scanned, "--fail-over", "60").exit_code == 0
    gate = _run("report", "--out", scanned, "--fail-over", "20")
    assert gate.exit_code == 1 and "50.0% of 2 decided runs failed" in gate.output


def test_formats_lists_each_with_a_sample() -> None:
    """What can be read."""
    assert "hf_console: " in _run("formats").output


def test_every_command_has_help() -> None:
    """No command without a sentence."""
    for command in main.commands.values():
        assert command.help
