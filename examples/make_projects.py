"""Makes examples/projects again: runs its trainings and keeps what a user would have kept.

The scripts, configurations and decoys in examples/projects are written by hand and are the input; everything that an
execution leaves behind (consoles, checkpoint folders, tracker records, notebook outputs) is the output and is replaced.
The trainings run in HOME, a folder that reads like a user's, so that paths inside the records look natural:

    python3.11 -m venv /home/deniz/.venv
    /home/deniz/.venv/bin/pip install -r examples/requirements.txt
    /home/deniz/.venv/bin/python examples/make_projects.py               # a few minutes on two cores
    /home/deniz/.venv/bin/python examples/make_projects.py tablo-verisi  # one project

Losses differ a little from machine to machine: look at `git diff examples` and correct expected.toml.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

TREE = Path(__file__).parent / "projects"
HOME = Path("/home/deniz")
WORK = HOME / "projeler"
USER, HOST = "deniz", "atolye"

SITE = f'''"""Names the machine as the examples do; imported by every Python that starts."""
import getpass, platform, socket
getpass.getuser = lambda: "{USER}"
socket.gethostname = platform.node = lambda: "{HOST}"
platform.platform = lambda *_, **__: "Linux-6.8.0-48-generic-x86_64-with-glibc2.39"
'''
"""Trackers write the machine's name into binary records, where it could not be replaced afterwards."""


class Stop(NamedTuple):
    """A signal that ends a launch as soon as its log shows a text."""

    text: str
    signal: signal.Signals


class Launch(NamedTuple):
    """One execution: what is typed, and what is kept of what it leaves behind."""

    folder: str
    command: str
    log: str = ""
    """Gets stdout and stderr; empty: nobody kept the console."""
    leaves: tuple[str, ...] = ()
    """Glob patterns of further files that stay."""
    stop: Stop | None = None
    append: bool = False
    before: str = ""
    """Text that the surrounding shell script prints first."""
    after: str = ""
    """Text that a scheduler writes last; {now} is the time."""
    encoding: str = "utf-8"
    """Of the log; "utf-16" with Windows line ends is what PowerShell's `>` writes."""


CHECKPOINT = ("{}/checkpoint-*/trainer_state.json", "{}/trainer_state.json", "{}/*_results.json")
TIME_LIMIT = "slurmstepd: error: *** JOB 48151 ON dugum07 CANCELLED AT {now:%Y-%m-%dT%H:%M:%S} DUE TO TIME LIMIT ***\n"

GPT, SENTIMENT, VISION = "turkce-gpt", "duygu-analizi", "gorsel-siniflandirma"
TABLES, LORA, CLUSTER = "tablo-verisi", "lora-deneme", "kume"
LAUNCHES = (
    Launch(
        GPT,
        "python train.py --lr 3e-3 --epochs 6 --batch 4 --accum 2 --out out",
        "train.log",
        (*(pattern.format("out") for pattern in CHECKPOINT), "tokenizer/*"),
    ),
    Launch(GPT, "python uret.py out/checkpoint-24", "uret.log"),
    Launch(
        GPT,
        "python train.py --lr 1e4 --epochs 3 --batch 8 --accum 1 --optim sgd --max_grad_norm 0 --out out_lr",
        "train_lr.log",
        tuple(pattern.format("out_lr") for pattern in CHECKPOINT),
    ),
    Launch(
        GPT,
        "python train.py --lr 2e-4 --epochs 400 --batch 8 --accum 1 --out out_uzun",
        "train_uzun.log",
        stop=Stop("'epoch': '7'", signal.SIGINT),
    ),
    Launch(GPT, "python train.py --lr 5e-4 --data data/cumleler_v2.txt --out out_v2", "train_v2.log"),
    Launch(
        GPT,
        "python train.py --lr 5e-4 --epochs 6 --batch 4 --deepspeed ds_config.json --out out_ds",
        "train_ds.log",
    ),
    Launch(
        SENTIMENT,
        "python egitim.py --ogrenme_orani 0.01 --donem 10 --yigin 16",
        "egitim_log.txt",
        encoding="utf-16",
    ),
    Launch(
        SENTIMENT,
        "python egitim.py --ogrenme_orani 0.0005 --donem 500 --yigin 32",
        "egitim_uzun.txt",
        stop=Stop("Dönem 37/", signal.SIGKILL),
        encoding="utf-16",
    ),
    Launch(
        SENTIMENT,
        "python egitim.py --ogrenme_orani 0.1 --donem 5",
        "tarama.log",
        before="=== öğrenme oranı 0.1 ===\n",
    ),
    Launch(
        SENTIMENT,
        "python egitim.py --ogrenme_orani 0.001 --donem 5",
        "tarama.log",
        before="=== öğrenme oranı 0.001 ===\n",
        append=True,
    ),
    Launch(VISION, "python lightning_egit.py", "lightning.log", ("lightning_logs/version_0/*.*",)),
    Launch(VISION, "python keras_egit.py", "keras.log"),
    Launch(VISION, "python keras_egit.py 12", "keras_12sinif.log"),
    Launch(TABLES, "python xgb_egit.py", "xgb.log"),
    Launch(TABLES, "python mlp_mlflow.py", leaves=("mlruns/**/*",)),
    Launch(
        LORA,
        "python sft.py",
        "sft.log",
        ("wandb/offline-run-*/files/*", "wandb/offline-run-*/*.wandb", "sft-out/runs/**/*tfevents*"),
    ),
    Launch(
        CLUSTER,
        "python metin_cnn.py --lr 0.001 --epochs 200 --batch-size 32",
        "slurm-48151.out",
        stop=Stop("Epoch 58/", signal.SIGTERM),
        after=TIME_LIMIT,
    ),
    Launch(
        "defterler",
        "jupyter nbconvert --to notebook --execute --allow-errors --inplace sarap.ipynb",
        leaves=("sarap.ipynb",),
    ),
)
COPIES = {
    "turkce-gpt/train.py": "yedek/turkce-gpt_20kasim/train.py",
    "turkce-gpt/run.sh": "yedek/turkce-gpt_20kasim/run.sh",
    "turkce-gpt/train.log": "yedek/turkce-gpt_20kasim/train.log",
    "turkce-gpt/out": "yedek/turkce-gpt_20kasim/out",
    "turkce-gpt/train_lr.log": "yedek/turkce-gpt_20kasim/train_lr (kopya).log",
    "duygu-analizi/egitim_log.txt": "yedek/egitim_log.txt.bak",
}


def main(projects: list[str]) -> None:
    """The named projects anew, or all."""
    launches = [launch for launch in LAUNCHES if launch.folder in projects or not projects]
    forget_outputs(launches)
    shutil.rmtree(WORK, ignore_errors=True)
    shutil.copytree(TREE, WORK)
    names = HOME / ".names"
    names.mkdir(exist_ok=True)
    (names / "sitecustomize.py").write_text(SITE, encoding="utf-8")
    for launch in launches:
        print(f"{launch.folder}$ {launch.command}", flush=True)
        run(launch, names)
        keep(launch)
    for source, target in COPIES.items():
        (TREE / target).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (TREE / source).is_dir() else shutil.copy
        copy(TREE / source, TREE / target)


def outputs(folder: Path, launch: Launch) -> list[Path]:
    """The files of a launch that stay, relative to the project's folder."""
    patterns = (launch.log, *launch.leaves) if launch.log else launch.leaves
    found = (path for pattern in patterns for path in folder.glob(pattern) if path.is_file())
    return sorted(path.relative_to(folder) for path in found if path.stat().st_size)


def forget_outputs(launches: list[Launch]) -> None:
    """Takes out of the tree what earlier executions left; a notebook's outputs are replaced by executing it."""
    shutil.rmtree(TREE / "yedek", ignore_errors=True)
    for launch in launches:
        for path in outputs(TREE / launch.folder, launch):
            if path.suffix != ".ipynb":
                (TREE / launch.folder / path).unlink(missing_ok=True)
    for folder in sorted((p for p in TREE.rglob("*") if p.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def run(launch: Launch, names: Path) -> None:
    """Executes a launch in WORK and writes its log."""
    folder = WORK / launch.folder
    console = HOME / ".console"
    with console.open("wb") as sink:
        started = subprocess.Popen(
            shlex.split(launch.command), cwd=folder, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
            env=environment(names),
        )  # fmt: skip
        while started.poll() is None:
            time.sleep(0.02)
            if launch.stop and launch.stop.text in console.read_text(encoding="utf-8", errors="replace"):
                started.send_signal(launch.stop.signal)
                started.wait()
    if launch.log:
        text = scrub(launch.before + console.read_bytes().decode() + launch.after.format(now=datetime.now()))
        if launch.encoding == "utf-16":
            text = text.replace("\n", "\r\n")
        with (folder / launch.log).open("ab" if launch.append else "wb") as log:
            log.write(text.encode(launch.encoding))


def environment(names: Path) -> dict[str, str]:
    """What the user's shell would have set; nothing of ours."""
    venv = Path(sys.prefix)
    return {
        "HOME": str(HOME),
        "USER": USER,
        "LOGNAME": USER,
        "PATH": f"{venv / 'bin'}:/usr/bin:/bin",
        "PYTHONPATH": str(names),
        "LANG": "C.UTF-8",
        "KERAS_BACKEND": "torch",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
        "MLFLOW_ALLOW_FILE_STORE": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "WANDB_HOST": HOST,
        "WANDB_USERNAME": USER,
        "WANDB_DISABLE_GIT": "true",
        "WANDB_X_DISABLE_STATS": "true",
        "GIT_CEILING_DIRECTORIES": "/",
        "OMP_NUM_THREADS": str(os.cpu_count() or 1),
    }


def keep(launch: Launch) -> None:
    """Copies what stays from WORK into the tree, without this machine's own paths."""
    for path in outputs(WORK / launch.folder, launch):
        source, target = WORK / launch.folder / path, TREE / launch.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        data = source.read_bytes()
        try:
            target.write_bytes(scrub(data.decode()).encode())
        except UnicodeDecodeError:
            target.write_bytes(data)


def scrub(text: str) -> str:
    """The interpreter's own folder is the only path that HOME does not cover; HOME/.venv may be a link elsewhere. The
    addresses behind a console's tips lead nowhere from here."""
    text = re.sub(r"\]\(https://[^)]*\)", "]", text)
    return text.replace(os.path.realpath(sys.prefix), sys.prefix).replace(sys.base_prefix, "/usr")


if __name__ == "__main__":
    main(sys.argv[1:])
