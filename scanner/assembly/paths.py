"""Finding the file of the tree that a path written somewhere means."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable


class PathIndex:
    """The tree's paths by their last part. A written path (absolute on another machine, relative to an unknown
    folder, with backslashes) means the file that shares its longest ending, and of several such the nearest."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for path in sorted(set(paths)):
            self._by_name[_alike(path.rsplit("/", 1)[-1])].append(path)

    def resolve(self, written: str, near: str) -> str | None:
        """The meant path, or None when there is none or several are equally good. `near` is the path of the writer."""
        parts = _parts(written)
        if not parts:
            return None
        candidates = [
            # `src/pkg/train.py` does not mean `other/train.py`: two parts agree, or all of the shorter path.
            path
            for path in self._by_name.get(_alike(parts[-1]), [])
            if _shared_end(parts, path) >= min(2, len(parts), path.count("/") + 1)
        ]
        scored = sorted(((_shared_end(parts, c), shared_folders(near, c), -c.count("/")), c) for c in candidates)
        if not scored:
            return None
        best = scored[-1][0]
        winners = [path for score, path in scored if score == best]
        return winners[0] if len(winners) == 1 else None


class FolderIndex:
    """Known folders by their last part."""

    def __init__(self, folders: Iterable[str]) -> None:
        self._known: dict[str, str] = {}
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for folder in sorted(set(folders)):
            self._known.setdefault(unicodedata.normalize("NFC", folder), folder)
            self._known[folder] = folder
            self._by_name[_alike(folder.rsplit("/", 1)[-1])].append(folder)

    def resolve(self, written: str, near: str) -> str | None:
        """The folder that a written path means: from the writer's own folder upwards; else the one below the writer,
        or (another machine's path) the one that shares at least its last two parts, the nearest; else None."""
        parts = _parts(written)
        if not parts:
            return None
        home = near.rpartition("/")[0]
        base = home
        while True:
            folder = "/".join([*([base] if base else []), *parts])
            known = self._known.get(folder) or self._known.get(unicodedata.normalize("NFC", folder))
            if known is not None:
                return known
            if not base:
                break
            base = base.rpartition("/")[0]
        same_name = self._by_name.get(_alike(parts[-1]), [])
        if len(parts) > 1:
            scored = [(_shared_end(parts, f), shared_folders(near, f"{f}/"), f) for f in same_name]
            scored = [row for row in scored if row[0] > 1]
        else:
            scored = [(1, 0, f) for f in same_name if f.startswith(home + "/" if home else "")]
        top = max((row[:2] for row in scored), default=None)
        best = [row for row in scored if row[:2] == top]
        return best[0][2] if len(best) == 1 else None


def _parts(written: str) -> list[str]:
    """The parts of a path as any system writes it (with a drive, a server, backslashes); steps upwards are dropped."""
    path = _DRIVE.sub("", written.strip().strip("'\""))
    return [p for p in path.replace("\\", "/").split("/") if p not in ("", ".", "..")]


_DRIVE = re.compile(r"^[A-Za-z]:(?=[^/\\])")
"""Of a path that begins at the folder in which that drive happens to be."""


def _alike(name: str) -> str:
    """What two spellings of a name share: macOS stores accents apart from their letters, and minds no case."""
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name).lower()


def _shared_end(parts: list[str], path: str) -> int:
    own = path.split("/")
    n = 0
    while n < min(len(parts), len(own)) and _alike(parts[-1 - n]) == _alike(own[-1 - n]):
        n += 1
    return n


def shared_folders(near: str, path: str) -> int:
    """How many of the folders from the root down two paths have in common."""
    n = 0
    for a, b in zip(near.split("/")[:-1], path.split("/")[:-1], strict=False):
        if a != b:
            break
        n += 1
    return n
