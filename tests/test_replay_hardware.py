"""The hardware at hand: found without torch, within a container's limits."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version

from reference_runs.hardware import at_hand


def test_what_is_at_hand() -> None:
    """Cores are those this process may use, versions those that are installed."""
    found = at_hand()
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    assert 1 <= found.n_cores <= allowed
    assert found.memory_gib > 0
    assert found.cpu
    assert bool(found.gpu) == (found.gpu_memory_gib > 0)
    assert dict(found.versions)["python"].split(".")[:2] == [str(part) for part in sys.version_info[:2]]
    assert all(name == "python" or version(name) == number for name, number in found.versions)


def test_no_torch_is_loaded_to_find_it() -> None:
    """Listing claims and planning a replay must answer at once."""
    code = (
        "import sys, reference_runs.replay, reference_runs.hardware as h; h.at_hand();"
        "print([m for m in ('torch', 'transformers', 'peft', 'bitsandbytes') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
