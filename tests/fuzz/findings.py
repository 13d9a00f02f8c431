"""What broke a promise: one folder a kind of defect, with the input and the traceback."""

from __future__ import annotations

import hashlib
from pathlib import Path


def keep(out: Path, name: str, path: str, data: bytes, why: str) -> None:
    """Write a finding of a target to `out`; `path` is that of the seed. The first one of its kind stays."""
    lines = [line for line in why.strip().splitlines() if line.strip().startswith(("File ", "tests."))]
    kind = hashlib.sha256("".join(line[:160] for line in lines[-2:]).encode()).hexdigest()[:10]
    folder = out / f"{name}-{kind}"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "input").exists():
        (folder / "input").write_bytes(data)
        (folder / "why.txt").write_text(f"{path}\n{why}", encoding="utf-8")
