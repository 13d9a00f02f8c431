"""Bytes of a file that is too large to be held: read where a format asks for them, a bounded number in all.

Looks like an open file, so that `zipfile` reads a directory and a member through it.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import BinaryIO

BUDGET = 64 * 1024 * 1024
"""Bytes that may be read of one file."""
MAX_READS = 50_000
"""Times that a file may be read from."""


def open_regular(absolute: str) -> BinaryIO:
    """A regular file, opened for reading. Raises OSError, also where something else stands there by now.

    What the walk met may have been replaced since: a pipe would hold up its reader for ever, a link leads elsewhere.
    """
    flags = os.O_RDONLY
    for name in ("O_BINARY", "O_CLOEXEC", "O_NONBLOCK", "O_NOFOLLOW", "O_NOCTTY"):
        flags |= getattr(os, name, 0)  # no system knows all of them
    descriptor = os.open(absolute, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "no regular file any more", absolute)
    return os.fdopen(descriptor, "rb")


class StoredBytes:
    """A file on disk. The file is open only while bytes are read; reading past the budget raises ValueError."""

    def __init__(self, absolute: str, size: int) -> None:
        self.size = size
        self._absolute = absolute
        self._position = 0
        self._left = BUDGET
        self._reads = 0

    def at(self, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`; fewer at the end. Raises OSError, and ValueError past the budget."""
        length = min(length, self.size - start)
        if start < 0 or length <= 0:
            return b""
        self._reads += 1
        if length > self._left or self._reads > MAX_READS:
            raise ValueError("more asked for than may be read of one file")
        self._left -= length
        with open_regular(self._absolute) as stream:
            stream.seek(start)
            return stream.read(length)

    def read(self, length: int = -1) -> bytes:
        """As an open file: the next bytes, all that are left when `length` is negative."""
        found = self.at(self._position, self.size - self._position if length < 0 else length)
        self._position += len(found)
        return found

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As an open file."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError("before the beginning")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """As an open file."""
        return self._position

    def seekable(self) -> bool:
        """As an open file."""
        return True
