"""The walk: every file met under the roots, in a fixed order, each either to be read or skipped for a reason."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import regex

from scanner.errors import IntakeError
from scanner.formats._stored import open_regular
from scanner.intake.decode import COMPRESSED
from scanner.intake.listing import OWN_MARK, Listings
from scanner.knowledge import WalkRules, mask_secrets, walk_rules
from scanner.records import Skip


class Candidate(NamedTuple):
    """A file that will be read."""

    path: str
    """Root-relative, POSIX separators; bytes that are no UTF-8 as `\\xNN`, secrets in names as `***`."""
    absolute: str
    kind: str
    """Kind of document."""
    compression: str
    """"", or the method of formats/decode."""
    size: int
    mtime_ns: int
    siblings: frozenset[str]
    ctime_ns: int = 0
    inode: int = 0


def crawl(roots: tuple[Path, ...], listings: Listings | None = None) -> Iterator[Candidate | Skip]:
    """Walk the roots. Raises IntakeError when a root does not exist or is neither folder nor file.

    With several roots each path begins with its root's name, made unique. Every folder that is listed goes into
    `listings`.
    """
    prefixes = _prefixes(roots)
    rules = walk_rules()
    for root, prefix in zip(roots, prefixes, strict=True):
        try:
            mode = root.stat().st_mode
        except OSError as error:
            raise IntakeError(f"{root}: {error.strerror or error}") from error
        if stat.S_ISREG(mode):
            info = root.stat()
            if listings is not None:
                listings.add_file(str(root), info)
            name = shown_names([root.name])[0]
            yield _classify(name, str(root.resolve()), info, frozenset([name]), rules)
        elif stat.S_ISDIR(mode):
            yield from _walk(str(root), prefix, rules, listings)
        else:
            raise IntakeError(f"{root}: neither a folder nor a regular file")


def _prefixes(roots: tuple[Path, ...]) -> list[str]:
    if len(roots) == 1:
        return [""]
    names: list[str] = []
    for root in roots:
        name = shown_names([root.resolve().name or "root"])[0]
        n = sum(known == name or known.startswith(f"{name}~") for known in names)
        names.append(f"{name}~{n + 1}" if n else name)
    return names


def shown_names(names: Sequence[str]) -> list[str]:
    """The names of one folder as everything shows them: in UTF-8, without secrets, no two alike.

    The ending stays, since it tells how to read the file.
    """
    shown: list[str] = []
    taken: set[str] = set()
    for name in names:
        plain = readable(name)
        stem, ending = mask_secrets(plain), ""
        if stem != plain and (found := _ENDING.search(plain)):
            stem, ending = stem.removesuffix(found[0]), found[0]
        n, unique = 1, stem + ending
        while unique in taken:
            n += 1
            unique = f"{stem}~{n}{ending}"
        taken.add(unique)
        shown.append(unique)
    return shown


_ENDING = regex.compile(r"\.[a-z][a-z0-9]{0,7}$")


def _walk(top: str, prefix: str, rules: WalkRules, listings: Listings | None) -> Iterator[Candidate | Skip]:
    stack = [(top, prefix)]
    while stack:
        folder, relative = stack.pop()
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda e: os.fsencode(e.name))
        except OSError as error:
            if listings is not None:
                listings.add_unreadable(folder)
            yield Skip(relative or ".", "crawl", "unreadable", error.strerror or str(error), 0)
            continue
        if listings is not None:
            listings.add(folder, found)
        shown = shown_names([entry.name for entry in found])
        names = frozenset(entry.name for entry in found)
        reason = _refused(folder, names, relative, rules)
        if reason:
            yield Skip(relative or ".", "crawl", reason[0], reason[1], 0)
            continue
        below: list[tuple[str, str]] = []
        for entry, name in zip(found, shown, strict=True):
            path = f"{relative}/{name}" if relative else name
            yield from _entry(entry, path, names, below, rules)
        stack.extend(reversed(below))


def readable(name: str) -> str:
    """A file's name as text: bytes that are no UTF-8 as `\\xNN`, and what looks like such a byte so that it is none."""
    parts = os.fsencode(name).split(b"\\x")
    return "\\x5cx".join(part.decode("utf-8", "backslashreplace") for part in parts)


def _entry(
    entry: os.DirEntry[str], path: str, names: frozenset[str], below: list[tuple[str, str]], rules: WalkRules
) -> Iterator[Candidate | Skip]:
    try:
        if entry.is_symlink() or is_junction(entry):
            yield Skip(path, "crawl", "symlink", "", 1)
        elif entry.is_dir(follow_symlinks=False):
            if entry.name in rules.folders:
                yield Skip(path, "crawl", rules.folders[entry.name], entry.name, 0)
            else:
                below.append((entry.path, path))
        else:
            info = entry.stat(follow_symlinks=False)
            if not stat.S_ISREG(info.st_mode):
                yield Skip(path, "crawl", "special_file", stat.filemode(info.st_mode)[0], 1)
            else:
                yield _classify(path, entry.path, info, names, rules)
    except OSError as error:
        yield Skip(path, "crawl", "unreadable", error.strerror or str(error), 1)


def is_junction(entry: os.DirEntry[str]) -> bool:
    """Whether it is one of Windows' links between folders, which are no symbolic links and may lead in a circle."""
    attributes = getattr(entry.stat(follow_symlinks=False), "st_file_attributes", 0) if os.name == "nt" else 0
    return bool(attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT) and entry.is_dir(follow_symlinks=False)


def _refused(folder: str, names: frozenset[str], relative: str, rules: WalkRules) -> tuple[str, str] | None:
    """Why a folder is not entered, or None."""
    if OWN_MARK in names:
        return "own_output", OWN_MARK
    for mark, reason in rules.marks.items():
        if mark.partition("/")[0] in names and ("/" not in mark or os.path.exists(os.path.join(folder, mark))):
            return reason, mark
    if relative:
        for build_file in rules.build_files:
            if build_file in names:
                known = sorted(_package_names(os.path.join(folder, build_file)) & rules.vendored)
                if known:
                    return "vendored", known[0]
    return None


_NAME = regex.compile(rb"""(?m)(?:^|[\s(,])name\s*=\s*f?["']([\w.\-]+)["']|^\s*name\s*=\s*([\w.\-]+)\s*$""")


def _package_names(path: str) -> set[str]:
    """The names that a build file gives, lower case (the distribution's among them); empty when it gives none."""
    try:
        with open_regular(path) as stream:
            text = stream.read(200_000)
        return {(a or b).decode("ascii", "replace").lower() for a, b in _NAME.findall(text, timeout=1)}
    except (OSError, TimeoutError):
        return set()


def _classify(
    path: str, absolute: str, info: os.stat_result, names: frozenset[str], rules: WalkRules
) -> Candidate | Skip:
    name = path.rsplit("/", 1)[-1].lower()
    compression = ""
    for ending, method in COMPRESSED.items():
        if name.endswith(ending):
            compression, name = method, name.removesuffix(ending)
    extension = _extension(name)
    if any(mark in name for mark in rules.binary_names) or extension in rules.binary_extensions:
        kind = "binary"
    elif not compression and name.endswith(rules.weights_endings):
        if rules.published.search(name, timeout=1):
            return Skip(path, "crawl", "weights", "published", 1)
        kind = "weights"
    elif name in rules.skipped_names:
        return Skip(path, "crawl", rules.skipped_names[name], "", 1)
    elif extension in rules.skipped:
        return Skip(path, "crawl", rules.skipped[extension], extension, 1)
    else:
        kind = rules.kinds.get(extension, "log")
    for pattern, reason in rules.skipped_paths:
        if pattern.search(path, timeout=1):
            return Skip(path, "crawl", reason, "", 1)
    size = info.st_size
    candidate = Candidate(
        path, absolute, kind, compression, size, info.st_mtime_ns, names, info.st_ctime_ns, info.st_ino
    )
    if kind == "weights":
        return candidate
    limit = rules.binary_bytes if kind == "binary" else rules.data_csv_bytes if kind == "csv" else rules.text_bytes
    limit = rules.database_bytes if extension in rules.database_extensions else limit
    if size > limit:
        return Skip(path, "crawl", "too_large", str(size), 1)
    return candidate


def _extension(name: str) -> str:
    """Last extension, lower case; an editor's backup (`train.py~`) has the extension of its original."""
    name = name.rstrip("~")
    stem, dot, extension = name.rpartition(".")
    return f".{extension}" if dot and stem else ""
