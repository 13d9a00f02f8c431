"""Whether a scan would find and write again what the last one did: asked before anything heavy is loaded.

<out>/learnings/cache/last.json   what the last scan read (every folder's listing), by which program, and what it wrote

Nothing has changed while the program, the roots, every listing and everything written are as they were. The month must
be the same too: the last scan of a month is what its monthly report shows, so each month that is scanned has its own.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from scanner.code_version import program_version
from scanner.durable import write_file
from scanner.errors import StoreError
from scanner.intake.listing import are_as_before, key_of
from scanner.records import Counts
from scanner.settings import DOCUMENT, Settings


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a scan's result depends on, but for the content of the files."""

    version: str
    roots: list[list[str]]
    """Keys of the path of each, as named and behind links."""
    style: str
    month: str


@dataclass(frozen=True, slots=True)
class Last:
    """The last scan into a folder."""

    inputs: Inputs
    findings: str
    """Digest of all that intake found."""
    is_lasting: bool
    """Whether equal listings mean equal findings."""
    marks: list[str]
    listings: dict[str, str]
    outputs: dict[str, str]
    counts: Counts


def cache_folder(out: Path) -> Path:
    """Where a scan keeps what helps the next one."""
    return out / "learnings" / "cache"


def inputs_of(settings: Settings) -> Inputs:
    """What the scan depends on, now."""
    roots = [[key_of(str(root)), key_of(str(root.resolve()))] for root in settings.roots]
    return Inputs(program_version(), roots, settings.number_style, datetime.now(UTC).strftime("%Y-%m"))


def unchanged(settings: Settings) -> Counts | None:
    """What the last scan counted, when another one would change nothing; nothing is written."""
    last = load(settings.out) if settings.keeps_findings else None
    if last is None or not last.is_lasting or last.inputs != inputs_of(settings):
        return None
    marks = tuple(last.marks)
    if not are_as_before((str(root) for root in settings.roots), last.listings, marks):
        return None
    return last.counts if last.outputs == outputs_of(settings.out) else None


def load(out: Path) -> Last | None:
    """What is known of the last scan into a folder; None where nothing is, or nothing that can be read."""
    try:
        known = json.loads((cache_folder(out) / "last.json").read_text("utf-8"))
        counts = Counts(*(int(number) for number in known.pop("counts")))
        inputs = Inputs(**known.pop("inputs"))
        last = Last(inputs=inputs, counts=counts, **known)
        is_typed = isinstance(last.listings, dict) and isinstance(last.marks, list)
        return last if is_typed and all(isinstance(one, str) for one in (*last.listings, *last.marks)) else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def save(out: Path, last: Last) -> None:
    """Keep what is known of a scan for the next one; a folder that cannot take it goes without."""
    try:
        write_file(cache_folder(out) / "last.json", json.dumps(asdict(last)).encode())
    except OSError:
        return


def forget(out: Path) -> None:
    """Remove what earlier scans kept. Raises StoreError when something of it stays."""
    folder = cache_folder(out)
    try:
        if folder.is_symlink():
            folder.unlink()
        elif folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror or error}; remove it or choose another --out") from error


def outputs_of(out: Path) -> dict[str, str]:
    """What stands in an output folder: documents by their content, tables by their size and time."""
    home = out / "learnings"
    found: dict[str, str] = {}
    for path in (out / DOCUMENT, home / "index.html", *_in(home / "charts")):
        try:
            found[path.name] = hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
        except OSError:
            found[path.name] = ""
    for path in _in(home / "data"):
        info = path.stat()
        found[path.name] = f"{info.st_size} {info.st_mtime_ns}"
    found["history"] = ", ".join(path.name for path in _in(home / "history"))
    return found


def _in(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return []
