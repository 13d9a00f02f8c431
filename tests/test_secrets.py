"""No leaks: secrets of the corpus in all kinds of files that are read, searched for in the bytes of every output."""

from __future__ import annotations

import json
import random
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from scanner.cli import main
from scanner.intake.conceal import Concealer, without_private_keys
from scanner.intake.packing import unsqueeze
from scanner.knowledge import mask_secrets, secrets_in
from scanner.knowledge._secrets import MOST_KNOWN
from scanner.pipeline import read_tree
from scanner.settings import Settings
from tests.secrets_corpus import NEAR_MISSES, SECRETS, Sample, private_key, samples
from tests.trees import hf_log, lay_out, runs_of

RECALL, FALSE_ALARMS = 0.99, 0.02
EACH = 8


def _run(*args: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in args])


# ------------------------------------------------------------------------------------- what files hold a secret


def _log(text: str) -> dict[str, str]:
    """A console: the command as the shell echoed it, a quoted setting, an error."""
    command = f"+ python train.py --lr 1e-4 --epochs 3 --note {text}\n"
    return {"train.log": command + hf_log(losses=[2.0], epochs=3, end=False) + f"RuntimeError: refused: {text}\n"}


def _traceback(text: str) -> dict[str, str]:
    lines = ["Traceback (most recent call last):", '  File "train.py", line 3, in <module>', "    main()"]
    return {"err.log": hf_log(losses=[2.0], epochs=3, end=False) + "\n".join([*lines, f"ValueError: {text}", ""])}


def _shell(text: str) -> dict[str, str]:
    return {
        "run.sh": f"#!/bin/bash\nEXTRA={json.dumps(text)}\n{text}\npython train.py --lr 1e-4 $EXTRA --note {text}\n"
    }


def _yaml(text: str) -> dict[str, str]:
    quoted = json.dumps(text)
    return {
        "config.yaml": f"model: gpt2\nlearning_rate: 1.0e-4\nnum_epochs: 3\noutput_dir: {quoted}\ndataset: {quoted}\n"
    }


def _python(text: str) -> dict[str, str]:
    source = f"from transformers import Trainer, TrainingArguments\nNOTE = {text!r}\nargs = TrainingArguments(\n"
    source += f"    output_dir={text!r}, learning_rate=1e-4, num_train_epochs=3, run_name=NOTE)\n"
    return {"train.py": source + "Trainer(model, args, train_dataset=load_dataset(NOTE)).train()\n"}


def _notebook(text: str) -> dict[str, str]:
    outputs = [{"output_type": "stream", "name": "stdout", "text": [*_log(text)["train.log"].splitlines(True)]}]
    outputs.append(
        {"output_type": "error", "ename": "ValueError", "evalue": text, "traceback": [f"ValueError: {text}"]}
    )  # type: ignore[dict-item]
    cell = {"cell_type": "code", "source": [f"!python train.py --lr 1e-4 --note {text}\n", f"x = {text!r}"]}
    cells = [{**cell, "outputs": outputs, "execution_count": 1, "metadata": {}}]
    return {
        "deney.ipynb": json.dumps({"cells": cells, "metadata": {"author": text}, "nbformat": 4, "nbformat_minor": 5})
    }


def _wandb(text: str) -> dict[str, str]:
    folder = "wandb/run-20240101_123456-abcd1234/files"
    metadata = {"program": "train.py", "args": ["--lr", "1e-4", *text.split(" ")], "startedAt": "2024-01-01T12:34:56Z"}
    config = "learning_rate:\n  value: 0.0001\n"
    config += "".join(f"{key}:\n  value: {json.dumps(text)}\n" for key in ("output_dir", "dataset"))
    return {
        f"{folder}/wandb-metadata.json": json.dumps(metadata, indent=2),
        f"{folder}/config.yaml": config,
        f"{folder}/wandb-summary.json": json.dumps({"loss": 0.5, "_step": 10, "_runtime": 30, f"loss {text}": 1.0}),
        f"{folder}/output.log": f"wandb: {text}\nloss: 0.5 {text}\n",
    }


CARRIERS = (_log, _traceback, _shell, _yaml, _python, _notebook, _wandb)


def _tree(root: Path, found: Iterable[Sample]) -> Path:
    """Each sample in one kind of files; the samples of a format are more than there are kinds."""
    for n, sample in enumerate(found):
        lay_out(root / f"proje{n:03d}", CARRIERS[n % len(CARRIERS)](sample.text))
    return root


def _outputs(out: Path) -> Iterator[str]:
    """Every file below a folder as text; tables cell by cell."""
    for path in sorted(p for p in out.rglob("*") if p.is_file() and "history" not in p.parts):
        if path.suffix == ".parquet":
            yield json.dumps(pq.ParquetFile(path).read().to_pylist(), ensure_ascii=False, default=str)
        if path.suffix == ".sqlite":
            with closing(sqlite3.connect(path)) as db:
                for row in db.execute("SELECT path, data FROM files"):
                    yield f"{row[0]}: {unsqueeze(row[1]).decode('utf-8', 'replace')}"
        yield path.read_bytes().decode("utf-8", "replace")


_MASKED = re.compile(r"(?<!\*)\*\*\*(?!\*)")


def _all_of_it(tree: Path, out: Path) -> str:
    """The bytes of all that the program writes and prints about a tree."""
    done = [_run(tree, "--out", out, "--jobs", 1)]
    assert done[0].exit_code == 0, done[0].output
    done += [_run("report", "--out", out, "--month", "2024-01"), _run("verify", tree, "--out", out, "--jobs", 1)]
    assert [d.exit_code for d in done] == [0, 0, 0], done[-1].output[:2000]
    listing = _run("runs", "--out", out, "--format", "json")
    ids = [run["run_id"] for run in json.loads(listing.output)][::80]
    done += [
        listing,
        _run("explain", "learnings", "--out", out),
        *(_run("explain", name, "--out", out) for name in ids),
    ]
    return "\n".join([*(d.output for d in done), *_outputs(out)])


# -------------------------------------------------------------------------------------------------- the floors


def test_the_corpus_is_as_large_as_promised() -> None:
    """300 secrets in 40 formats, 300 near-misses."""
    assert len(SECRETS) >= 40 and len(SECRETS) * EACH >= 300 and len(NEAR_MISSES) * EACH >= 300


@pytest.mark.parametrize("seed", range(5))
def test_texts_are_masked(seed: int) -> None:
    """Recall and false alarms of the patterns on texts by themselves."""
    secrets, others = samples(SECRETS, EACH, seed), samples(NEAR_MISSES, EACH, seed)
    missed = [s for s in secrets if any(part in mask_secrets(s.text) for part in s.parts)]
    wrongly = [s for s in others if mask_secrets(s.text) != s.text]
    assert 1 - len(missed) / len(secrets) >= RECALL, missed
    assert len(wrongly) / len(others) <= FALSE_ALARMS, wrongly


def test_no_secret_reaches_an_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole scan: tables, cache, document, page, charts, monthly report, listings, explanations; `verify` holds."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 3_000_000_000)  # what is as young as this tree is not cached
    found = [*samples(SECRETS, EACH, 7), *(private_key(random.Random(n), k) for n, k in enumerate(("RSA ", "", "EC ")))]
    text = _all_of_it(_tree(tmp_path / "tree", found), tmp_path / "out")
    leaked = [s for s in found if any(part in text or json.dumps(part)[1:-1] in text for part in s.parts)]
    assert 1 - len(leaked) / len(found) >= RECALL, leaked
    assert len(_MASKED.findall(text)) >= 4 * len(found), "the lines with secrets are quoted, without them"


def test_what_only_looks_like_a_secret_is_left_alone(tmp_path: Path) -> None:
    """The same with commits, digests, run ids: they reach the tables, and nothing is masked."""
    found = samples(NEAR_MISSES, EACH, 7)
    text = _all_of_it(_tree(tmp_path / "tree", found), tmp_path / "out")
    assert len(_MASKED.findall(text)) <= FALSE_ALARMS * len(found)
    kept = [s for s in found if s.parts[0] in text or json.dumps(s.parts[0])[1:-1] in text]
    assert len(kept) / len(found) >= 0.9, "the texts are stored, so that their masking would be seen"


# ------------------------------------------------------------------------------------------------ single places

TOKEN = "hf_aBcDeFgHiJkLmNoPqRsTuVwXyZ012345678"


def test_names_of_files_and_folders_are_masked_and_stay_apart(tmp_path: Path) -> None:
    """Two files whose names differ in their secrets alone are two files, and verify finds them."""
    other = "hf_" + TOKEN[:2:-1]
    files = {f"{TOKEN}/train_{name}.log": hf_log(losses=[2.0 + n], epochs=3) for n, name in enumerate((TOKEN, other))}
    lay_out(tmp_path / "tree" / f"proje-{TOKEN}", files)
    text = _all_of_it(tmp_path / "tree" / f"proje-{TOKEN}", tmp_path / "out")
    assert TOKEN not in text and other not in text
    paths = pq.ParquetFile(tmp_path / "out/learnings/data/files.parquet").read().column("path").to_pylist()
    assert paths == ["***/train_***.log", "***/train_***~2.log"]


def test_a_secret_is_masked_where_its_label_is_not_quoted(tmp_path: Path) -> None:
    """A shell's variable stands in the command that is stored, without its name."""
    script = "DB_PASSWORD=Falcon!4711xy\nOUT=out\npython train.py --lr 1e-4 --epochs 3 --note $DB_PASSWORD\n"
    _, _, observations, _ = read_tree(Settings((lay_out(tmp_path, {"run.sh": script}),), tmp_path), lambda _: None)
    commands = [o.value for o in observations if o.id == "command"]
    assert commands == ["python train.py --lr 1e-4 --epochs 3 --note ***"]


def test_a_word_that_is_also_a_password_stays_a_word(tmp_path: Path) -> None:
    """`password: train` does not make a secret of every `train`."""
    log = "password: gradient\n" + hf_log(losses=[2.0, 1.0], epochs=2)
    ((run, _),) = runs_of(tmp_path, {"train.log": log + "gradient overflow in gradient_step\n"})
    assert run.values["epochs"].value == 2 and not any("***" in s.raw.replace("*" * 5, "") for s in run.signals)


def test_lines_of_a_private_key_are_masked_in_their_places() -> None:
    """Line numbers stay; what follows an unclosed key is read again after a while."""
    key = private_key(random.Random(1)).text.split("\n")
    lines = without_private_keys(["a", *key, "loss: 0.5"])
    assert (len(lines), lines[0], lines[2], lines[-1]) == (len(key) + 2, "a", "***", "loss: 0.5")
    unclosed = without_private_keys([*key[:-1], *["learning_rate: 0.1"] * 300])
    assert unclosed[-1] == "learning_rate: 0.1"


def test_a_quote_is_not_cut_inside_a_secret() -> None:
    """The cut of a long quote would leave the beginning of a token that no pattern knows."""
    raw = " ".join([f"--key-{n} {TOKEN}" for n in range(40)])
    assert "hf_" not in Concealer(()).quote(raw) and "aBcDeF" not in Concealer(()).quote("x" * 780 + " " + TOKEN)


def test_masking_is_idempotent() -> None:
    """What was masked once is not a secret: quotes that were stored equal those that `verify` makes."""
    texts = [mask_secrets(s.text) for s in samples(SECRETS, EACH, 3)]
    assert [mask_secrets(text) for text in texts] == texts


@pytest.mark.parametrize(
    "text", ["a" * 100_000, "password=" * 10_000, "://:@" * 20_000, "-u " * 30_000 + "curl", "eyJ" * 9_999]
)
def test_no_text_keeps_the_patterns_busy(text: str) -> None:
    """Hostile lines end in the mask or in themselves."""
    assert set(mask_secrets(text)) <= set(text) | {"*"}
    assert len(secrets_in(text)) <= MOST_KNOWN
