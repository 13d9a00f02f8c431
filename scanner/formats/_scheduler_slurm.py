"""SLURM: what its daemons and `srun` print into a job's output, and reports of `seff`, `sacct`, `scontrol` in a log.

    slurmstepd: error: *** STEP 22412.0 ON node7 CANCELLED AT 2024-04-13T10:11:12 DUE TO TIME LIMIT ***
    srun: error: node7: task 0: Exited with exit code 1
    State: OUT_OF_MEMORY (exit code 0)                                  (seff)
    22412    train    gpu    acc    8    FAILED    1:0                  (sacct, below its header)

A report counts only where it speaks of one job: a listing tells of many.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scanner.formats._base import Stated
from scanner.formats._scheduler_reports import exit_code

HINTS = ("slurmstepd", "srun: ", "slurm_", "State: ", "JobState=", "JobID", "SLURM")

_CANCEL = re.compile(
    r"(?:slurmstepd|srun|slurmd)\S*: error: \*\*\* (?:JOB|STEP) (?P<job>\d+)(?:[._]\w+)* ON \S+"
    r" CANCELLED AT (?P<at>[\d\-T:]+)"
    r"(?P<why>[^*]{0,60})\*\*\*"
)
_REASONS = {
    "time limit": "timeout",
    "preemption": "preempted",
    "node failure": "node_fail",
    "job requeue": "requeued",
    "task failure": "failed",
}
_OOM = re.compile(
    r"(?:slurmstepd|srun)\S*: error: .{0,120}"
    r"(?:oom[-_ ]kill|Out Of Memory|OUT_OF_MEMORY|exceeded memory limit .{0,40}being killed)",
    re.IGNORECASE,
)
_TASK = re.compile(
    r"srun: error: \S+: tasks? [\d,\-]+: (?:Exited with exit code (?P<code>\d+)|(?P<signal>Killed|Terminated))"
)

_SEFF = re.compile(r"^State: (?P<state>[A-Z_]{4,20}) \(exit code (?P<code>\d+)\)\s*$")
_SEFF_JOB = re.compile(r"^(?:Array )?Job ID: (?P<job>\d+)")
_SCONTROL = re.compile(r"(?:^|\s)JobState=(?P<state>[A-Z_]{4,20})(?:\s|$)")
_SCONTROL_JOB = re.compile(r"(?:^|\s)JobId=(?P<job>\d+)")
_RULE = re.compile(r"^-{3,}(?: +-{3,})+\s*$")
_STATES = (
    "COMPLETED",
    "FAILED",
    "CANCELLED",
    "TIMEOUT",
    "OUT_OF_MEMORY",
    "NODE_FAIL",
    "PREEMPTED",
    "BOOT_FAIL",
    "DEADLINE",
)
_KILLS = frozenset({"CANCELLED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "DEADLINE"})


def message(line: str, number: int) -> Iterator[Stated]:
    """Cancellations, kills for memory, and exits of tasks."""
    raw = line.strip()
    cancel = _CANCEL.search(line)
    if cancel:
        why = cancel["why"].strip().lower().removeprefix("due to ")
        state = _REASONS.get(why, "cancelled")
        raw = cancel.group()
        yield Stated("job_id", cancel["job"], number, "fact", raw=raw)
        yield Stated("ended_at", cancel["at"], number, "fact", raw=raw)
        yield Stated("tracker_status", f"slurm:{state}", number, "fact", raw=raw)
        # A task that failed takes its step with it: nobody killed the job.
        if state != "failed":
            yield Stated("failure:killed", True, number, "mark", raw=raw)
    elif _OOM.search(line):
        yield Stated("failure:oom_host", True, number, "mark", raw=raw)
    elif task := _TASK.search(line):
        if task["code"]:
            yield exit_code(int(task["code"]), number, raw)
        else:
            yield Stated("failure:killed", task["signal"], number, "mark", raw=raw)


def reports(lines: Sequence[str]) -> Iterator[Stated]:
    """States that `seff`, `scontrol show job` and `sacct` tell of the one job they speak of."""
    states: list[tuple[str, int, str]] = []
    jobs: set[str] = set()
    for number, line in enumerate(lines, 1):
        if line.startswith("State: ") and (found := _SEFF.match(line)):
            states.append((found["state"], number, line.strip()))
        elif "JobState=" in line and (found := _SCONTROL.search(line)):
            states.append((found["state"], number, line.strip()))
        elif "Job ID: " in line and (found := _SEFF_JOB.match(line)):
            jobs.add(found["job"])
        elif line.startswith("---") and _RULE.match(line) and number > 1:
            for state, at, job in _sacct(lines, number):
                states.append((state, at, lines[at - 1].strip()))
                jobs.add(job)
        if "JobId=" in line and (found := _SCONTROL_JOB.search(line)):
            jobs.add(found["job"])
    if len(jobs) == 1:
        for state, number, raw in states:
            yield from _state(state, number, raw)


def _sacct(lines: Sequence[str], rule: int) -> Iterator[tuple[str, int, str]]:
    """(state, line, job) of the rows below a header's rule; steps (`22412.batch`) are left out."""
    header = lines[rule - 2].split()
    if "State" not in header or header[0] != "JobID":
        return
    ends = [part.end() for part in re.finditer(r"-+", lines[rule - 1])]
    starts = [0, *(end + 1 for end in ends)]
    column = header.index("State")
    if column >= len(ends):
        return
    for number in range(rule + 1, len(lines) + 1):
        row = lines[number - 1]
        if not row[:1].isdigit():
            return
        job = row[: ends[0]].strip()
        state = row[starts[column] : ends[column]].strip().split(" ")[0].rstrip("+")
        full = next((name for name in _STATES if len(state) >= 4 and name.startswith(state)), "")
        if job.isdigit() and full:
            yield full, number, job


def _state(state: str, number: int, raw: str) -> Iterator[Stated]:
    yield Stated("tracker_status", f"slurm:{state.lower()}", number, "fact", raw=raw)
    if state == "OUT_OF_MEMORY":
        yield Stated("failure:oom_host", True, number, "mark", raw=raw)
    elif state in _KILLS:
        yield Stated("failure:killed", state, number, "mark", raw=raw)
