"""What a process that computes sets for itself before the first tensor."""

from __future__ import annotations

import ctypes
import os
import sys

# Parameters of glibc's mallopt, <malloc.h>.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4


OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
}
"""No job reaches a network, and none prints advice."""


def settle() -> None:
    """One thread, no network, and memory that is kept instead of returned after each step.

    A step of a small language model allocates tens of MiB of logits several times; glibc maps and unmaps each of them,
    which cost 30% of the time of a base's training. Sums of floats depend on the number of threads: one, always.
    """
    os.environ.update(OFFLINE)
    import torch

    torch.set_num_threads(1)
    if sys.platform == "linux":
        _keep_memory()


def _keep_memory() -> None:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, 1 << 30)
        mallopt(_TOP_PAD, 1 << 26)
