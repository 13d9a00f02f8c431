"""How long 20,000 runs take to learn from and to write, and how much memory: `python tests/bench_20000_runs.py [N]`.

Synthetic runs with curves, failures, times, scripts, GPUs; stored first: what is measured is what `report` does.
The bounds are 20 s and 1 GB.
"""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scanner.records import Scalar

SECONDS, MEGABYTES = 20, 1000


def make(n: int, out: Path) -> None:
    """Store a scan of n runs."""
    from scanner import store
    from tests.made_runs import made, snapshot

    chance = random.Random(5)
    pairs = []
    for at in range(n):
        status = chance.choices(["success", "failed", "unknown", "declared"], [30, 25, 25, 20])[0]
        name = f"proje{at % 300}/kosu{at}"
        values: dict[str, Scalar] = {
            "model": chance.choice(["gpt2", "bert-base", "llama-7b", "yolov8n", "resnet50", f"ozel-{at % 400}"]),
            "optimizer": chance.choice(["AdamW", "Adam", "SGD", "Lion"]),
            "learning_rate": 10 ** chance.uniform(-6, 0),
            "batch_size": 2 ** chance.randrange(9),
            "scheduler": chance.choice(["cosine", "linear", "constant"]),
            "epochs": float(chance.randrange(1, 50)),
            "device": chance.choice(["cuda", "cpu"]),
            "gpu_name": chance.choice(["NVIDIA A100", "Tesla T4", "RTX 3090"]),
            "gpu_memory_gib": chance.choice([16.0, 24.0, 40.0]),
            "dataset": f"veri-{at % 90}",
            "train_samples": chance.randrange(100, 10**6),
            "duration_s": chance.uniform(10, 1e5),
            "steps_done": chance.randrange(10, 10**5),
        }
        kept = {key: value for key, value in values.items() if chance.random() < 0.7}
        start = f"2026-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}T{chance.randrange(24):02d}:00:00"
        loss = [4.0 / (1 + k) + chance.random() / 10 for k in range(20)]
        issues = (("overfitting", "quality", "eval_loss"),) if status == "success" and chance.random() < 0.1 else ()
        pairs.append(
            made(
                name,
                status,
                failure=chance.choice(["oom_gpu", "nan_loss", "import_error", "killed", "data_error"]),
                issues=issues,
                start=start if chance.random() < 0.6 else "",
                script=f"proje{at % 300}/train.py" if chance.random() < 0.5 else "",
                curves={"train_loss": loss, "eval_loss": [x + 0.1 for x in loss]} if status != "declared" else None,
                **kept,
            )
        )
    found = snapshot(*pairs)
    rows = store.intake_rows(found.files, found.skips, (), (s for run in found.runs for s in run.series))
    rows |= store.run_rows(found.runs, found.outcomes, {}, 1) | store.learning_rows(found.learnings)
    store.save(out, rows, found.roots)


def measure(out: Path) -> None:
    """Load, learn, write; prints each and the peak of memory."""
    from scanner import learn, report, store
    from scanner.report.plots import charts_of
    from scanner.report.render import render
    from scanner.report.view import make_document
    from scanner.settings import Settings

    at = time.perf_counter()
    found = store.load(out)
    loaded = time.perf_counter()
    learn.learn(found.runs, found.outcomes, found.files, found.skips)
    learnt = time.perf_counter()
    document = make_document(found)
    text = render(document, frozenset(charts_of(document, found)), "seed")
    rendered = time.perf_counter()
    print(f"load {loaded - at:.1f} s, learn {learnt - loaded:.1f} s, document {rendered - learnt:.1f} s", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"document alone: {rendered - at:.1f} s, {peak:.0f} MB, {len(text.splitlines())} lines", flush=True)
    report.write_report(found, Settings((), out), out)
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    total = done - at - (rendered - learnt)
    size = (out / "learnings" / "index.html").stat().st_size / 1e6
    print(f"with charts and page ({size:.1f} MB): {total:.1f} s (limit {SECONDS}), {peak:.0f} MB (limit {MEGABYTES})")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))
    if sys.argv[1:2] == ["measure"]:
        measure(Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            make(int(sys.argv[1]) if sys.argv[1:] else 20_000, Path(folder))
            # A process of its own: the peak of memory is then that of the measured work alone.
            subprocess.run([sys.executable, __file__, "measure", folder], check=True)
