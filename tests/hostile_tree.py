# ruff: noqa: E501 (content of files)
"""A tree that means harm: everything that broke, held up or tricked some reader of other people's files, by a seed.

`python -m tests.hostile_tree FOLDER --full` lays out the large one (a line of 1 GB, a million empty files).
Nothing in it needs a network; nothing may run: whatever would run leaves a canary.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import random
import socket
import sqlite3
import stat
import struct
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import zstandard

LOG = (
    "***** Running training *****\n  Num examples = 1,000\n  Num Epochs = 2\n"
    "{'loss': 2.0, 'learning_rate': 5e-05, 'epoch': 1.0}\n{'loss': 1.5, 'learning_rate': 2e-05, 'epoch': 2.0}\n"
    "{'train_runtime': 12.5, 'train_loss': 1.75, 'epoch': 2.0}\n"
)
"""One run that stays readable among all the rest."""

SPARSE = 1 << 40


def make(root: Path, seed: int, canary: Path, *, full: bool = False) -> None:
    """Lay out the tree below `root`; `canary` is the file that appears when any of it is executed."""
    chance = random.Random(seed)
    for part in PARTS:
        folder = root / part.__name__.strip("_")
        folder.mkdir(parents=True)
        part(folder, chance, canary, full)


def links_and_specials(folder: Path, chance: random.Random, canary: Path, full: bool) -> None:
    """What is no regular file."""
    (folder / "loop").symlink_to(folder)
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    (folder / "out").symlink_to("/")
    (folder / "passwd.log").symlink_to("/etc/passwd")
    (folder / "dangling.log").symlink_to("nowhere")
    (folder / "zero.log").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.log")
    (folder / "clone").mkdir()
    os.mkfifo(folder / "clone" / "setup.py")
    (folder / "clone" / "pyproject.toml").symlink_to("/dev/zero")
    try:
        os.mknod(folder / "zero.json", stat.S_IFCHR | 0o600, os.makedev(1, 5))
        os.mknod(folder / "disk.yaml", stat.S_IFBLK | 0o600, os.makedev(7, 0))
    except OSError:
        pass  # device nodes are for the superuser
    here = os.getcwd()
    os.chdir(folder)  # a socket's path is short
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("socket.log")
    finally:
        os.chdir(here)


def unreadable(folder: Path, chance: random.Random, canary: Path, full: bool) -> None:
    """No permission to read a file, to list a folder, to enter one."""
    (folder / "secret.log").write_text(LOG)
    (folder / "secret.log").chmod(0)
    for name, mode in (("closed", 0), ("unlisted", 0o300), ("not_entered", 0o600)):
        (folder / name).mkdir()
        (folder / name / "train.log").write_text(LOG)
        (folder / name).chmod(mode)


def names(folder: Path, chance: random.Random, canary: Path, full: bool) -> None:
    """Names that steer a terminal, a shell, a table or a page."""
    wild = [
        b"new\nline.log", b"tab\there.log", b"esc\x1b[31mred.log", b"bell\x07.log", b"quote'\".log", b"back`tick`.log",
        b"pipe|cell.log", b"<script>alert(1)<.log", b"$(touch canary).log", b"; rm -rf ~.log", b"-rf.log", b"=1+1.log",
        b" leading.log", b"trailing .log ", b"dots...log", b"\xff\xfe.log", b"caf\xe9.log", b"a\\xff.log", b"a\xff.log",
        "‮gol.niart.log".encode(), "zero​width.log".encode(), "é.log".encode(), "é.log".encode(),
        "İIıi.log".encode(), b"CON.log", b"NUL", b"aux.json", b"Train.LOG", b"train.log", b"TRAIN.log", b"%00.log",
        b"{{ 7*7 }}.log", b"[x](javascript:alert(1)).log", b"x" * 251 + b".log", b"]]>.log", b"\x7f\x9b.log",
    ]  # fmt: skip
    for name in wild:
        (folder / os.fsdecode(name)).write_text(LOG.replace("2.0", f"{chance.uniform(1, 3):.4f}", 1))
    wild_bytes = bytes(b for b in (chance.randrange(1, 256) for _ in range(60)) if b != 47)
    (folder / os.fsdecode(wild_bytes + b".log")).write_text(LOG)


def long_paths(folder: Path, chance: random.Random, canary: Path, full: bool) -> None:
    """As long as the system takes, and then some: the last folders can be reached by relative steps only."""
    here = os.getcwd()
    os.chdir(folder)
    try:
        for depth in range(19):
            Path(f"{depth:02d}" + "d" * 238).mkdir()
            os.chdir(f"{depth:02d}" + "d" * 238)
            if depth % 6 == 2:
                Path("train.log").write_text(LOG)
        Path("end.log").write_text(LOG)
    finally:
        os.chdir(here)


def sizes(folder: Path, chance: random.Random, canary: Path, full: bool) -> None:
    """Files without an end, lines without an end, files without a beginning."""
    for name in ("train.log", "a.json", "b.py", "c.csv", "d.db", "e.safetensors", "f.pt", "g.h5", "h.gz", "i.wandb"):
        with open(folder / f"sparse_{name}", "wb") as stream:
            stream.write(LOG.encode())
            try:
                stream.truncate(SPARSE)
            except OSError:
                stream.truncate(1 << 34)
    for name, unit in (("loss.log", b"loss: 0.5 epoch 1/9 "), ("bars.log", b"\r 10%|# | 1/10 [00:01<00:09, loss=0.5]")):
        n_bytes = 1 << 30 if full and name == "loss.log" else 4 << 20
        with open(folder / f"line_{name}", "wb") as stream:
            for _ in range(n_bytes >> 20):
                stream.write((unit * (1 + (1 << 20) // len(unit)))[: 1 << 20])
    with open(folder / "sparse_past_the_limit.ipynb", "wb") as stream:
        stream.write(b'{"cells": [')
        stream.truncate((256 << 20) + 1)
    if full:
        _notebook(folder / "half_a_gigabyte.ipynb", 500_000_000)
        _notebook(folder / "largest.ipynb", 268_000_000)
    (folder / "newlines.log").write_bytes(b"loss: 1" + b"\n" * (1 << 20))
    (folder / "nul.log").write_bytes(LOG.encode() + b"\0" * (1 << 20))
    (folder / "empty").mkdir()
    for n in range(1_000_000 if full else 10_000):
        os.close(os.open(folder / "empty" / f"{n:07d}.log", os.O_CREAT | os.O_WRONLY, 0o600))


def _notebook(path: Path, n_bytes: int) -> None:
    """Cells with a picture of a megabyte each and a line of text."""
    text = '{"output_type": "stream", "name": "stdout", "text": ["Epoch 1/9 loss: 0.5\\n"]}'
    picture = '{"output_type": "display_data", "metadata": {}, "data": {"image/png": "' + "iVBORw0K" * 131_072 + '"}}'
    cell = f'{{"cell_type": "code", "source": ["trainer.train()"], "outputs": [{text}, {picture}]}}'
    with open(path, "w", encoding="utf-8") as stream:
        stream.write('{"nbformat": 4, "metadata": {}, "cells": [')
        for _ in range(n_bytes // len(cell) - 1):
            stream.write(f"{cell},\n")
        stream.write(f"{cell}]}}")


def archives(folder: Path, chance: random.Random, canary: Path, full: bool) -> None:
    """Bombs, ends that are missing, paths that climb."""
    zeros = b"0" * (1 << 20)
    packs: dict[str, Callable[[bytes], bytes]] = {
        "gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress, "zst": zstandard.compress,
    }  # fmt: skip
    packed = {ending: pack(zeros) * 201 for ending, pack in packs.items()}  # parts that follow each other are one file
    for ending, data in packed.items():
        (folder / f"bomb.log.{ending}").write_bytes(data)
        (folder / f"short.log.{ending}").write_bytes(packs[ending](LOG.encode())[:-6])
        (folder / f"wild.log.{ending}").write_bytes(data[:6] + bytes(chance.randrange(256) for _ in range(300)))
    for ending, pack in packs.items():
        (folder / f"good.log.{ending}").write_bytes(pack(LOG.encode()))
        (folder / f"none.log.{ending}").write_bytes(b"")
    if full:  # past the absolute limit, within the ratio
        noise = bytes(chance.randrange(256) for _ in range(1 << 16)) + b"0" * (10 << 20)
        (folder / "large.json.gz").write_bytes(gzip.compress(noise) * 27)
    with tarfile.open(folder / "climbs.tar.gz", "w:gz") as tar:
        info = tarfile.TarInfo("../../../canary")
        info.size = 1
        tar.addfile(info, io.BytesIO(b"x"))
    for name in ("climbs.zip", "climbs.pt", "climbs.keras", "climbs.ckpt"):
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("../../../canary", "x")
            archive.writestr("archive/data.pkl", _pickle(canary))
            archive.writestr("config.json", b"[" * 100_000)
            archive.writestr("metadata.json", b'"' + zeros)


def stores(folder: Path, chance: random.Random, canary: Path, full: bool) -> None:
    """Binary files of trackers and libraries: cut off, changed, locked, lying about their lengths."""
    fixtures = Path(__file__).parent / "fixtures" / "formats"
    for n, source in enumerate(sorted(p for p in fixtures.rglob("*") if p.is_file() and _is_binary(p))):
        data = source.read_bytes()
        cut = data[: chance.randrange(len(data) + 1)]
        changed = bytearray(data)
        for _ in range(min(8, len(changed))):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        for kind, content in (("cut", cut), ("changed", bytes(changed))):
            (folder / f"{n:02d}-{kind}").mkdir()
            (folder / f"{n:02d}-{kind}" / source.name).write_bytes(content)
    for name in ("wal.db", "locked.db"):
        _mlflow_like(folder / name, wal=name == "wal.db")
    lengths = (1 << 60, (1 << 64) - 1, 1 << 31, 0, 7)
    for n, length in enumerate(lengths):
        (folder / f"length{n}.safetensors").write_bytes(struct.pack("<Q", length) + b'{"__metadata__":{"ss_x":"1"}}')
    deep = b'{"__metadata__":' + b'{"ss_learning_rate":' * 100_000
    (folder / "deep.safetensors").write_bytes(struct.pack("<Q", len(deep)) + deep)
    (folder / "signature.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + b"\xff" * 4096)
    (folder / "events.out.tfevents.1.host").write_bytes(struct.pack("<Q", 1 << 60) + b"\xff" * 500)
    (folder / "run-x.wandb").write_bytes(b":W&B" + b"\xff" * 70_000)
    (folder / "tables.parquet").write_bytes(b"PAR1" + b"\xff" * 100)


def _is_binary(path: Path) -> bool:
    return "tfevents" in path.name or path.suffix in (".wandb", ".db", ".pt", ".h5", ".keras", ".safetensors", ".ckpt")


def _mlflow_like(path: Path, *, wal: bool) -> None:
    base = sqlite3.connect(path)
    base.execute(f"PRAGMA journal_mode = {'WAL' if wal else 'DELETE'}")
    base.execute("CREATE TABLE runs (run_uuid, name, source_name, status, start_time, end_time, lifecycle_stage)")
    for table in ("params", "tags"):
        base.execute(f"CREATE TABLE {table} (run_uuid, key, value)")
    base.execute("CREATE TABLE metrics (run_uuid, key, value, timestamp, step, is_nan)")
    base.execute("INSERT INTO runs VALUES ('a', 'x', 'train.py', 'FINISHED', 1, 2, 'active')")
    base.execute("INSERT INTO metrics VALUES ('a', 'loss', 1e400, 1, 1, 0)")
    base.execute("INSERT INTO params VALUES ('a', 'lr', '0.1')")
    base.commit()
    if not wal:
        base.execute("BEGIN EXCLUSIVE")
    _HELD.append(base)


_HELD: list[sqlite3.Connection] = []
"""Open for as long as this process lives, so that one file stays locked and the other keeps its -wal and -shm files."""


def texts(folder: Path, chance: random.Random, canary: Path, full: bool) -> None:
    """JSON, YAML, TOML, CSV and notebooks that explode, recurse or are of the wrong type everywhere."""
    files: dict[str, str | bytes] = {
        "deep.json": '{"loss":' * 100_000, "deep_list.json": "[" * 100_000 + "]" * 100_000,
        "deep.yaml": "lr: " + "[" * 100_000, "deep_map.yaml": "\n".join(" " * n + "loss:" for n in range(2000)),
        "deep.toml": "loss = " + "[" * 50_000, "deep.ipynb": '{"cells":' * 50_000,
        "digits.json": '{"loss": ' + "9" * 100_000 + ', "epoch": 1}', "digits.yaml": "lr: " + "9" * 100_000,
        "digits.log": f"epoch 1 loss: {'9' * 100_000}\nStep {'9' * 5000}/{'9' * 5000} loss=0.{'1' * 100_000}\n",
        "digits.py": "lr = " + "9" * 100_000 + "\noptimizer = Adam(lr=lr)\n", "digits.toml": "lr = " + "9" * 100_000,
        "digits.csv": "epoch,loss\n" + "9" * 100_000 + "," + "9" * 100_000 + "\n", "digits.sh": "python train.py --lr "
        + "9" * 100_000, "nan.json": '{"loss": NaN, "eval_loss": -Infinity, "epoch": 1e999, "step": -0}',
        "trainer_state.json": '{"log_history": [{"loss": NaN, "step": 1e400, "epoch": "x"}, 7, null, {"loss": []}],'
        ' "global_step": {}, "max_steps": [[]], "num_train_epochs": "NaN"}',
        "bomb.yaml": "a0: &a0 [lol, lol]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)) + "lr: *a11\n",
        "cycle.yaml": "a: &a [*a]\nlr: *a\nb: &b {c: *b}\nloss: 1\n",
        "tags.yaml": f"!!python/object/apply:os.system ['touch {canary}']\n--- \n!!python/name:os.system\n---\n"
        f"lr: !!python/object/new:subprocess.Popen [[touch, {canary}]]\n",
        "notebook_types.ipynb": '{"cells": [1, null, {"cell_type": 7, "source": {"a": 1}, "outputs": "x"}, {"cell_type":'
        ' "code", "source": [1, ["x"]], "outputs": [{"text": {"a": []}}, 3, {"data": {"text/plain": 7}}],'
        ' "execution_count": {}}], "metadata": [], "nbformat": "x"}',
        "notebook_code.ipynb": json.dumps({"cells": [{"cell_type": "code", "outputs": [], "source":
            f"!touch {canary}\nimport os; os.system('touch {canary}')\nloss = 1"}], "nbformat": 4, "metadata": {}}),
        "large.ipynb": json.dumps({"cells": [{"cell_type": "code", "source": "trainer.train()", "outputs": [
            {"output_type": "stream", "name": "stdout", "text": ["Epoch 1 loss: 0.5\n"] * (20_000)}]}]}),
        "twice.json": '{"loss": 1, "loss": 2, "": {"": {"": 3}}, "/~": 4}', "bom.json": b"\xef\xbb\xbf" + b'{"loss": 1}',
        "surrogate.json": '{"loss": "\\ud800", "epoch": "\\udfff"}', "utf16.log": LOG.encode("utf-16"),
        "wide.csv": ",".join(f"loss{n}" for n in range(20_000)) + "\n" + ",".join(["0.1"] * 20_000) + "\n",
        "ragged.csv": 'epoch,loss\n1,"\n2,3\n"x""y,,,,,\n' * 50, "cr.log": LOG.replace("\n", "\r"),
        "ansi.log": "\x1b[31mloss: 0.5\x1b[0m \x1b]0;title\x07 epoch 1\x1b[2J\n" * 200,
        "include.ini": "[train]\nlr = ${canary}\n%(x)s = %(x)s\n[" + "x" * 100_000,
        "hydra.yaml": "lr: ${oc.env:HOME}\nloss: ${eval:__import__('os').system('touch " + str(canary) + "')}\n",
    }  # fmt: skip
    for name, content in files.items():
        (folder / name).write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)


def sources(folder: Path, chance: random.Random, canary: Path, full: bool) -> None:
    """Python that makes a parser recurse, a folder of constants explode, or would run when looked at."""
    run = f"import os\nos.system('touch {canary}')\n"
    files = {
        "runs.py": run + "import torch\noptimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)\nfor epoch in range(3):\n"
        "    loss.backward(); optimizer.step()\n",
        "parens.py": "x = " + "(" * 10_000 + ")" * 10_000, "nested.py": "x = " + "[" * 190 + "]" * 190 + "\n" + run,
        "minus.py": "x = " + "-" * 50_000 + "1\noptimizer.step()\n", "plus.py": "lr = " + "+".join(["1"] * 50_000) + "\n",
        "calls.py": "x = a" + "()" * 20_000 + "\nloss.backward()\n", "dots.py": "x = a" + ".b" * 20_000 + "\n",
        "power.py": "lr = 9**9**9**9\nbatch_size = 'x' * 10**12\nepochs = 1 << 10**10\nwarmup = [0] * 10**10\n"
        "optimizer = Adam(lr=lr)\n", "shift.py": "lr = (1 << 4000000) * (1 << 4000000)\nAdam(lr=lr)\n",
        "format.py": "lr = '%1000000000d' % 1\nname = f'{1:1000000000}'\nAdam(lr=lr)\n",
        "names.py": "".join(f"x{n} = x{n - 1}\n" for n in range(1, 5000)) + "optimizer = Adam(lr=x4999)\n",
        "cycle.py": "a = b\nb = a\nlr = a\noptimizer = Adam(lr=lr)\ndef f(): return g()\ndef g(): return f()\nf()\n",
        "doubling.py": "x0 = 'ab'\n" + "".join(f"x{n} = x{n - 1} + x{n - 1}\n" for n in range(1, 60)) + "Adam(lr=x59)\n",
        "indent.py": "".join(" " * n + "if x:\n" for n in range(99)) + " " * 99 + "loss.backward()\n",
        "functions.py": "".join(f"def f{n}(lr=f{n - 1}()):\n    return f{n + 1}(lr)\n" for n in range(1, 3000)),
        "nul.py": "lr = 1\0\nAdam(lr=lr)\n", "coding.py": "# -*- coding: rot13 -*-\n" + run,
        "lambda.py": "f = " + "lambda: " * 5000 + "1\n", "strings.py": "x = " + "'a' " * 50_000 + "\nAdam(lr=1)\n",
        "loop.sh": "export A=$B\nexport B=$A\npython train.py --lr $A $(touch " + str(canary) + ") `touch " + str(canary)
        + "`\n", "quotes.sh": "python train.py --lr '" + '"' * 50_000, "lines.sh": "python train.py \\\n" * 20_000,
    }  # fmt: skip
    for name, content in files.items():
        (folder / name).write_text(content)


def pickles(folder: Path, chance: random.Random, canary: Path, full: bool) -> None:
    """Pickles that would run code, build without end or lie about their lengths."""
    data = _pickle(canary)
    for name in ("model.pkl", "state.pt", "last.ckpt", "optimizer.bin", "weights.pth", "model.joblib"):
        (folder / name).write_bytes(data)
    (folder / "short.pt").write_bytes(data[:-4])
    (folder / "memo.pt").write_bytes(b"\x80\x04" + b"(" * 100_000 + b"t" * 100_000 + b".")
    (folder / "long.pt").write_bytes(b"\x80\x04\x8e" + struct.pack("<Q", 1 << 60) + b"x.")
    (folder / "frames.pt").write_bytes(b"\x80\x04" + b"]\x94h\x00a" * 100_000 + b".")
    (folder / "bomb.pt").write_bytes(b"\x80\x04]" + b"2\x86" * 60 + b".")
    (folder / "digits.pt").write_bytes(b"I" + b"9" * 100_000 + b"\n.")


class _Runs:
    def __init__(self, canary: Path) -> None:
        self._canary = canary

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch '{self._canary}'",)


def _pickle(canary: Path) -> bytes:
    return pickle.dumps({"epoch": 1, "optimizer_states": [{"lr": 0.1}], "x": _Runs(canary)}, protocol=2)


PARTS = (links_and_specials, unreadable, names, long_paths, sizes, archives, stores, texts, sources, pickles)

if __name__ == "__main__":
    make(Path(sys.argv[1]), 1, Path(sys.argv[1]) / "canary", full="--full" in sys.argv)
