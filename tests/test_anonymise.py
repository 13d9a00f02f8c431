"""Reports that leave the house: no name of a user or a machine in any output, and the figures are the same."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from scanner.anonymise import Pseudonyms
from scanner.cli import main
from scanner.knowledge import personal_names
from scanner.knowledge._read import read_toml
from tests.test_secrets import _outputs
from tests.trees import hf_log, lay_out

USER, OTHER, HOST = "aysegul", "mkaya.dev", "gpunode07"


def _run(*args: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in args])


def _tree(root: Path) -> Path:
    home = f"/home/{USER}/proje"
    log = f"{USER}@{HOST}:{home}$ python {home}/train.py --lr 1e-4 --output_dir {home}/out --note by-{USER}\n"
    log += hf_log(losses=[2.0, 1.0], epochs=2) + f"Model weights saved in {home}/out/pytorch_model.bin\n"
    failing = f"HOSTNAME={HOST}.lab.example\n" + hf_log(losses=[2.0], epochs=3, end=False)
    failing += f'Traceback (most recent call last):\n  File "/Users/{OTHER}/x/train.py", line 3, in <module>\n'
    failing += f"    main()\nRuntimeError: cannot open /Users/{OTHER}/veri/train.bin\n"
    outputs = [{"output_type": "stream", "name": "stdout", "text": log.splitlines(True)}]
    source = [f"!python train.py --lr 1e-4 --data /home/{USER}/veri"]
    cells = [{"cell_type": "code", "source": source, "outputs": outputs, "metadata": {"user": USER}}]
    metadata = {"host": HOST, "username": USER, "program": f"{home}/train.py", "args": ["--lr", "1e-4"],
                "executable": f"{home}/venv/bin/python", "startedAt": "2024-01-01T12:34:56Z"}  # fmt: skip
    run = "wandb/run-20240101_123456-abcd1234/files"
    files = {
        f"{USER}/train.log": log,
        f"{USER}-deneme/err.log": failing,
        "ortak/defter.ipynb": json.dumps({"cells": cells, "metadata": {"authors": [{"name": USER}]}, "nbformat": 4}),
        "ortak/config.yaml": f"model: gpt2\nlearning_rate: 0.1\nnum_epochs: 3\ndataset: {home}\nrun_name: {USER}-1\n",
        f"ortak/{run}/wandb-metadata.json": json.dumps(metadata, indent=2),
        f"ortak/{run}/config.yaml": f"dataset:\n  value: /home/{USER}/veri\nlearning_rate:\n  value: 0.1\n",
        f"ortak/{run}/output.log": f"wandb: Currently logged in as: {USER}\nloss: 0.5\n",
        f"ortak/runs/Jan01_10-00-00_{HOST}/args.json": json.dumps({"learning_rate": 0.1, "num_train_epochs": 3}),
    }
    return lay_out(root, files)


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree below a home folder, scanned with and without names."""
    home = tmp_path_factory.mktemp("anonymise")
    tree = _tree(home / "home" / USER)
    for out, more in (("named", ()), ("out", ("--anonymise",))):
        done = _run(tree, "--out", home / out, "--jobs", 1, *more)
        assert done.exit_code == 0, done.output
    return home


def test_no_name_reaches_an_output(scanned: Path) -> None:
    """Tables, document, page and explanations; the same scan without the option holds each of them."""
    named, text = ("\n".join(_outputs(scanned / out)) for out in ("named", "out"))
    assert [name for name in (USER, OTHER, HOST) if name not in named] == []
    assert [name for name in (USER, OTHER, HOST, "lab.example") if name.lower() in text.lower()] == []
    assert "/home/user-1/proje" in text and "user-1-deneme/err.log" in text


def test_ids_and_figures_are_those_of_the_named_scan(scanned: Path) -> None:
    """A run keeps its id, its outcome and its numbers."""
    columns = ["run_id", "kind", "outcome", "outcome_rule", "learning_rate", "epochs", "steps_done", "final_train_loss"]
    rows = [
        pq.ParquetFile(scanned / out / "learnings/data/runs.parquet").read(columns=columns).to_pylist()
        for out in ("named", "out")
    ]
    assert rows[0] == rows[1] and len(rows[0]) >= 3


def test_quotes_are_verified_through_the_pseudonyms(scanned: Path) -> None:
    """`verify` reads the names again and finds every quoted line, and a changed one."""
    tree, out = scanned / "home" / USER, scanned / "out"
    done = _run("verify", tree, "--out", out, "--jobs", 1)
    assert done.exit_code == 0, done.output
    log = tree / USER / "train.log"
    kept = log.read_bytes()
    log.write_bytes(kept.replace(b"Num Epochs = 2", b"Num Epochs = 7"))
    changed = _run("verify", tree, "--out", out, "--jobs", 1)
    log.write_bytes(kept)
    assert changed.exit_code == 1 and "user-1/train.log:4: does not stand there" in changed.output
    assert USER not in changed.output


def test_earlier_scans_with_names_are_not_carried_along(scanned: Path) -> None:
    """The history of the folder would leave the house as well."""
    done = _run(scanned / "home" / USER, "--out", scanned / "named", "--anonymise", "--jobs", 1)
    assert done.exit_code == 2 and "hold the real names" in done.output


def test_a_name_is_the_same_one_everywhere_and_words_stay_words() -> None:
    """Users before hosts in the order of the names; `train` is a folder's name in an address and a word elsewhere."""
    names = Pseudonyms([("user", "zeynep"), ("user", "ali"), ("host", "gpu01.lab.edu"), ("user", "train")])
    assert names.text("/home/ali/x by zeynep on gpu01 and GPU01") == "/home/user-1/x by user-3 on host-1 and host-1"
    assert names.text("/home/train/x: train_loss, alim, ali_2") == "/home/user-2/x: train_loss, alim, user-1_2"


def test_a_quote_is_not_cut_inside_a_name() -> None:
    """What the cut left of a name goes."""
    raw = "x" * 188 + " /home/zeyn"
    assert Pseudonyms([("user", "zeynep")]).quote(raw + "e") == "x" * 188 + " /home/"


@pytest.mark.parametrize("row", read_toml("personal")["name"], ids=lambda row: str(row["matches"][0])[:30])
def test_names_are_told_by_their_surroundings(row: dict[str, list[str]]) -> None:
    """Each pattern's own examples."""
    assert [text for text in row["matches"] if not list(personal_names(text))] == []
    assert [text for text in row["rejects"] if list(personal_names(text))] == []
