"""A disk that loses power: what a program did to a folder is recorded, and replayed as far as it was durable.

Of a file the content at its last sync is safe; what was written later is there, or missing, or in part. Of a folder the
names at its last sync are safe; of what was changed later a part is there, in order. Each file and each folder is on
its own, which is less than most file systems promise.
"""

from __future__ import annotations

import builtins
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple


class Op(NamedTuple):
    """One thing that was done."""

    kind: str
    """"content" (of an inode, as it was then), "sync" (of an inode), "make" (of a name), "drop" (of one)."""
    inode: int
    folder: int = 0
    name: str = ""
    content: bytes | None = None
    """Of a file; None of a folder."""


class Recording(NamedTuple):
    """A folder as it was, and what was done to it."""

    files: dict[int, bytes | None]
    """Number of a file or folder -> content; None of a folder. Numbers are given once, unlike those of a disk."""
    names: dict[int, dict[str, int]]
    top: int
    log: list[Op]


@contextmanager
def recorded(root: Path) -> Iterator[Recording]:
    """The operations below a folder while the context lasts, by replacing the functions of `os` that change one."""
    log: list[Op] = []
    numbers: dict[int, int] = {}

    def number(path: Any) -> int:
        return numbers.setdefault(os.stat(path).st_ino, len(numbers) + born[0])

    born = [0]
    top = os.path.abspath(root)
    real = {
        name: getattr(os, name) for name in ("fsync", "replace", "rename", "link", "unlink", "mkdir", "rmdir", "remove")
    }
    real_open = builtins.open

    def inside(path: Any) -> bool:
        return os.path.abspath(os.fspath(path)).startswith(top + os.sep)

    def spot(path: Any) -> tuple[int, str]:
        path = os.path.abspath(os.fspath(path))
        return number(os.path.dirname(path)), os.path.basename(path)

    def content(path: Any) -> bytes | None:
        if os.path.isdir(path):
            return None
        with real_open(path, "rb") as stream:
            return stream.read()

    def made(path: Any) -> None:
        born[0] += 1_000_000  # the disk may give the number of a file that is gone
        numbers[os.stat(path).st_ino] = born[0]
        inode = born[0]
        log.append(Op("content", inode, content=content(path)))
        log.append(Op("make", inode, *spot(path)))

    def moves(name: str) -> Any:
        def move(source: Any, target: Any, **extra: Any) -> None:
            if not inside(target):
                return real[name](source, target, **extra)
            inode, before = number(source), spot(source)
            log.append(Op("content", inode, content=content(source)))
            real[name](source, target, **extra)
            log.append(Op("make", inode, *spot(target)))
            if name != "link":
                log.append(Op("drop", inode, *before))
            return None

        return move

    def drops(name: str) -> Any:
        def drop(path: Any, *more: Any, dir_fd: int | None = None) -> None:
            if dir_fd is not None:
                path = os.path.join(os.readlink(f"/proc/self/fd/{dir_fd}"), path)
            if inside(path) and os.path.lexists(path):
                log.append(Op("drop", number(path), *spot(path)))
            return real[name](path, *more)

        return drop

    def mkdir(path: Any, *more: Any, **extra: Any) -> None:
        real["mkdir"](path, *more, **extra)
        if inside(path):
            made(path)

    def fsync(descriptor: int) -> None:
        real["fsync"](descriptor)
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        if inside(path) or path == top:
            inode = number(path)
            log.append(Op("content", inode, content=content(path)))
            log.append(Op("sync", inode))

    def open_(path: Any, mode: str = "r", *more: Any, **extra: Any) -> Any:
        is_new = not isinstance(path, int) and inside(path) and mode[0] in "wx" and not os.path.exists(path)
        stream = real_open(path, mode, *more, **extra)
        if is_new:
            made(path)
        return stream

    files: dict[int, bytes | None] = {number(top): None}
    names: dict[int, dict[str, int]] = {}
    for folder, folders, leaves in os.walk(top):
        for name in (*folders, *leaves):
            path = os.path.join(folder, name)
            files[number(path)] = content(path)
            names.setdefault(number(folder), {})[name] = number(path)
    patched = {"fsync": fsync, "mkdir": mkdir, **{name: moves(name) for name in ("replace", "rename", "link")}}
    patched |= {name: drops(name) for name in ("unlink", "remove", "rmdir")}
    try:
        for name, function in patched.items():
            setattr(os, name, function)
        builtins.open = open_  # type: ignore[assignment]
        yield Recording(files, names, number(top), log)
    finally:
        for name, function in real.items():
            setattr(os, name, function)
        builtins.open = real_open


class Disk:
    """What is on disk after the power failed at a moment."""

    def __init__(self, recording: Recording, moment: int, chance: random.Random) -> None:
        self._top = recording.top
        self._files = dict(recording.files)
        self._names = {folder: dict(names) for folder, names in recording.names.items()}
        done = recording.log[:moment]
        synced = {op.inode: at for at, op in enumerate(done) if op.kind == "sync"}
        changes: dict[int, list[tuple[int, Op]]] = {}
        for at, op in enumerate(done):
            if op.kind == "content":
                self._write(op, at < synced.get(op.inode, -1), chance)
            elif op.kind != "sync":
                changes.setdefault(op.folder, []).append((at, op))
        for folder, ops in changes.items():
            safe = sum(at < synced.get(folder, -1) for at, _ in ops)
            for _, op in ops[: chance.randint(safe, len(ops))]:
                self._rename(op)

    def _write(self, op: Op, is_safe: bool, chance: random.Random) -> None:
        """A content that was not synced afterwards is there, is missing, or is cut off."""
        old = self._files.get(op.inode, b"")
        if op.content == old:
            return
        part = op.content[: chance.randrange(len(op.content) + 1)] if op.content is not None else None
        self._files[op.inode] = op.content if is_safe or op.content is None else chance.choice((op.content, old, part))

    def _rename(self, op: Op) -> None:
        names = self._names.setdefault(op.folder, {})
        if op.kind == "make":
            names[op.name] = op.inode
        elif names.get(op.name) == op.inode:
            del names[op.name]

    def lay_out(self, target: Path) -> None:
        """Write it to a folder that does not exist yet."""
        stack = [(self._top, target)]
        while stack:
            inode, path = stack.pop()
            content = self._files.get(inode)
            if content is not None:
                path.write_bytes(content)
                continue
            path.mkdir()
            stack += [(inner, path / name) for name, inner in self._names.get(inode, {}).items()]
