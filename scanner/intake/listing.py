"""What the listing of a folder says of its files without opening one: whether anything can have changed in it.

A file is taken for unchanged while its size, both of its times and its inode are: programs may set the time of the
last change of the content back, and none can do so with that of the last change of the entry (`ctime`).
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from array import array
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter

OWN_MARK = "scan-trainings.json"
"""File that marks a folder as this program's own output."""
_OWN_DOCUMENTS = frozenset({"LEARNINGS.md", "LEARNINGS.new.md"})
"""Written by every scan, read by none: of them only the name counts."""

_OWN, _UNREADABLE = "own output", "unreadable"
DOUBT_NS = 2_000_000_000
"""The coarsest times of file systems, as long as which a change may leave the times as they were."""


_DOCUMENT, _FOLDER, _LINK, _FILE, _GONE, _MARKED, _UNMARKED = range(7)
_NAME = attrgetter("name")
_HAS_NO_CTIME = os.name == "nt"


class Listings:
    """The folders that a walk listed, in its order, and what they held."""

    def __init__(self, marks: Iterable[str]) -> None:
        self.marks = tuple(mark for mark in marks if "/" in mark)
        """Files in subfolders that bear on whether a folder is entered."""
        self.digests: dict[str, str] = {}
        """`key_of` a folder, or of a file that was named as a root -> digest of its listing."""
        self.is_lasting = True
        """Whether a file that changes from now on changes its folder's digest."""
        self._marks = _by_folder(self.marks)
        self._doubtful_ns = time.time_ns() - DOUBT_NS

    def add(self, folder: str, entries: Iterable[os.DirEntry[str]]) -> None:
        """Keep the digest of a folder's entries."""
        self.digests[key_of(folder)], newest = _digest(folder, entries, self._marks, [])
        self.is_lasting &= newest < self._doubtful_ns

    def add_file(self, path: str, info: os.stat_result) -> None:
        """Keep the digest of a file that was named as a root."""
        self.digests[key_of(path)] = _of_file(info)
        self.is_lasting &= changed_ns(info.st_mtime_ns, info.st_ctime_ns) < self._doubtful_ns

    def add_unreadable(self, folder: str) -> None:
        """A folder that cannot be listed is tried again by every scan."""
        self.digests[key_of(folder)] = _UNREADABLE
        self.is_lasting = False


def are_as_before(roots: Iterable[str], digests: Mapping[str, str], marks: tuple[str, ...]) -> bool:
    """Whether a walk of the roots would list what one listed that gave the digests (`Listings.digests`)."""
    n_met = 0
    asked = _by_folder(marks)
    stack = list(map(os.path.abspath, roots))
    while stack:
        path = stack.pop()
        digest = digests.get(_key_of_absolute(path))
        if digest is None:
            continue  # a folder that was met and not entered
        n_met += 1
        try:
            if digest == _OWN:
                if not os.path.isfile(os.path.join(path, OWN_MARK)):
                    return False
                continue
            try:
                with os.scandir(path) as entries:
                    below: list[str] = []
                    if _digest(path, entries, asked, below)[0] != digest:
                        return False
                    stack += below
            except NotADirectoryError:
                info = os.stat(path)
                if not stat.S_ISREG(info.st_mode) or _of_file(info) != digest:
                    return False
        except OSError:
            return False
    return n_met == len(digests)


def key_of(path: str) -> str:
    """What a folder is known by: names may hold secrets, which nothing that is stored repeats."""
    return _key_of_absolute(os.path.abspath(path))


def _key_of_absolute(path: str) -> str:
    return hashlib.blake2b(os.fsencode(path), digest_size=16).hexdigest()


_Marks = Mapping[str, Sequence[str]]
"""Name of a folder -> files in it that bear on the folder around."""


def _by_folder(marks: Iterable[str]) -> _Marks:
    found: dict[str, list[str]] = {}
    for mark in marks:
        found.setdefault(mark.partition("/")[0], []).append(mark)
    return found


def changed_ns(mtime_ns: int, ctime_ns: int) -> int:
    """When a file was last changed as far as the system says so (Windows keeps no time of the entry's change)."""
    return mtime_ns if _HAS_NO_CTIME else ctime_ns


def _stamp(info: os.stat_result) -> tuple[int, int, int, int]:
    return info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino


def _of_file(info: os.stat_result) -> str:
    return hashlib.blake2b(repr(_stamp(info)).encode(), digest_size=16).hexdigest()


def _digest(folder: str, entries: Iterable[os.DirEntry[str]], marks: _Marks, below: list[str]) -> tuple[str, int]:
    """Digest of a folder's entries, and when the youngest file changed; its folders are added to `below`."""
    names: list[str] = []
    kinds = bytearray()
    stamps = array("Q")  # of the files and links, in the order of the names
    newest = 0
    for entry in sorted(entries, key=_NAME):
        name = entry.name
        if name == OWN_MARK:
            return _OWN, 0
        names.append(name)
        if name in _OWN_DOCUMENTS:
            kinds.append(_DOCUMENT)
        elif entry.is_dir(follow_symlinks=False):
            kinds.append(_FOLDER)
            below.append(entry.path)
        else:
            is_link = entry.is_symlink()
            try:
                info = entry.stat(follow_symlinks=is_link)  # a build file behind a link is read
            except OSError:
                kinds.append(_GONE)
                continue
            kinds.append(_LINK if is_link else _FILE)
            changed = info.st_mtime_ns if _HAS_NO_CTIME else info.st_ctime_ns
            try:
                stamps.extend((info.st_mode, info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino))
            except OverflowError:  # times before 1970, inodes of more than 64 bits
                names.append(repr(_stamp(info)))
            if changed > newest and not is_link:
                newest = changed
    for head in sorted(marks.keys() & names):
        kinds.extend(_MARKED if os.path.exists(os.path.join(folder, mark)) else _UNMARKED for mark in marks[head])
    total = hashlib.blake2b(b"%d %d " % (len(stamps), len(kinds)), digest_size=16)
    total.update(stamps)
    total.update(kinds)
    total.update("\0".join(names).encode("utf-8", "surrogateescape"))
    return total.hexdigest(), newest
