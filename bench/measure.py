"""One command and all that it starts: wall clock, processor time and memory, read from /proc while it runs."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

INTERVAL_S = 0.02
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""A program that compiles itself anew at every start is not what a user has; the first round leaves its bytecode."""
_TICK = os.sysconf("SC_CLK_TCK")
_STAT_SESSION, _STAT_USER = 3, 11
"""Places of fields in /proc/PID/stat behind the process' name."""


class Cost(NamedTuple):
    """What one run cost."""

    wall_s: float
    cpu_s: float
    """User and system time of all processes; of one that ends between two looks, what the last look saw."""
    memory_mb: float
    """The highest sum of private and shared anonymous memory of all processes, each page counted once."""


def run(command: Sequence[str | Path], with_memory: bool = False) -> Cost:
    """Run a command with its output thrown away. Raises CalledProcessError unless it ends with 0 or 1 (rg: no match)."""
    began = time.perf_counter()
    process = subprocess.Popen(
        list(map(str, command)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=_ENVIRONMENT,
    )
    ticks: dict[int, int] = {}
    most = 0
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        members = _members(process.pid)
        ticks.update(members)
        if with_memory:
            most = max(most, sum(map(_anonymous_kb, members)))
        time.sleep(INTERVAL_S)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise subprocess.CalledProcessError(process.returncode, list(map(str, command)))
    others = sum(n for member, n in ticks.items() if member != process.pid) / _TICK
    return Cost(wall, max(usage.ru_utime + usage.ru_stime, others + ticks.get(process.pid, 0) / _TICK), most / 1000)


def _members(session: int) -> dict[int, int]:
    """Process of a session -> ticks of processor time that it has used."""
    found: dict[int, int] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="latin-1") as stream:
                    fields = stream.read().rpartition(")")[2].split()
            except OSError:
                continue  # it has just ended
            if int(fields[_STAT_SESSION]) == session:
                found[int(entry)] = int(fields[_STAT_USER]) + int(fields[_STAT_USER + 1])
    return found


def _anonymous_kb(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as stream:
            lines = stream.readlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Pss_Anon:", "Pss_Shmem:")))
