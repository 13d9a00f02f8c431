"""Changes to a tree for rescans, and their undoing: a line break at the end of one file in a hundred."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

SHARE = 0.01
SETTLE_S = 2.5
"""A file that is younger than two seconds is read again by the next scan, too."""


class Edits:
    """The files of a tree, and the sizes that they had."""

    def __init__(self, tree: Path) -> None:
        self._files = sorted(os.path.join(folder, name) for folder, _, names in os.walk(tree) for name in names)
        self._sizes: dict[str, int] = {}

    def change(self, seed: int) -> None:
        """Change a hundredth of the files, others for another seed, and wait until they count as settled."""
        for path in random.Random(seed).sample(self._files, max(1, round(SHARE * len(self._files)))):
            self._sizes.setdefault(path, os.path.getsize(path))
            with open(path, "ab") as stream:
                stream.write(b"\n")
        time.sleep(SETTLE_S)

    def undo(self) -> None:
        """Give every changed file the bytes that it had."""
        for path, size in self._sizes.items():
            os.truncate(path, size)
