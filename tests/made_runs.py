"""Runs by hand, for tests of what is learnt and written: each value at its own line of `<name>/train.log`."""

from __future__ import annotations

from array import array

from scanner.learn import learn
from scanner.records import (
    Evidence,
    Issue,
    Locator,
    Observation,
    Outcome,
    Run,
    Scalar,
    Series,
    Skip,
    Snapshot,
    SourceFile,
    Value,
)

Made = tuple[Run, Outcome]


def stated(name: str, value: Scalar, path: str, line: int, raw: str | None = None) -> Observation:
    """One place's statement."""
    text = f"{name}: {value}" if raw is None else raw
    return Observation(name, name, value, text, None, None, "reported", "log_settings", Locator(path, line, line))


def made(
    name: str,
    status: str = "unknown",
    *,
    failure: str = "",
    raw: str = "",
    issues: tuple[tuple[str, str, str], ...] = (),
    copies: tuple[str, ...] = (),
    day: str = "",
    start: str = "",
    script: str = "",
    curves: dict[str, list[float]] | None = None,
    **values: Scalar,
) -> Made:
    """A run (declared if `status` is) whose log states `values` line by line; issues are (id, kind, raw).

    `start` and `day` are when it says it started and ended, `script` is the recipe it came from.
    """
    path = f"{name}/train.log"
    is_declared = status == "declared"
    found = {
        field: Value(field, stated(field, value, path, line), (), "only")
        for line, (field, value) in enumerate(values.items(), 1)
    }
    end = len(found) + 1
    because: tuple[Observation, ...] = ()
    if status == "success":
        because = (stated("steps_done", 100, path, end, "step = 100"),)
    elif status == "failed":
        because = (stated(f"failure:{failure}", failure, path, end, raw or f"error of class {failure}"),)
    series = tuple(
        Series(
            metric,
            metric,
            path,
            0,
            "plain_loop",
            steps=array("d", (float("nan") for _ in column)),
            epochs=array("d", (float(n) for n in range(1, len(column) + 1))),
            values=array("d", column),
            lines=array("q", range(100 * at, 100 * at + len(column))),
        )
        for at, (metric, column) in enumerate((curves or {}).items(), 1)
    )
    moments = (("started_at", start), ("ended_at", day))
    signals = tuple(stated(fact, at, path, end + n) for n, (fact, at) in enumerate(moments) if at)
    role = "recipe" if is_declared else "execution"
    run = Run(
        name,
        "declared" if is_declared else "executed",
        name.partition("/")[0],
        name,
        found,
        series,
        signals,
        (),
        (
            Evidence(path, role),
            *(Evidence(copy, "copy") for copy in copies),
            *((Evidence(script, "recipe"),) if script else ()),
        ),
    )
    outcome = Outcome(
        name,
        run.kind,
        "unknown" if is_declared else status,  # type: ignore[arg-type]
        {"success": "plan_reached", "failed": "fatal_error", "declared": "declared"}.get(status, "no_end_seen"),
        (failure,) if status == "failed" else (),
        because,
        missing=() if status in ("success", "failed") else ("plan", "end_message"),
        issues=tuple(
            Issue(name, kind, _lowest(series) if name == "overfitting" else Locator(path, 300 + n, 300 + n), text)
            for n, (name, kind, text) in enumerate(issues)
        ),
    )
    return run, outcome


def _lowest(series: tuple[Series, ...]) -> Locator:
    """Where the last curve has its minimum."""
    return series[-1].locator(min(range(len(series[-1])), key=lambda i: series[-1].values[i]))


def snapshot(*pairs: Made, skips: tuple[Skip, ...] = (), root: str = "agac") -> Snapshot:
    """A scan that found the runs."""
    runs, outcomes = tuple(run for run, _ in pairs), tuple(outcome for _, outcome in pairs)
    paths = sorted({evidence.path for run in runs for evidence in run.evidence})
    files = tuple(SourceFile(path, 100, "0" * 64, "utf-8", ("log_settings",), 5, 0) for path in paths)
    return Snapshot((root,), files, skips, runs, outcomes, learn(runs, outcomes, files, skips))


def a_bit_of_everything() -> Snapshot:
    """Runs in which every section has something to say."""
    gpu: dict[str, Scalar] = {"device": "cuda", "gpu_name": "NVIDIA A100", "gpu_memory_gib": 40.0}
    small: dict[str, Scalar] = {
        "model": "gpt2",
        "model_family": "GPT-2",
        "framework": "hf-trainer",
        "optimizer": "AdamW",
    }
    return snapshot(
        *(
            made(
                f"gpt2-{n}",
                "success",
                **small,
                **gpu,
                learning_rate=rate,
                batch_size=4,
                epochs=3.0,
                scheduler="cosine",
                warmup_steps=100 if n % 2 else 0,
                warmup_ratio=0.0 if n % 2 else 0.1,
                gradient_accumulation_steps=4,
                effective_batch_size=16,
                gradient_checkpointing=True,
                precision="bf16",
                dataset="oscar-tr",
                train_samples=12000,
                final_train_loss=2.34567891,
                best_metric_name="eval_accuracy",
                best_metric_value=0.5,
                day="2026-03-04T05:06:07",
            )
            for n, rate in enumerate((2e-5, 5e-5, 5e-5, 1e-4, 1e-3), 1)
        ),
        *(
            made(
                f"gpt2-oom-{n}",
                "failed",
                failure="oom_gpu",
                raw="torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.50 GiB",
                **small,
                **gpu,
                learning_rate=5e-5,
                batch_size=batch,
            )
            for n, batch in enumerate((16, 32), 1)
        ),
        made(
            "nan", "failed", failure="nan_loss", raw="loss = nan", model="tiny-net", learning_rate=0.1, optimizer="SGD"
        ),
        made(
            "kismi",
            "success",
            issues=(("overfitting", "quality", "eval_loss = 1.5"), ("exception", "fatal", "OSError: upload failed")),
            curves={"train_loss": [3.0, 2.0, 1.0], "eval_loss": [2.0, 1.5, 2.5]},
            copies=("yedek/kismi/train.log",),
            model="tiny-net",
            optimizer="SGD",
        ),
        made("yarim", issues=(("oom_gpu", "handled", "skipped batch: OOM"),), quantization="4bit", lora_r=16),
        made("tarif", "declared", model="mistral-7b", learning_rate=2e-4, optimizer="AdamW"),
        skips=(
            Skip("README.md", "crawl", "prose", ".md", 1),
            Skip(".git", "crawl", "version_control", ".git", 0),
            Skip("a.json", "extract", "malformed", "line 3", 0),
        ),
    )
