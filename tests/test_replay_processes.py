"""Jobs in processes of their own: whatever happens in one, its result says so and the others go on."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from reference_runs.child import CONSOLE
from reference_runs.processes import run_jobs, stored_result
from reference_runs.records import Job, JobFailed, Result

pytest.importorskip("torch", reason="jobs set the number of torch's threads")

KIND = "tests.jobs_that_end_badly"


def _job(end: str, number: int = 1, limit_s: float = 60.0) -> Job:
    return Job(KIND, {"end": end, "number": number}, limit_s=limit_s)


def test_each_job_leaves_what_became_of_it(tmp_path: Path) -> None:
    """Values, the exception's line, the signal, the time limit: read back from the folder of each job."""
    jobs = {
        "well": _job("well", 21),
        "exception": _job("exception"),
        "signal": _job("signal"),
        "exit": _job("exit"),
        "sleep": _job("sleep", limit_s=0.5),
    }
    done = list(run_jobs(list(jobs.values()), tmp_path, at_once=2))
    results = {name: stored_result(tmp_path / job.digest()) for name, job in jobs.items()}
    assert {job.digest() for job in done} == {job.digest() for job in jobs.values()}
    assert {name: (dict(r.values), r.error) for name, r in results.items() if r is not None} == {
        "well": ({"double": 42}, ""),
        "exception": ({}, "ValueError: no such thing"),
        "signal": ({}, "died with signal 9"),
        "exit": ({}, "SystemExit: 3"),
        "sleep": ({}, "timeout"),
    }
    assert (tmp_path / jobs["well"].digest() / CONSOLE).read_text() == "a line of the job\n"


def test_an_interrupt_keeps_what_is_done_and_kills_what_runs(tmp_path: Path) -> None:
    """When the caller stops, finished jobs keep their folders and unfinished ones leave none."""
    quick, slow = _job("well"), _job("sleep")
    running = run_jobs([quick, slow], tmp_path, at_once=2)
    assert next(running) == quick
    started = time.monotonic()
    running.close()
    assert time.monotonic() - started < 30
    assert [path.name for path in tmp_path.iterdir()] == [quick.digest()]


def test_equal_jobs_are_one() -> None:
    """The digest is of kind and settings alone, whatever the order of the settings."""
    one = Job("train", {"seed": 1, "learning_rate": 1e-3}, limit_s=5)
    other = Job("train", {"learning_rate": 0.001, "seed": 1}, expected_s=99, alone=True)
    assert one.digest() == other.digest()
    assert one.digest() != Job("train", {"seed": 2, "learning_rate": 1e-3}).digest()


def test_no_value_is_read_of_a_failed_job() -> None:
    """An experiment cannot take a missing value for one."""
    with pytest.raises(JobFailed, match="timeout"):
        Result({}, "timeout")["loss"]
