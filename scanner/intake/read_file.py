"""One candidate to its findings: what a worker does with a file."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from typing import cast

from scanner.formats import _sqlite_wal, kaggle_log
from scanner.formats._base import Document, DocumentKind, Vocabulary
from scanner.formats._stored import StoredBytes, open_regular
from scanner.intake import powershell
from scanner.intake.conceal import without_private_keys
from scanner.intake.crawl import Candidate
from scanner.intake.decode import DecodeError, decode, decompress, guess_encoding
from scanner.intake.extract import extract
from scanner.intake.prefilter import may_matter
from scanner.intake.sieve import states_nothing
from scanner.knowledge import loop_words, name_metric, walk_rules
from scanner.records import Findings, Skip, SourceFile

WHOLE_BYTES = 8 * 1024 * 1024
"""A larger file of weights is known by its size and edges."""
EDGE_BYTES = 128 * 1024


def read_file(candidate: Candidate) -> Findings:
    """Read, decode and extract one file; a file that cannot be read becomes a skip, never an exception."""
    path = candidate.path
    try:
        return _read(candidate)
    except OSError as error:
        return Findings(None, skips=(Skip(path, "read", "unreadable", error.strerror or str(error), 1),))
    except DecodeError as error:
        return Findings(None, skips=(Skip(path, "decode", error.reason, error.detail, 1),))
    except MemoryError:
        return Findings(None, skips=(Skip(path, "read", "memory", "", 1),))
    except Exception as error:
        # No file of a tree stops a scan; which kind of file did so is told.
        detail = f"{type(error).__name__}: {str(error)[:160]}"
        return Findings(None, skips=(Skip(path, "read", "malformed", detail, 1),))


def _read(candidate: Candidate) -> Findings:
    if candidate.kind == "weights":
        return _read_weights(candidate)
    data, source = _stored(candidate)
    if candidate.kind == "python" and not _tells_by_name(candidate) and guess_encoding(data) == "utf-8":
        if states_nothing(candidate.path.rpartition("/")[2], data):
            return Findings(source._replace(encoding="utf-8"))
    document, source = _document(candidate, data, source)
    # A launcher may name its program and nothing else.
    if document.kind not in ("binary", "shell") and not may_matter(document.words()) and not _tells_by_name(candidate):
        return Findings(source)
    return extract(document, source)


def open_document(candidate: Candidate) -> tuple[Document, SourceFile]:
    """The file as a document, and its row of the files table before extraction. Raises OSError and DecodeError."""
    if candidate.kind == "weights":
        return _weights(candidate), SourceFile(candidate.path, candidate.size, "", "binary", (), 0, 0)
    return _document(candidate, *_stored(candidate))


def _stored(candidate: Candidate) -> tuple[bytes, SourceFile]:
    """The file's bytes, no more compressed, and its row of the files table before they are decoded."""
    data = _read_bytes(candidate)
    source = SourceFile(candidate.path, len(data), hashlib.sha256(data).hexdigest(), "binary", (), 0, 0)
    if candidate.compression:
        rules = walk_rules()
        limit = min(rules.text_bytes, max(len(data), 1_000_000) * rules.ratio)
        data = decompress(data, candidate.compression, limit)
    return data, source


def _document(candidate: Candidate, data: bytes, source: SourceFile) -> tuple[Document, SourceFile]:
    path = candidate.path
    if candidate.kind == "binary":
        if _sqlite_wal.is_beside(candidate.absolute, candidate.siblings):
            data = _with_committed(candidate, data)
        return Document(path, "binary", data=data, siblings=candidate.siblings, naming=vocabulary()), source
    decoded = decode(data)
    kind = cast(DocumentKind, candidate.kind)
    if kind == "log" and kaggle_log.holds_pieces(decoded.lines):
        kind = "json"  # the text that a person saw stands inside
    lines = without_private_keys(powershell.unwrap(decoded.lines) if kind == "log" else decoded.lines)
    document = Document(path, kind, lines, siblings=candidate.siblings, naming=vocabulary())
    return document, source._replace(encoding=decoded.encoding)


def _read_bytes(candidate: Candidate) -> bytes:
    """The whole file as it is now, which may have grown or shrunk since the walk met it."""
    rules = walk_rules()
    limit = rules.binary_bytes if candidate.kind == "binary" else rules.text_bytes
    with open_regular(candidate.absolute) as stream:
        data = stream.read(min(candidate.size, limit) + 1)
        if len(data) > candidate.size:
            data += stream.read(limit + 1 - len(data))
    if len(data) > limit:
        raise DecodeError("too_large", str(len(data)))
    return data


def _with_committed(candidate: Candidate, data: bytes) -> bytes:
    """A data base with what its write-ahead file holds beside it; the file alone where its writer is too busy.

    Pages that a checkpoint brings into the data base stay in the write-ahead file until that is begun anew: as long as
    its header is the same before and after, both belong together.
    """
    beside = candidate.absolute + _sqlite_wal.SUFFIX
    for _ in range(3):
        try:
            with open_regular(beside) as stream:
                header = stream.read(_sqlite_wal.HEADER_BYTES)
            latest = _read_bytes(candidate)
            with open_regular(beside) as stream:
                wal = stream.read(_sqlite_wal.MAX_BYTES + 1)
        except OSError:  # gone with the last connection, or not ours to read
            return data
        if len(wal) > _sqlite_wal.MAX_BYTES:
            raise DecodeError("too_large", f"{_sqlite_wal.SUFFIX} of more than {_sqlite_wal.MAX_BYTES} bytes")
        if wal[: len(header)] == header:
            return _sqlite_wal.with_committed(latest, wal)
    return data


def _weights(candidate: Candidate) -> Document:
    stored = StoredBytes(candidate.absolute, candidate.size)
    return Document(candidate.path, "weights", stored=stored, siblings=candidate.siblings, naming=vocabulary())


def _read_weights(candidate: Candidate) -> Findings:
    """The metadata of a weights file; one that carries none of a training is skipped as weights."""
    path = candidate.path
    found = extract(_weights(candidate), SourceFile(path, candidate.size, "", "binary", (), 0, 0))
    if not found.observations and not found.series:
        detail = found.skips[0].detail if found.skips else ""
        return Findings(None, skips=(Skip(path, "read", "weights", detail, 1),))
    assert found.file is not None
    return replace(found, file=found.file._replace(digest=_digest(candidate)))


def _digest(candidate: Candidate) -> str:
    """SHA-256 of the bytes; of a large file, of its size and edges (an archive's end sums up its parts)."""
    total = hashlib.sha256()
    with open_regular(candidate.absolute) as stream:
        if candidate.size <= WHOLE_BYTES:
            total.update(stream.read(WHOLE_BYTES))
        else:
            total.update(str(candidate.size).encode())
            total.update(stream.read(EDGE_BYTES))
            stream.seek(candidate.size - EDGE_BYTES)
            total.update(stream.read(EDGE_BYTES))
    return total.hexdigest()


@cache
def vocabulary() -> Vocabulary:
    """The knowledge's words for formats of free text."""
    return Vocabulary(kind_of_key, **loop_words()._asdict())


def kind_of_key(key: str) -> str:
    """What a key of a metric line is, as `Document.naming` promises."""
    name = name_metric(key)
    if name is None:
        return ""
    return name.name if name.kind == "counter" else name.kind


_TELLING_FOLDERS = frozenset({"mlruns", "wandb", "metrics", "params", "lightning_logs", ".hydra", "sacred", "dvclive"})


def _tells_by_name(candidate: Candidate) -> bool:
    """Tracker files that say something without any word of training (`metrics/acc`, an empty `output.log`)."""
    folders = candidate.path.split("/")[:-1]
    return ".hydra" in candidate.siblings or not _TELLING_FOLDERS.isdisjoint(folders)
