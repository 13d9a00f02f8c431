"""Folders that the Trainer writes: which one is the execution's."""

from __future__ import annotations

import re

_CHECKPOINT = re.compile(r"(?:^|/)(?:(?:tmp-)?checkpoint-\d+|last-checkpoint)$")


def run_folder(folder: str) -> str:
    """The output folder, whether the file stands in it or in one of its checkpoints."""
    match = _CHECKPOINT.search(folder)
    return folder[: match.start()] if match else folder
