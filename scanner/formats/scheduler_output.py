"""What schedulers write around and into a job's output: SLURM, LSF, SGE, PBS.

    slurmstepd: error: *** JOB 22412 ON node7 CANCELLED AT 2024-04-13T10:11:12 DUE TO TIME LIMIT ***
    Sender: LSF System <lsfadmin@node>      Exited with exit code 1.      Successfully completed.

A file's own name tells its job too: `slurm-12345.out`, `train.o12345`, `job_12345.err`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import Document, Stated

ID = "scheduler_output"
DESCRIPTION = "Prologs, epilogs and kill messages of SLURM, LSF, SGE and PBS"
SAMPLE = "slurmstepd: error: *** JOB 22412 ON node7 CANCELLED AT 2024-04-13T10:11:12 DUE TO TIME LIMIT ***"

_SLURM_KILL = re.compile(
    r"(?:slurmstepd|srun): error: \*\*\* (?:JOB|STEP) (?P<job>\d+)(?:\.\w+)? ON \S+ CANCELLED AT (?P<at>[\d\-T:]+)"
    r"(?P<why>[^*]{0,60})\*\*\*"
)
_SLURM_OOM = re.compile(
    r"(?:slurmstepd|srun): error: .{0,120}(?:oom[-_ ]kill|Out Of Memory|OUT_OF_MEMORY)", re.IGNORECASE
)
_LSF_END = re.compile(
    r"^(?:Exited with exit code (?P<code>\d+)\.|(?P<done>Successfully completed\.)|(?P<term>TERM_\w+): )"
)
_LSF_JOB = re.compile(r"^(?:Subject: Job |Job <)(?P<job>\d+)")
_LSF_TIME = re.compile(r"^(?P<which>Started|Terminated) at (?P<at>.{10,40})$")
_PBS = re.compile(r"^\s*(?:=>> PBS: job killed: (?P<why>.{1,80})|Exit [Ss]tatus:?\s*(?P<code>-?\d+))")
_SGE = re.compile(r"^\s*(?:exit_status|failed)\s+(?P<code>-?\d+)\s*$")
_JOB_FILE = re.compile(r"(?:^|[-_.])(?:slurm-?|job[-_]?|[oe])(?P<job>\d{3,12})(?:[_.]\d+)?(?:\.\w+)?$", re.IGNORECASE)
_HINTS = (
    "slurm",
    "srun",
    "LSF",
    "PBS",
    "TERM_",
    "Exited with",
    "Successfully completed",
    "exit_status",
    "Exit ",
    "Job <",
    "Subject:",
    "Started at ",
    "Terminated at ",
)

_HINT = re.compile("|".join(map(re.escape, _HINTS)))


def wants(document: Document) -> bool:
    """Logs; most are told by a hint within a line."""
    return document.kind == "log" and not document.is_embedded


def read(document: Document) -> Iterator[Stated]:
    """Job ids, kills, exit codes, and times of begin and end."""
    named = _JOB_FILE.search(document.name)
    if named and document.lines:
        yield Stated("job_id", named["job"], 1, "fact", raw=document.name)
    if not document.mentions(*_HINTS):
        return
    for number, line in enumerate(document.lines, 1):
        if not _HINT.search(line):
            continue
        yield from _slurm(line, number)
        yield from _others(line, number)


def _slurm(line: str, number: int) -> Iterator[Stated]:
    kill = _SLURM_KILL.search(line)
    if kill:
        raw = kill.group()
        why = kill["why"].strip().lower()
        yield Stated("job_id", kill["job"], number, "fact", raw=raw)
        yield Stated("ended_at", kill["at"], number, "fact", raw=raw)
        yield Stated(
            "tracker_status", "slurm:timeout" if "time limit" in why else "slurm:cancelled", number, "fact", raw=raw
        )
        yield Stated("failure:killed", True, number, "mark", raw=raw)
    elif _SLURM_OOM.search(line):
        yield Stated("failure:oom_host", True, number, "mark", raw=line.strip())


def _others(line: str, number: int) -> Iterator[Stated]:
    job = _LSF_JOB.match(line)
    if job:
        yield Stated("job_id", job["job"], number, "fact", raw=line.strip())
    time = _LSF_TIME.match(line)
    if time:
        key = "started_at" if time["which"] == "Started" else "ended_at"
        yield Stated(key, time["at"].strip(), number, "fact", raw=line.strip())
    end = _LSF_END.match(line)
    if end and end["term"]:
        yield Stated("failure:killed", end["term"], number, "mark", raw=line.strip())
    elif end:
        yield Stated("exit_code", int(end["code"] or 0), number, "fact", raw=line.strip())
    pbs = _PBS.match(line)
    if pbs and pbs["why"]:
        yield Stated("failure:killed", pbs["why"], number, "mark", raw=line.strip())
    code = pbs["code"] if pbs else None
    sge = _SGE.match(line)
    if code is None and sge:
        code = sge["code"]
    if code is not None:
        yield Stated("exit_code", int(code), number, "fact", raw=line.strip())
