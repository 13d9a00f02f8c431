"""What changes nothing in the trainings changes no figure; what is shown can be opened; what was planted is found."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner import store
from scanner.cli import main
from scanner.records import Outcome, Run
from tests.test_cli import TREE
from tests.trees import hf_log, lay_out, runs_of

PROJECTS = Path(__file__).parent.parent / "examples" / "projects"

Figures = Counter[tuple[object, ...]]


def _run(*args: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in args])


def _figures(found: list[tuple[Run, Outcome]]) -> Figures:
    """All that is counted and shown of the runs, without their places."""
    return Counter(
        (
            run.kind, outcome.status, outcome.rule, outcome.failures, outcome.missing,
            tuple(sorted((name, str(value.value)) for name, value in run.values.items())),
            tuple(sorted((c.metric, tuple(map(repr, c.values)), tuple(map(repr, c.steps))) for c in run.series)),
            tuple(sorted(issue.id for issue in outcome.issues)),
        )
        for run, outcome in found
    )  # fmt: skip


@pytest.fixture(scope="module")
def figures() -> Figures:
    """Those of the example tree."""
    found = _figures(runs_of(PROJECTS, {}))
    assert sum(found.values()) > 20
    return found


def _copy(target: Path, rng: random.Random | None = None) -> Path:
    """The example tree, its files made in another order where `rng` is given."""
    files = sorted(path for path in PROJECTS.rglob("*") if path.is_file())
    if rng is not None:
        rng.shuffle(files)
    for path in files:
        place = target / path.relative_to(PROJECTS)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
    return target


# ----------------------------------------------------------------------------------------------------------- decoys

_PROSE = (
    "Training completed successfully! We trained GPT-2 for 3 epochs with AdamW, lr 5e-5, batch size 8; loss: 0.12.\n"
    "CUDA out of memory occurred at batch size 64. Learning rate: 3e-4. Final accuracy: 0.97 on one NVIDIA A100.\n"
)
_CONFIG = "optimizer = dict(type='SGD', lr=0.02, momentum=0.9)\ntotal_epochs = 12\ndata = dict(samples_per_gpu=2)\n"
_REPORT = "# Model Eğitim Deneyimleri\n- **Toplam Deneme**: 3965\n| Model | Başarılı |\n| --- | --- |\n| gpt2 | 754 |\n"
_VOCABULARY = json.dumps({word: n for n, word in enumerate(("loss", "epoch", "lr", "adamw", "train", "##ing", "cuda"))})

DECOYS: Mapping[str, str] = {
    "README.md": _PROSE,
    "EGITIM_COMPLETE.md": _PROSE,
    "docs/notlar.rst": _PROSE * 4,
    "LEARNINGS.md": _REPORT + _PROSE,
    "eski-tarama/learnings/scan-trainings.json": "{}",
    "eski-tarama/learnings/data/train.log": hf_log(losses=[9.0, 8.0], epochs=2),
    "eski-tarama/learnings/index.html": f"<p>{_PROSE}</p>",
    "tokenizer/tokenizer.json": json.dumps({"model": {"vocab": json.loads(_VOCABULARY), "merges": ["l o", "lo ss"]}}),
    "tokenizer/vocab.json": _VOCABULARY,
    "tokenizer/merges.txt": "l o\nlo ss\ne po\nepo ch\n",
    "tokenizer/tokenizer_config.json": json.dumps({"model_max_length": 1024, "lr": 50256, "epoch": 3}),
    "tokenizer/special_tokens_map.json": json.dumps({"pad_token": "loss", "eos_token": "epoch"}),
    "mmdetection/setup.py": "setup(name='mmdet')\n",
    "mmdetection/configs/faster_rcnn.py": _CONFIG,
    "mmdetection/configs/mask_rcnn.py": _CONFIG,
    "node_modules/x/train.log": hf_log(losses=[5.0], epochs=1),
    ".venv/lib/python3.11/site-packages/transformers/trainer.log": hf_log(losses=[5.0], epochs=1),
    "veri/yorumlar.txt": "bu film harika loss epoch\n" * 50,
    "sunucu.log": "INFO took 0.12 s, batch 3, epoch 1700000000\nERROR HTTPConnectionPool('x'): out of memory\n" * 9,
    "usage.txt": "usage: train.py [-h] [--lr LR] [--epochs EPOCHS] [--batch-size N]\n",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(DECOYS))
def test_a_decoy_changes_no_run(name: str, tmp_path: Path) -> None:
    """Beside the runs of a small tree and inside each of its folders."""
    plain = _figures(runs_of(tmp_path / "plain", TREE))
    places = ("", "a/", "b/", "yeni/")
    decoys = {f"{place}{name}": DECOYS[name] for place in places if f"{place}{name}" not in TREE}
    if name.startswith(("mmdetection", "eski-tarama")):
        decoys |= {f"{p}{n}": t for p in places for n, t in DECOYS.items() if n.split("/")[0] == name.split("/")[0]}
    assert _figures(runs_of(tmp_path / "decoyed", {**TREE, **decoys})) == plain


def test_all_decoys_change_nothing_of_the_examples(figures: Figures, tmp_path: Path) -> None:
    """At the root and inside a project."""
    tree = _copy(tmp_path / "projeler")
    lay_out(tree / "zz-tuzak", DECOYS)
    lay_out(tree / "turkce-gpt" / "zz-tuzak", DECOYS)
    assert _figures(runs_of(tree, {})) == figures


_WORD = st.sampled_from(
    [
        "loss",
        "epoch",
        "lr",
        "accuracy",
        "train",
        "model",
        "was",
        "the",
        "very",
        "AdamW",
        "good",
        "0.12",
        "3",
        "of",
        "kayıp",
    ]
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(_WORD, min_size=3, max_size=12).map(" ".join), min_size=1, max_size=8))
def test_prose_of_any_words_is_no_run(tmp_path: Path, sentences: list[str]) -> None:
    """Words of training in documents, however they are put together."""
    text = ". ".join(sentences) + ".\n"
    shutil.rmtree(tmp_path / "t", ignore_errors=True)
    files = {f"t/{name}": text for name in ("README.md", "docs/a.rst", "NOTES.md", "COMPLETE.md")}
    assert runs_of(tmp_path, files) == []


# ------------------------------------------------------------------------------------- places, copies, clock, locale


@pytest.mark.parametrize("seed", [1, 2])
def test_order_of_making_and_names_of_roots_change_nothing(seed: int, figures: Figures, tmp_path: Path) -> None:
    """Shuffled, and below a root of another name."""
    root = tmp_path / ("yedek olmayan ad", "Ağaç İ ı")[seed - 1]
    assert _figures(runs_of(_copy(root, random.Random(seed)), {})) == figures


@pytest.mark.parametrize("name", ["backup", "yedek/2024-01-01"])
def test_a_backup_of_the_tree_adds_copies_alone(name: str, figures: Figures, tmp_path: Path) -> None:
    """Every run once, with its copies listed."""
    tree = _copy(tmp_path / "projeler")
    _copy(tree / name)
    found = runs_of(tree, {})
    assert _figures(found) == figures
    copies = [e.path for run, _ in found for e in run.evidence if e.role == "copy"]
    assert any(path.startswith(f"{name}/") for path in copies)


def _scanned(tree: Path, out: Path, **environment: str) -> dict[str, bytes]:
    """Everything that a scan in a process of its own writes, by path."""
    command = [sys.executable, "-m", "scanner.cli", "scan", str(tree), "--out", str(out), "--jobs", "1", "--quiet"]
    subprocess.run(command, check=True, env={**os.environ, **environment})
    files = (p for p in sorted(out.rglob("*")) if p.is_file() and p.suffix != ".lock" and "cache" not in p.parts)
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


def test_clock_and_locale_change_no_byte(tmp_path: Path) -> None:
    """Dates of files, time zone, the language of the system (Turkish has a dotless i), hash seeds."""
    tree = lay_out(tmp_path / "tree", {**TREE, "İI/ıi TITLE.log": hf_log(losses=[2.0, 1.0], epochs=2)})
    plain = _scanned(tree, tmp_path / "out0", TZ="UTC", LC_ALL="C.UTF-8", PYTHONHASHSEED="1")
    for path in tree.rglob("*"):
        os.utime(path, (86_400 * 365 * 30, 86_400 * 365 * 30))
    others = [
        {"TZ": "Asia/Tokyo", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "PYTHONHASHSEED": "2"},
        {"TZ": "America/New_York", "LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONHASHSEED": "3"},
    ]
    for n, environment in enumerate(others, 1):
        assert _scanned(tree, tmp_path / f"out{n}", **environment) == plain


# ------------------------------------------------------------------------------------------------- evidence, verify


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A copy of the example tree and what a scan wrote of it."""
    home = tmp_path_factory.mktemp("no-lies")
    tree = _copy(home / "projeler")
    assert _run(tree, "--out", home / "out", "--jobs", 1).exit_code == 0
    return tree, home / "out"


def test_every_value_leads_to_a_line_that_is_there(scanned: tuple[Path, Path]) -> None:
    """Values, ends, issues and points of curves: the file exists and has the line."""
    tree, out = scanned
    lengths: dict[str, int] = {}
    places = 0
    for run, outcome in zip((found := store.load(out)).runs, found.outcomes, strict=True):
        stated = [o.locator for value in run.values.values() for o in (value.chosen, *value.others)]
        stated += [o.locator for o in (*run.signals, *outcome.because, *outcome.against)]
        stated += [issue.because for issue in outcome.issues]
        stated += [curve.locator(at) for curve in run.series for at in (0, len(curve) - 1) if len(curve)]
        for place in stated:
            if place.path not in lengths:
                lengths[place.path] = (tree / place.path).read_bytes().count(b"\n") + 1
            assert 0 <= place.start_line <= place.end_line <= lengths[place.path], place
            places += 1
    assert places > 500


def test_every_place_in_the_document_can_be_opened(scanned: tuple[Path, Path]) -> None:
    """`path:line` as it is printed."""
    tree, out = scanned
    named = re.findall(r"`([^`\n]+?):(\d+)(?: \([^`]*\))?`", (out / "LEARNINGS.md").read_text("utf-8"))
    assert len(named) > 30
    for path, line in named:
        assert (tree / path).read_bytes().count(b"\n") + 1 >= int(line), f"{path}:{line}"


def _planted(table: pa.Table, rng: random.Random) -> pa.Table | None:
    """The table with one cell of a number or a text changed."""
    names = [f.name for f in table.schema if f.type in (pa.string(), pa.int64(), pa.float64())]
    rng.shuffle(names)
    for name in names:
        column = table.column(name).to_pylist()
        at = [n for n, value in enumerate(column) if value not in (None, "")]
        if at:
            chosen = rng.choice(at)
            column[chosen] = column[chosen] + ("x" if isinstance(column[chosen], str) else 1)
            field = table.schema.field(name)
            return table.set_column(table.schema.get_field_index(name), field, pa.array(column, field.type))
    return None


@pytest.mark.parametrize("name", ["runs", "outcomes", "run_evidence", "series", "files", "learnings", "observations"])
def test_a_change_planted_in_a_table_is_found(name: str, scanned: tuple[Path, Path], tmp_path: Path) -> None:
    """In the snapshot, or in `data/` alone: exit 1 and the table's name."""
    _, kept = scanned
    for n, folder in enumerate(("learnings/data", "learnings/history/0001")):
        out = tmp_path / str(n)
        shutil.copytree(kept, out)
        path = out / folder / f"{name}.parquet"
        table = _planted(pq.ParquetFile(path).read(), random.Random(n))
        assert table is not None
        path.unlink()
        pq.write_table(table, path, compression="zstd")
        done = _run("verify", "--out", out)
        assert done.exit_code == 1 and f"{name}.parquet: not what the scan stored" in done.output, done.output[-500:]


@pytest.mark.parametrize("seed", range(6))
def test_a_number_planted_in_the_document_is_found(seed: int, scanned: tuple[Path, Path], tmp_path: Path) -> None:
    """Any digit outside what is written by hand."""
    _, kept = scanned
    out = tmp_path / "out"
    shutil.copytree(kept, out)
    text = (out / "LEARNINGS.md").read_text("utf-8")
    body = text[: text.rindex("<!-- scan-trainings:")]
    at = random.Random(seed).choice([m.start() for m in re.finditer(r"\d", body)])
    digit = str((int(text[at]) + 1) % 10)
    (out / "LEARNINGS.md").write_text(text[:at] + digit + text[at + 1 :], encoding="utf-8")
    done = _run("verify", "--out", out)
    assert done.exit_code == 1 and f"LEARNINGS.md:{text[:at].count(chr(10)) + 1}: " in done.output


def test_changes_planted_in_files_are_found(scanned: tuple[Path, Path], tmp_path: Path) -> None:
    """A digit in a line of a log that something rests on: that line is named; nothing else is."""
    tree, out = scanned
    found = store.load(out)
    changed = 0
    for run, outcome in zip(found.runs, found.outcomes, strict=True):
        for o in outcome.because[:1]:
            path = tree / o.locator.path
            if run.kind != "executed" or path.suffix not in (".log", ".txt", ".out") or not re.search(r"\d", o.raw):
                continue
            kept = path.read_bytes()
            lines = kept.split(b"\n")
            at = o.locator.start_line - 1
            lines[at] = re.sub(rb"\d", b"7", re.sub(rb"7", b"8", lines[at]))
            path.write_bytes(b"\n".join(lines))
            done = _run("verify", tree, "--out", out, "--jobs", 1)
            path.write_bytes(kept)
            assert done.exit_code == 1 and f"{o.locator.path}:{o.locator.start_line}" in done.output
            changed += 1
        if changed == 3:
            break
    assert changed == 3
