"""A kind of job for tests of processes: it ends in the way that its settings name."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def run(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """End well, with an exception, by a signal, by leaving, or not at all."""
    match settings["end"]:
        case "well":
            print("a line of the job")
            return {"double": 2 * settings["number"]}
        case "exception":
            raise ValueError("no such thing\nand a second line")
        case "signal":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            sys.exit(3)
        case "abort":
            os.abort()
        case _:
            time.sleep(60)
    return {}
