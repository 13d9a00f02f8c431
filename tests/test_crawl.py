"""The walk: everything met is accounted for, nothing foreign is entered."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from scanner.errors import IntakeError
from scanner.intake.crawl import Candidate, crawl
from scanner.intake.read_file import read_file
from scanner.records import Skip
from tests.trees import lay_out


def _tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def _met(root: Path) -> tuple[list[str], dict[str, str]]:
    found = list(crawl((root,)))
    return [c.path for c in found if isinstance(c, Candidate)], {s.path: s.reason for s in found if isinstance(s, Skip)}


def test_reads_logs_and_skips_with_reasons(tmp_path: Path) -> None:
    """Each kind of file that says nothing is skipped for a reason of its own."""
    files = {
        "train.log": "x",
        "README.md": "x",
        "vocab.json": "{}",
        "model.safetensors": "x",
        "cat.jpg": "x",
        ".git/config": "x",
        "venv/pyvenv.cfg": "x",
        "venv/lib/site.py": "x",
        "node_modules/a/index.js": "x",
        "poetry.lock": "x",
        "tests/test_train.py": "x",
        ".github/workflows/ci.yml": "x",
        "clone/.dev_scripts/train_benchmark.sh": "x",
    }
    read, skipped = _met(_tree(tmp_path, files))
    assert read == ["train.log"]
    assert skipped == {
        "README.md": "prose",
        "vocab.json": "tokenizer",
        "model.safetensors": "weights",
        "cat.jpg": "image",
        ".git": "version_control",
        "venv": "virtual_environment",
        "node_modules": "virtual_environment",
        "poetry.lock": "lock",
        "tests/test_train.py": "unit_test",
        ".github/workflows/ci.yml": "workflow",
        "clone/.dev_scripts/train_benchmark.sh": "workflow",
    }


def test_a_vendored_library_is_not_entered(tmp_path: Path) -> None:
    """Another project's source with its config zoo is no work of this tree's owner; the owner's own package is."""
    files = {
        "third_party/mmdetection/setup.py": "from setuptools import setup\nsetup(\n    name='mmdet', version='2')",
        "third_party/mmdetection/configs/a.py": "lr = 0.1",
        "mine/pyproject.toml": '[project]\nname = "kedi-siniflandirma"',
        "mine/train.py": "lr = 0.1",
    }
    read, skipped = _met(_tree(tmp_path, files))
    assert read == ["mine/train.py"]
    assert skipped["third_party/mmdetection"] == "vendored"


def test_a_library_copied_without_its_build_file_is_not_entered(tmp_path: Path) -> None:
    """A package folder that was copied beside the owner's scripts is known by modules that only it has."""
    files = {
        "transformers/dependency_versions_table.py": "deps = {}",
        "transformers/trainer.py": "lr = 0.1",
        "src/peft/tuners/tuners_utils.py": "",
        "src/peft/helpers.py": "lr = 0.1",
        "tuners/train.py": "lr = 0.1",
        "train.py": "lr = 0.1",
    }
    read, skipped = _met(_tree(tmp_path, files))
    assert read == ["train.py", "tuners/train.py"]
    assert {skipped["transformers"], skipped["src/peft"]} == {"vendored"}


def test_special_files_and_loops(tmp_path: Path) -> None:
    """FIFOs are never opened, links never followed, so that no loop and no hang is possible."""
    _tree(tmp_path, {"a/train.log": "x"})
    os.mkfifo(tmp_path / "a" / "pipe")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    read, skipped = _met(tmp_path)
    assert read == ["a/train.log"]
    assert skipped == {"a/pipe": "special_file", "a/loop": "symlink"}


def test_order_is_fixed_and_names_are_safe(tmp_path: Path) -> None:
    """Order by bytes; a name that is no UTF-8 is shown escaped and still read."""
    _tree(tmp_path, {"b.log": "x", "a/z.log": "x", "B.log": "x"})
    with open(os.fsencode(tmp_path) + b"/\xff.log", "wb") as stream:
        stream.write(b"x")
    read, _ = _met(tmp_path)
    assert read == ["B.log", "b.log", "\\xff.log", "a/z.log"]


def test_a_file_as_root_is_read(tmp_path: Path) -> None:
    """`scan-trainings train.log` scans that file."""
    path = tmp_path / "train.log"
    path.write_text("x")
    assert _met(path) == (["train.log"], {})


def test_a_missing_root_is_an_error(tmp_path: Path) -> None:
    """One line that names the path."""
    with pytest.raises(IntakeError, match="yok"):
        list(crawl((tmp_path / "yok",)))


def test_two_roots_of_one_name_stay_apart(tmp_path: Path) -> None:
    """Paths begin with the root's name when several are scanned."""
    _tree(tmp_path, {"x/proje/a.log": "1", "y/proje/a.log": "2"})
    found = crawl((tmp_path / "x" / "proje", tmp_path / "y" / "proje"))
    assert [c.path for c in found if isinstance(c, Candidate)] == ["proje/a.log", "proje~2/a.log"]


@pytest.mark.parametrize(
    "setup",
    [
        "from setuptools import Extension, setup\next = dict(name=f'{module}.x')\nsetup(\n    name='mmdet',\n)\n",
        "setup(name='mmdet')",
    ],
)
def test_any_name_in_a_build_file_tells_a_library(setup: str, tmp_path: Path) -> None:
    """The first `name=` of a build file may be an extension's."""
    lay_out(tmp_path, {"clone/setup.py": setup, "clone/configs/a.yaml": "lr: 0.1\n", "mine.log": "loss: 1\n"})
    found = list(crawl((tmp_path,)))
    assert [c.path for c in found if isinstance(c, Candidate)] == ["mine.log"]
    assert [s.reason for s in found if isinstance(s, Skip)] == ["vendored"]


@pytest.mark.skipif(os.name == "nt", reason="bytes that are no Unicode cannot be in a name there")
def test_names_of_any_bytes_are_told_apart(tmp_path: Path) -> None:
    """A byte that is no UTF-8 is written `\\xNN`; a name that only looks so is another one."""
    for name in (b"a\xff.log", b"a\\xff.log", "ş.log".encode()):
        (tmp_path / os.fsdecode(name)).write_bytes(b"loss: 1\n")
    assert [met.path for met in crawl((tmp_path,))] == ["a\\x5cxff.log", "a\\xff.log", "ş.log"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders there")
def test_what_was_replaced_by_a_pipe_or_link_since_is_unreadable(tmp_path: Path) -> None:
    """The reader neither waits for ever nor follows; a build file that is a pipe is not waited for either."""
    lay_out(tmp_path, {"a.log": "loss: 1\n", "b.log": "loss: 1\n", "c.log": "loss: 1\n"})
    (tmp_path / "clone").mkdir()
    os.mkfifo(tmp_path / "clone" / "setup.py")
    met = [one for one in crawl((tmp_path,)) if isinstance(one, Candidate)]
    (tmp_path / "a.log").unlink()
    os.mkfifo(tmp_path / "a.log")
    (tmp_path / "b.log").unlink()
    (tmp_path / "b.log").symlink_to(tmp_path / "c.log")
    found = [read_file(candidate) for candidate in met]
    assert [(f.file, [s.reason for s in f.skips]) for f in found[:2]] == [(None, ["unreadable"])] * 2
    assert found[2].file is not None


def test_a_file_is_read_as_it_is_now(tmp_path: Path) -> None:
    """A log that grew since the walk met it, and one that shrank: size and digest are of what was read."""
    lay_out(tmp_path, {"a.log": "loss: 1\n", "b.log": "loss: 1\n" * 9})
    met = [one for one in crawl((tmp_path,)) if isinstance(one, Candidate)]
    lay_out(tmp_path, {"a.log": "loss: 1\n" * 5, "b.log": ""})
    files = [read_file(candidate).file for candidate in met]
    assert [(f.size, f.digest[:8]) for f in files if f] == [
        (40, hashlib.sha256(b"loss: 1\n" * 5).hexdigest()[:8]),
        (0, hashlib.sha256(b"").hexdigest()[:8]),
    ]
