"""Jobs in processes of their own: some at a time, timings alone, each with a time limit."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from reference_runs.child import RESULT, leave, work
from reference_runs.records import Job, Result

JOB = "job.json"


@dataclass(slots=True)
class _Running:
    job: Job
    process: BaseProcess
    until: float


def run_jobs(jobs: Sequence[Job], runs: Path, at_once: int) -> Iterator[Job]:
    """Run jobs, each into `runs/<digest>/`, and yield each when its result is there.

    `at_once` processes at a time, the longest jobs first; jobs that must be alone come last, one by one. When the
    caller stops iterating, what is running is killed and leaves nothing.
    """
    context = multiprocessing.get_context("forkserver" if _has_forkserver() else "spawn")
    if _has_forkserver():
        context.set_forkserver_preload(["reference_runs.preloaded"])
    waiting = sorted(jobs, key=lambda job: (job.alone, -job.expected_s, job.digest()))
    running: list[_Running] = []
    try:
        while waiting or running:
            while waiting and _may_start(waiting[0], running, at_once):
                running.append(_start(context, waiting.pop(0), runs))
            for done in _ended(running):
                running.remove(done)
                _settle(done, runs / done.job.digest())
                yield done.job
    finally:
        for left in running:
            left.process.kill()
            left.process.join()
            shutil.rmtree(runs / left.job.digest(), ignore_errors=True)


def stored_result(folder: Path) -> Result | None:
    """What a job left in its folder; None when it did not end."""
    try:
        row = json.loads((folder / RESULT).read_text("utf-8"))
        return Result(row["values"], row["error"], row["seconds"])
    except (OSError, ValueError, KeyError):
        return None


def _has_forkserver() -> bool:
    return "forkserver" in multiprocessing.get_all_start_methods()


def _may_start(job: Job, running: Sequence[_Running], at_once: int) -> bool:
    return not running or (len(running) < at_once and not job.alone and not running[0].job.alone)


def _start(context: Any, job: Job, runs: Path) -> _Running:
    folder = runs / job.digest()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / JOB).write_text(json.dumps(_described(job), indent=1, sort_keys=True) + "\n", "utf-8")
    process = context.Process(target=work, args=(job.kind, dict(job.settings), str(folder)), daemon=False)
    process.start()
    return _Running(job, process, time.monotonic() + job.limit_s)


def _described(job: Job) -> Mapping[str, Any]:
    return {"kind": job.kind, "settings": job.settings}


def _ended(running: Sequence[_Running]) -> list[_Running]:
    """Wait until a process ends or its time is over."""
    rest = min(each.until for each in running) - time.monotonic()
    wait([each.process.sentinel for each in running], timeout=max(0.0, rest))
    return [each for each in running if not each.process.is_alive() or time.monotonic() >= each.until]


def _settle(done: _Running, folder: Path) -> None:
    """See that an ended job has a result, also one that was stopped or died."""
    if done.process.is_alive():
        done.process.kill()
        done.process.join()
        leave(folder, {}, "timeout", done.job.limit_s)
        return
    done.process.join()
    if stored_result(folder) is None:
        code = done.process.exitcode or 0
        leave(folder, {}, f"died with signal {-code}" if code < 0 else f"exit code {code}", 0.0)
