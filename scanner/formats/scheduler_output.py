"""What schedulers write around and into a job's output: SLURM (also pasted `seff` and `sacct`), LSF, PBS and Torque,
Grid Engine, HTCondor, Kubernetes.

    slurmstepd: error: *** JOB 22412 ON node7 CANCELLED AT 2024-04-13T10:11:12 DUE TO TIME LIMIT ***
    Sender: LSF System <lsfadmin@node>      Exited with exit code 1.      Successfully completed.

A file's own name tells its job too: `slurm-12345.out`, `train.o12345`, `job_12345.err`. The time of the whole job is
not the training's; limits that were asked for and resources that were used say nothing of how it ended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats import _scheduler_reports as reports
from scanner.formats import _scheduler_slurm as slurm
from scanner.formats._base import Document, Stated
from scanner.formats._shapes import shape_of

ID = "scheduler_output"
DESCRIPTION = "Prologs, epilogs and kill messages of SLURM, LSF, PBS, Grid Engine, HTCondor and Kubernetes"
SAMPLE = "slurmstepd: error: *** JOB 22412 ON node7 CANCELLED AT 2024-04-13T10:11:12 DUE TO TIME LIMIT ***"

_JOB_FILE = re.compile(r"(?:^|[-_.])(?:slurm-?|job[-_]?|[oe])(?P<job>\d{3,12})(?:[_.]\d+)?(?:\.\w+)?$", re.IGNORECASE)
_HINT = re.compile("|".join(map(re.escape, (*slurm.HINTS, *reports.HINTS))))

_HINT_SHAPE = re.compile("|".join(re.escape(shape_of(hint)) for hint in (*slurm.HINTS, *reports.HINTS)))


def wants(document: Document) -> bool:
    """Logs; most are told by a hint within a line."""
    return document.kind == "log" and not document.is_embedded


def read(document: Document) -> Iterator[Stated]:
    """Job ids, kills, exit codes, states, and times of begin and end."""
    jobs: set[object] = set()
    named = _JOB_FILE.search(document.name)
    if named and document.lines:
        jobs.add(named["job"])
        yield Stated("job_id", named["job"], 1, "fact", raw=document.name)
    if not document.mentions(*slurm.HINTS, *reports.HINTS):
        return
    shapes = document.shapes()
    hinted = {number for number, text in enumerate(shapes.texts) if _HINT_SHAPE.search(text)}
    for number, (line, shape) in enumerate(zip(document.lines, shapes.of, strict=True), 1):
        if shape in hinted and _HINT.search(line):
            for stated in (*slurm.message(line, number), *reports.line(line, number)):
                if stated.key == "job_id":
                    # Said again, it would look like another job's begin.
                    if stated.value in jobs:
                        continue
                    jobs.add(stated.value)
                yield stated
    yield from slurm.reports(document.lines)
