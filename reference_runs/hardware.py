"""The hardware and software at hand, found without loading torch into this process.

Sample: Hardware(cpu="AMD EPYC", n_cores=2, memory_gib=24.0, bf16_unit=True, gpu="", gpu_memory_gib=0.0, versions=(...))
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shutil import which

from reference_runs.records import Hardware

LIBRARIES = ("torch", "transformers", "accelerate", "peft", "bitsandbytes", "safetensors", "tokenizers")

_BF16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}
"""As /proc/cpuinfo spells them: two of x86, one of Arm."""

_ASK_CUDA = """
import json, torch
ready = torch.cuda.is_available()
p = torch.cuda.get_device_properties(0) if ready else None
print(json.dumps({"name": p.name if p else "", "gib": p.total_memory / 2**30 if p else 0.0}))
"""
_CUDA_LIMIT_S = 60


@cache
def at_hand() -> Hardware:
    """What this process may use: a container's limits count, not the machine's."""
    gpu, gpu_memory_gib = _gpu()
    return Hardware(
        cpu=_cpu_name(),
        n_cores=_cores(),
        memory_gib=round(_memory_bytes() / 2**30, 1),
        bf16_unit=_has_bf16_unit(),
        gpu=gpu,
        gpu_memory_gib=round(gpu_memory_gib, 1),
        versions=tuple(_versions()),
    )


def _versions() -> Iterable[tuple[str, str]]:
    yield "python", platform.python_version()
    for name in LIBRARIES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue


def _cores() -> int:
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _first_line("/sys/fs/cgroup/cpu.max").split()  # "200000 100000", or "max 100000"
    if len(quota) == 2 and quota[0].isdigit():
        return max(1, min(allowed, int(quota[0]) // int(quota[1])))
    old_quota, period = _first_line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), "/sys/fs/cgroup/cpu/cpu.cfs_period_us"
    if old_quota.isdigit() and _first_line(period).isdigit():
        return max(1, min(allowed, int(old_quota) // int(_first_line(period))))
    return allowed


def _memory_bytes() -> int:
    whole = 0
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        limit = _first_line(path)
        if limit.isdigit():
            return min(whole, int(limit)) if whole else int(limit)
    return whole


def _cpu_name() -> str:
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return _sysctl("machdep.cpu.brand_string") or platform.processor() or platform.machine()


def _has_bf16_unit() -> bool:
    for line in _lines("/proc/cpuinfo"):
        if line.startswith(("flags", "Features")):
            return bool(_BF16_FLAGS & set(line.partition(":")[2].split()))
    return _sysctl("hw.optional.arm.FEAT_BF16") == "1"


def _gpu() -> tuple[str, float]:
    """Name and GiB of the first CUDA device that torch can use, asked in a process of its own; ("", 0.0) if none."""
    signs = [*Path("/dev").glob("nvidia[0-9]*"), *Path("/dev").glob("kfd"), *Path("/dev").glob("dxg")]
    if not signs and which("nvidia-smi") is None:
        return "", 0.0
    try:
        asked = subprocess.run(
            [sys.executable, "-c", _ASK_CUDA], capture_output=True, text=True, timeout=_CUDA_LIMIT_S, check=True
        )
        found = json.loads(asked.stdout.strip().split("\n")[-1])
    except (subprocess.SubprocessError, OSError, ValueError):
        return "", 0.0
    return found["name"], found["gib"]


def _sysctl(name: str) -> str:
    if platform.system() != "Darwin":
        return ""
    done = subprocess.run(["sysctl", "-n", name], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text("utf-8", "replace").split("\n")
    except OSError:
        return []


def _first_line(path: str) -> str:
    lines = _lines(path)
    return lines[0].strip() if lines else ""
