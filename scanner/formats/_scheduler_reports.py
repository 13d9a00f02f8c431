"""LSF, PBS and Torque, Grid Engine, HTCondor, Kubernetes: the lines of their reports that tell how a job ended.

    TERM_RUNLIMIT: job killed after reaching LSF run time limit.            Exited with exit code 140.
    =>> PBS: job killed: walltime 3605 exceeded limit 3600                  Exit_status=271
    Job 12345 (train) Aborted          Exit Status      = 137               exit_status  137
    005 (12345.000.000) 2024-03-04 12:00:00 Job terminated.                 (1) Normal termination (return value 1)
          Reason:       OOMKilled

PBS writes 256 and the number of the signal where one ended the job. A limit of memory that was exceeded is the host's.
The job's number in a closing report is not read: a number means that a job begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import Stated

_LSF = ("LSF", "TERM_", "Exited with", "Exited by", "Successfully completed", "Job <", "Subject:")
_TIMES = ("Started at ", "Terminated at ")
_PBS_AND_SGE = ("PBS", "Exit", "exit_status", "failed ", "hard limit", "hard wallclock")
_CONDOR = (".000) ", "ermination (", "memory limit")
HINTS = (*_LSF, *_TIMES, *_PBS_AND_SGE, *_CONDOR, "OOMKilled", "command terminated with")

_LSF_END = re.compile(
    r"^(?:Exited with exit code (?P<code>\d+)\.|Exited by signal (?P<signal>\d+)\.|(?P<done>Successfully completed\.)"
    r"|(?P<term>TERM_\w+): )"
)
_LSF_JOB = re.compile(r"^(?:Subject: Job |Job <)(?P<job>\d+)")
_LSF_TIME = re.compile(r"^(?P<which>Started|Terminated) at (?P<at>.{10,40})$")
_PBS_KILL = re.compile(r"^\s*=>> PBS: job killed: (?P<why>.{1,80})")
_EXIT = re.compile(
    r"^\s*(?:Exit[ _][Ss]tatus\s*[:=]\s*|Exit [Vv]alue\s*[:=]\s*|exit_status\s+)(?P<code>-?\d+)\s*(?:\(.{0,60}\))?\s*$"
)
_SGE_LIMIT = re.compile(
    r"^\s*failed\s+\d+\s*: (?P<why>qmaster enforced .{1,60})$"
    r"|\bjob \d+(?:\.\d+)? (?:exceeds|exceeded) (?P<limit>job (?:hard|master hard) limit \"\w+\"|hard wallclock time)"
)
_SGE_MEMORY = re.compile(r"\"(?:h_vmem|h_rss|h_data)\"")
_CONDOR_END = re.compile(
    r"^\s*\([01]\) (?:Normal termination \(return value (?P<code>\d+)\)"
    r"|Abnormal termination \(signal (?P<signal>\d+)\))"
)
_CONDOR_EVENT = re.compile(
    r"^(?P<event>001|004|005|009) \(\d+\.\d{3}\.\d{3}\) (?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)"
    r" Job (?:executing|was |terminated)"
)
_CONDOR_MEMORY = re.compile(r"^\s*(?:Error from \S+: )?.{0,60}[Jj]ob has gone over (?:cgroup )?memory limit of")
_SHELL_BASE, _PBS_BASE, _LAST_SIGNAL = 128, 256, 31
_KUBECTL = re.compile(r"^command terminated with exit code (?P<code>\d+)\s*$")
_KUBERNETES = re.compile(r"^\s+(?:Reason:|reason:)\s+OOMKilled\s*$")


def line(text: str, number: int) -> Iterator[Stated]:
    """Kills, exit codes, and times of begin and end that one line tells."""
    raw = text.strip()
    yield from _lsf(text, number, raw)
    yield from _pbs_and_sge(text, number, raw)
    yield from _condor(text, number, raw)
    if _KUBERNETES.match(text):
        yield Stated("failure:oom_host", True, number, "mark", raw=raw)
    elif end := _KUBECTL.match(text):
        yield exit_code(int(end["code"]), number, raw)


def exit_code(code: int, number: int, raw: str) -> Stated:
    """The code, or the signal that a shell (128 and its number) or PBS (256 and its number) reports in its place."""
    for base in (_PBS_BASE, _SHELL_BASE):
        if base < code <= base + _LAST_SIGNAL:
            return signal(code - base, number, raw)
    return Stated("exit_code", code, number, "fact", raw=raw)


def signal(which: int, number: int, raw: str) -> Stated:
    """The signal that ended a job."""
    return Stated("tracker_status", f"job:signal_{which}", number, "fact", raw=raw)


def _lsf(text: str, number: int, raw: str) -> Iterator[Stated]:
    if job := _LSF_JOB.match(text):
        yield Stated("job_id", job["job"], number, "fact", raw=raw)
    if time := _LSF_TIME.match(text):
        key = "started_at" if time["which"] == "Started" else "ended_at"
        yield Stated(key, time["at"].strip(), number, "fact", raw=raw)
    end = _LSF_END.match(text)
    if end and end["term"]:
        failure = "oom_host" if end["term"] in ("TERM_MEMLIMIT", "TERM_SWAP") else "killed"
        yield Stated(f"failure:{failure}", end["term"], number, "mark", raw=raw)
    elif end and end["signal"]:
        yield signal(int(end["signal"]), number, raw)
    elif end:
        yield exit_code(int(end["code"] or 0), number, raw)


def _pbs_and_sge(text: str, number: int, raw: str) -> Iterator[Stated]:
    if kill := _PBS_KILL.match(text):
        failure = "oom_host" if re.match(r"(?:p?v)?mem\b", kill["why"]) else "killed"
        yield Stated(f"failure:{failure}", kill["why"], number, "mark", raw=raw)
    elif limit := _SGE_LIMIT.search(text):
        failure = "oom_host" if _SGE_MEMORY.search(text) else "killed"
        yield Stated(f"failure:{failure}", limit["why"] or limit["limit"], number, "mark", raw=raw)
    elif end := _EXIT.match(text):
        yield exit_code(int(end["code"]), number, raw)


def _condor(text: str, number: int, raw: str) -> Iterator[Stated]:
    if event := _CONDOR_EVENT.match(text):
        if event["event"] == "001":
            yield Stated("started_at", event["at"], number, "fact", raw=raw)
        elif event["event"] in ("004", "009"):
            state = "evicted" if event["event"] == "004" else "aborted"
            yield Stated("tracker_status", f"htcondor:{state}", number, "fact", raw=raw)
        else:
            yield Stated("ended_at", event["at"], number, "fact", raw=raw)
    elif end := _CONDOR_END.match(text):
        yield exit_code(int(end["code"]), number, raw) if end["code"] else signal(int(end["signal"]), number, raw)
    elif _CONDOR_MEMORY.match(text):
        yield Stated("failure:oom_host", True, number, "mark", raw=raw)
