"""The program that a tracker recorded, without the part of its path that is a person's machine."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import Stated

_EVALUATES = re.compile(r"(?:^|[_-])(?:test|eval|evaluate|evaluation|inference|infer|predict|zero_?shot)(?:$|[_.-])")
_TRAINS = re.compile(r"train|finetun|fine_tun")
_NO_PROGRAM = frozenset(
    {"ipykernel_launcher.py", "colab_kernel_launcher.py", "__main__.py", "<python with no main file>"}
)


def stated(written: str, line: int, pointer: str = "") -> Iterator[Stated]:
    """The program, and whether its name says that it evaluates.

    Of an absolute path the last three parts are kept, of a short one (`/home/me/train.py`) the last alone.
    """
    parts = written.strip().replace("\\", "/").split("/")
    if not parts[-1] or parts[-1] in _NO_PROGRAM:
        return
    is_absolute = parts[0] == "" or parts[0].endswith(":")
    kept = (parts[-3:] if len(parts) > 6 else parts[-1:]) if is_absolute else parts
    name = "/".join(kept)
    yield Stated("program", name, line, "fact", origin="reported", pointer=pointer, raw=name)
    last = parts[-1].lower()
    if _EVALUATES.search(last) and not _TRAINS.search(last):
        yield Stated("evaluates", parts[-1], line, "fact", origin="reported", pointer=pointer, raw=parts[-1])
