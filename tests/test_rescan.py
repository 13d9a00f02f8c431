"""A scan with a cache gives, byte for byte, what a scan without one gives."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner import pipeline, rescan, store
from scanner.intake.crawl import Candidate, crawl
from scanner.intake.listing import Listings, are_as_before
from scanner.intake.packing import pack, squeeze, unpack, unsqueeze
from scanner.intake.read_file import read_file
from scanner.settings import Settings
from tests.trees import hf_log, lay_out

TREE = {
    "a/train.log": hf_log(losses=[2.0, 1.5, 1.0], epochs=3),
    "a/config.yaml": "learning_rate: 0.001\nmodel: gpt2\nbatch_size: 8\n",
    "a/train.py": "import torch\nlr = 1e-3\nfor epoch in range(3):\n    pass\n",
    "b/run-1/output.log": hf_log(losses=[3.0], epochs=2, end=False) + "RuntimeError: CUDA out of memory.\n",
    "b/run-1/metrics.csv": "epoch,train_loss,val_loss\n0,1.0,1.1\n1,0.5,0.7\n",
    "b/notes.md": "# prose\n",
    "c/empty.log": "",
}
CONTENTS = (
    *TREE.values(),
    hf_log(losses=[2.5, 1.5, 1.0], epochs=3),
    "lr: 0.01\nepochs: 10\n",
    '{"loss": 0.5, "epoch": 1}\n{"loss": 0.25, "epoch": 2}\n',
    b"\xff\xfe\x00bytes",
)
NAMES = (*TREE, "a/.hydra/config.yaml", "b/hparams.yaml", "b/run-1/opt.yaml", "new/eğitim.log", "c/setup.py", "a/x.png")
OLD_NS = 1_600_000_000_000_000_000


class Edits:
    """Changes to a tree, each as a program or a person makes it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, content: str | bytes) -> None:
        """Add a file, or change one in place."""
        path = self.root / name
        if not path.is_dir():
            lay_out(self.root, {name: content})

    def append(self, name: str, content: str | bytes) -> None:
        path = self.root / name
        if path.is_file():
            path.write_bytes(path.read_bytes() + (content.encode() if isinstance(content, str) else content))

    def truncate(self, name: str, _: object) -> None:
        path = self.root / name
        if path.is_file():
            os.truncate(path, path.stat().st_size // 2)

    def delete(self, name: str, _: object) -> None:
        path = self.root / name
        path.unlink(missing_ok=True)

    def move(self, name: str, _: object) -> None:
        path = self.root / name
        if path.is_file():
            target = self.root / "moved" / path.name
            target.parent.mkdir(exist_ok=True)
            os.replace(path, target)

    def touch(self, name: str, _: object) -> None:
        """Another time, the same content."""
        path = self.root / name
        if path.is_file():
            os.utime(path)

    def set_back(self, name: str, _: object) -> None:
        path = self.root / name
        if path.is_file():
            os.utime(path, ns=(OLD_NS, OLD_NS))

    def replace(self, name: str, _: object) -> None:
        """Another content of the same size and time, in place of the file."""
        path = self.root / name
        if path.is_file():
            info, other = path.stat(), path.with_name("part")
            other.write_bytes(path.read_bytes().replace(b"1", b"7").replace(b"5", b"2"))
            os.utime(other, ns=(info.st_atime_ns, info.st_mtime_ns))
            os.replace(other, path)

    def rewrite(self, name: str, _: object) -> None:
        """Another content of the same size in the same file, and the time set back."""
        path = self.root / name
        if path.is_file():
            info = path.stat()
            path.write_bytes(path.read_bytes().replace(b"1", b"9").replace(b"5", b"3"))
            os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))


KINDS: tuple[Callable[[Edits, str, Any], None], ...] = (
    Edits.write,
    Edits.append,
    Edits.truncate,
    Edits.delete,
    Edits.move,
    Edits.touch,
    Edits.set_back,
    Edits.replace,
    Edits.rewrite,
)
ROUND = st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(NAMES), st.sampled_from(CONTENTS)), max_size=4)


def _unwatched(_: object) -> None:
    """Nobody looks."""


def _stored(root: Path, out: Path, *, is_cached: bool) -> tuple[dict[str, bytes], Listings | None]:
    """The tables after a scan, and what it listed."""
    wanted = Settings((root,), out, is_cached=is_cached)
    with store.held(out), pipeline.cache_of(wanted) as cache:
        pipeline.store_tables(wanted, _unwatched, *pipeline.read_tree(wanted, _unwatched, cache))
    tables = {path.name: path.read_bytes() for path in (out / "learnings/data").glob("*.parquet")}
    return tables, cache.listings if cache is not None else None


@pytest.fixture(autouse=True)
def _no_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trees of tests are younger than any doubt; a clock ahead of them makes them old, as far as caches know."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 3_000_000_000)


@given(rounds=st.lists(ROUND, min_size=1, max_size=3))
@settings(
    max_examples=int(os.environ.get("RESCAN_EXAMPLES", "12")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_random_edits_give_what_a_cold_scan_gives(rounds: list[Any]) -> None:
    """Added, changed, cut, moved, removed, replaced files: the tables are those of a scan that reads everything."""
    with tempfile.TemporaryDirectory() as name:
        root, out, cold = Path(name, "tree"), Path(name, "warm"), Path(name, "cold")
        lay_out(root, TREE)
        found, listings = _stored(root, out, is_cached=True)
        for edits in rounds:
            for edit, path, content in edits:
                edit(Edits(root), path, content)
            assert listings is not None
            is_unchanged = are_as_before([str(root)], listings.digests, listings.marks)
            # The runs of earlier scans keep their number: both begin at the same history.
            shutil.rmtree(cold, ignore_errors=True)
            shutil.copytree(out, cold)
            expected = _stored(root, cold, is_cached=False)[0]
            assert not is_unchanged or expected == found
            found, listings = _stored(root, out, is_cached=True)
            assert found == expected


def _scanned(root: Path, out: Path) -> pipeline.Scanned:
    return pipeline.scan(Settings((root,), out), _unwatched)


def _written(out: Path) -> dict[str, tuple[int, bytes]]:
    """What a scan writes for people: inode and content."""
    paths = [p for p in out.rglob("*") if p.is_file() and "cache" not in p.parts and not p.name.startswith(".")]
    return {str(path.relative_to(out)): (path.stat().st_ino, path.read_bytes()) for path in paths}


def test_nothing_changed_writes_nothing(tmp_path: Path) -> None:
    """A second scan says the same and leaves every file of the first alone; so does one of touched files."""
    root, out = lay_out(tmp_path / "tree", TREE), tmp_path / "out"
    first = _scanned(root, out)
    before = _written(out)
    assert rescan.unchanged(Settings((root,), out)) == first.counts
    os.utime(root / "a/train.log")
    assert rescan.unchanged(Settings((root,), out)) is None
    assert _scanned(root, out) == first
    assert _written(out) == before
    assert rescan.unchanged(Settings((root,), out)) == first.counts


@pytest.mark.parametrize("name", ["LEARNINGS.md", "learnings/index.html", "learnings/data/runs.parquet"])
def test_what_is_missing_is_written_again(tmp_path: Path, name: str) -> None:
    """An output that somebody removed is no unchanged scan."""
    root, out = lay_out(tmp_path / "tree", TREE), tmp_path / "out"
    first = _scanned(root, out)
    content = (out / name).read_bytes()
    if "data" in name:
        shutil.rmtree((out / name).parent)
    else:
        (out / name).unlink()
    assert rescan.unchanged(Settings((root,), out)) is None
    assert _scanned(root, out) == first
    assert (out / name).read_bytes() == content


def test_another_number_style_or_root_is_another_scan(tmp_path: Path) -> None:
    """What a scan was asked for counts, not only what it read."""
    root, out = lay_out(tmp_path / "tree", TREE), tmp_path / "out"
    _scanned(root, out)
    assert rescan.unchanged(Settings((root,), out)) is not None
    for other in (Settings((root,), out, number_style="cldr"), Settings((root / "a",), out)):
        assert rescan.unchanged(other) is None
    assert rescan.unchanged(Settings((root,), out, is_cached=False)) is None


def test_a_young_file_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that changed just before a scan may change again within the same tick: it is not taken for unchanged."""
    monkeypatch.undo()
    root, out = lay_out(tmp_path / "tree", TREE), tmp_path / "out"
    _scanned(root, out)
    assert rescan.unchanged(Settings((root,), out)) is None
    db = sqlite3.connect(next((out / "learnings/cache").glob("findings-*")))
    assert db.execute("SELECT count(*) FROM files").fetchone() == (0,)
    db.close()


def _of_another(path: Path) -> None:
    path.unlink()
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE files (id INTEGER PRIMARY KEY, path TEXT)")
    db.close()


def _with_other_rows(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("UPDATE files SET data = x'0091c0', digest = x'00'")
    db.commit()
    db.close()


def _with_a_consistent_lie(path: Path) -> None:
    """A row whose digest is right and whose content is none of our records."""
    packed = bytes.fromhex("9590c0a16190")
    db = sqlite3.connect(path)
    digest = hashlib.blake2b(packed, digest_size=16).digest()
    db.execute("UPDATE files SET data = ?, digest = ?", (b"\0" + packed, digest))
    db.commit()
    db.close()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b"not a database, whatever it is called" * 100),
        lambda path: os.truncate(path, path.stat().st_size // 2),
        _of_another,
        _with_other_rows,
        _with_a_consistent_lie,
    ],
)
def test_a_broken_cache_costs_a_note_and_a_full_read(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    """Whatever lies where the cache should: the tables are right, somebody is told, and the next scan has a cache."""
    root, out = lay_out(tmp_path / "tree", TREE), tmp_path / "out"
    _scanned(root, out)
    expected = _written(out)["learnings/data/observations.parquet"][1]
    (path,) = (out / "learnings/cache").glob("findings-*")
    spoil(path)
    (root / "new.log").write_text("nothing\n")
    assert "cannot be used" in _scanned(root, out).note
    assert _written(out)["learnings/data/observations.parquet"][1] == expected
    (root / "new.log").unlink()
    assert _scanned(root, out).note == ""
    assert _written(out)["learnings/data/observations.parquet"][1] == expected


def test_nothing_is_kept_under_pseudonyms(tmp_path: Path) -> None:
    """Findings say who wrote what where: a scan that stores no names keeps none, nor what an earlier one left."""
    root, out = lay_out(tmp_path / "tree", {"home/aysegul/train.log": TREE["a/train.log"]}), tmp_path / "out"

    def stop(progress: pipeline.Progress) -> None:
        if progress.stage == "assemble":
            raise _Stopped

    with pytest.raises(_Stopped):
        pipeline.scan(Settings((root,), out), stop)
    assert any(b"aysegul" in path.read_bytes() for path in (out / "learnings/cache").iterdir())
    for _ in range(2):
        pipeline.scan(Settings((root,), out, anonymise=True), _unwatched)
        assert not (out / "learnings/cache").exists()
        assert rescan.unchanged(Settings((root,), out, anonymise=True)) is None
    assert not any(b"aysegul" in path.read_bytes() for path in out.rglob("*") if path.is_file())


class _Stopped(BaseException):
    """As Ctrl-C does."""


def test_an_interrupted_scan_keeps_what_it_read(tmp_path: Path) -> None:
    """What came in before the end is in the cache; nothing else is stored."""
    root, out = lay_out(tmp_path / "tree", TREE), tmp_path / "out"

    def stop(progress: pipeline.Progress) -> None:
        if progress.stage == "read" and progress.n_files == 3:
            raise _Stopped

    with pytest.raises(_Stopped):
        pipeline.scan(Settings((root,), out), stop)
    db = sqlite3.connect(next((out / "learnings/cache").glob("findings-*")))
    assert db.execute("SELECT count(*) FROM files").fetchone() == (3,)
    db.close()
    assert store.snapshots(out) == []
    again = _scanned(root, out)
    assert again.counts == _scanned(root, tmp_path / "cold").counts


def test_findings_come_back_as_they_were(tmp_path: Path) -> None:
    """pack and unpack are inverse for what the formats find, down to the type of every number."""
    tree = Path(__file__).parent / "fixtures/formats"
    found = [read_file(one) for one in crawl((tree,)) if isinstance(one, Candidate)]
    assert sum(bool(findings.series) for findings in found) > 50
    for findings in found:
        assert repr(unpack(unsqueeze(squeeze(pack(findings))))) == repr(findings)
