"""Files that are whole or absent after a crash or a power cut: written beside their place, brought to disk, renamed.

A rename is atomic for every reader, but on disk it may overtake the content of the file, or be lost with its folder:
so the file is synced before it and the folder after it.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

_PART = re.compile(r"\.(?P<name>.+)\.\d+\.part", re.DOTALL)


def part_of(path: Path) -> Path:
    """Where a file or folder is made before it gets its name: the only kind of leftover of a process that died."""
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def write_file(path: Path, content: bytes) -> None:
    """Write a file; afterwards it is on disk under its name, or, after an OSError, as it was before."""
    part = part_of(path)
    try:
        with open(part, "wb") as stream:
            stream.write(content)
            stream.flush()
            sync_file(stream.fileno())
        move(part, path)
    finally:
        part.unlink(missing_ok=True)


def sync_file(descriptor: int) -> None:
    """Bring what was written to an open file to the disk."""
    os.fsync(descriptor)


def move(source: Path, target: Path) -> None:
    """Give a synced file or folder its name, in the same folder and for good; an old file of that name is gone."""
    os.replace(source, target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk, where folders can be opened for that (not on Windows, which does so itself).

    A file system that refuses to sync folders (some network ones do) has its own promises.
    """
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)


def sweep(folder: Path, names: frozenset[str] | None = None) -> None:
    """Remove what processes that died left half made in a folder, all of it or that of the given names.

    Nobody may be writing there meanwhile.
    """
    try:
        found = sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    for path in found:
        part = _PART.fullmatch(path.name)
        if part is None or (names is not None and part["name"] not in names):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
