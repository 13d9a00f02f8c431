"""The process of one job: it leaves `result.json` and what it printed, `console.log`, in the job's folder.

Whatever happens in it, an exception, an abort inside torch, a kill for memory, stays in it: the parent reads the
result or, where there is none, the signal that ended the process.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from reference_runs.settled import settle

RESULT, CONSOLE = "result.json", "console.log"


def work(kind: str, settings: Mapping[str, Any], folder: str) -> None:
    """Run a job in this process and leave its result; the entry of a child process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    _print_to(Path(folder) / CONSOLE)
    started = time.monotonic()
    values: Mapping[str, Any] = {}
    error = ""
    try:
        settle()
        module = import_module(kind if "." in kind else f"reference_runs.jobs.{kind}")
        values = module.run(settings, Path(folder))
    except BaseException as failure:
        traceback.print_exc()
        error = last_line(failure)
    sys.stdout.flush()
    sys.stderr.flush()
    leave(Path(folder), values, error, time.monotonic() - started)


def last_line(failure: BaseException) -> str:
    """An exception as the last line of its traceback starts: "ValueError: You cannot ..."."""
    lines = traceback.format_exception_only(failure)[-1].strip().split("\n")
    return lines[0].strip()


def leave(folder: Path, values: Mapping[str, Any], error: str, seconds: float) -> None:
    """Write a result by one rename: it is there whole, or not at all."""
    part = folder / f".{RESULT}.part"
    part.write_text(json.dumps({"values": values, "error": error, "seconds": round(seconds, 3)}, indent=1) + "\n")
    os.replace(part, folder / RESULT)


def _print_to(path: Path) -> None:
    """Send what this process prints, also what C++ prints, to a file."""
    stream = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(stream, 1)
    os.dup2(stream, 2)
    os.close(stream)
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
