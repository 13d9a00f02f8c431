"""What other versions of the program stored: every command reads it, or refuses it in one line with the way out."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from scanner import store
from scanner.cli import main
from scanner.store.schema import SCHEMA_VERSION
from tests.trees import hf_log, lay_out

READERS = (
    ["report"],
    ["report", "--fail-over", "50"],
    ["report", "--month", "2026-11"],
    ["runs"],
    ["runs", "--where", "outcome = 'failed'", "--format", "json"],
    ["explain", "learnings"],
    ["explain", "a"],
    ["verify"],
    ["fit", "--failed"],
)


def _run(*args: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in args])


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree and an output folder with one scan of it."""
    folder = tmp_path_factory.mktemp("versions")
    lay_out(folder / "tree", {"a/train.log": hf_log(losses=[2.0, 1.5], epochs=2)})
    assert _run(folder / "tree", "--out", folder / "out", "--jobs", "1").exit_code == 0
    return folder


def _written_by(scanned: Path, tmp_path: Path, version: int) -> Path:
    """A copy whose only snapshot is of another schema: a number, and a table without two of its columns."""
    shutil.copytree(scanned, tmp_path / "copy")
    out = tmp_path / "copy" / "out"
    (folder,) = store.snapshots(out)
    meta = json.loads((folder / "scan.json").read_text("utf-8"))
    table = pq.ParquetFile(folder / "runs.parquet").read().drop_columns(["device", "first_seen"])
    pq.write_table(table, folder / "runs.parquet")
    (folder / "scan.json").write_text(json.dumps({**meta, "schema_version": version, "digests": {}}), "utf-8")
    shutil.rmtree(out / "learnings" / "data")
    shutil.copytree(folder, out / "learnings" / "data")
    return out


@pytest.mark.parametrize("command", READERS, ids=" ".join)
@pytest.mark.parametrize(("version", "way_out"), [(SCHEMA_VERSION - 1, "`scan-trainings scan PATHS --out OUT` makes"),
                                                  (SCHEMA_VERSION + 1, "`pip install -U scan-trainings`")])  # fmt: skip
def test_tables_of_another_schema_are_refused(
    scanned: Path, tmp_path: Path, command: list[str], version: int, way_out: str
) -> None:
    """One line: where, which schema, what to do."""
    out = _written_by(scanned, tmp_path, version)
    done = _run(*command, "--out", out)
    said = done.output.replace(str(out), "OUT").replace("\\", "/")
    assert (done.exit_code, said.count("\n")) == (2, 1) and way_out in said
    assert re.match(
        rf"scan-trainings: OUT/learnings/history/0001: tables of schema {version}, .* {SCHEMA_VERSION};", said
    )


def test_a_scan_goes_on_after_an_older_version(scanned: Path, tmp_path: Path) -> None:
    """The new snapshot stands beside the old one, which stays byte for byte; the readers read again."""
    out = _written_by(scanned, tmp_path, SCHEMA_VERSION - 1)
    (old,) = store.snapshots(out)
    before = {path.name: path.read_bytes() for path in old.iterdir()}
    done = _run(tmp_path / "copy" / "tree", "--out", out, "--jobs", "1")
    assert done.exit_code == 0, done.output
    assert {path.name: path.read_bytes() for path in old.iterdir()} == before
    assert [folder.name for folder in store.snapshots(out)] == ["0001", "0002"]
    assert set(store.first_seen(out).values()) == {2}
    for command in (["report"], ["runs"], ["explain", "learnings"], ["verify"], ["report", "--month", "2026-11"]):
        assert _run(*command, "--out", out).exit_code == 0


def test_a_scan_does_not_go_on_after_a_newer_version(scanned: Path, tmp_path: Path) -> None:
    """The newer program would find its history broken off: nothing is written."""
    out = _written_by(scanned, tmp_path, SCHEMA_VERSION + 1)
    done = _run(tmp_path / "copy" / "tree", "--out", out, "--jobs", "1")
    assert (done.exit_code, done.output.count("\n")) == (2, 1) and "another --out" in done.output
    assert [folder.name for folder in store.snapshots(out)] == ["0001"]


@pytest.mark.parametrize("command", [["report"], ["explain", "claims"], ["verify"], ["scan"]], ids=" ".join)
def test_verdicts_of_another_version_are_refused(scanned: Path, tmp_path: Path, command: list[str]) -> None:
    """They name the file to delete, before anything is read or stored."""
    shutil.copytree(scanned, tmp_path / "copy")
    out = tmp_path / "copy" / "out"
    pq.write_table(pa.table({"claim": ["M1"]}), out / "learnings" / "data" / "verdicts.parquet")
    done = _run(*command, *([tmp_path / "copy" / "tree"] if command == ["scan"] else []), "--out", out)
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    assert "verdicts.parquet: written by another version; delete it and replay again" in done.output
    assert len(store.snapshots(out)) == 1
