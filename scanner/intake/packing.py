"""Findings to bytes and back, without loss: MessagePack of typed columns, compressed; nothing in it can be executed.

Texts that repeat (paths, ids, formats) stand once a file; curves are their arrays of numbers as they lie in memory.
"""

from __future__ import annotations

from array import array
from typing import Annotated

import msgspec
import zstandard

from scanner.records import ORIGINS, Findings, Locator, Observation, Origin, Scalar, Series, Skip, SourceFile

MOST_BYTES = 1 << 31
"""Of one file's findings; a larger claim is none of ours."""

_Text = Annotated[int, msgspec.Meta(ge=0)]
"""Place of a text in `texts`."""
_Number = int | float | None

_ObservationRow = tuple[_Text, _Text, Scalar, str, _Number, _Number, _Text, _Text, _Text, int, int, _Text, int]


class _Curve(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    metric: _Text
    written: _Text
    path: _Text
    segment: int
    found_by: _Text
    pointer: _Text
    steps: bytes
    epochs: bytes
    values: bytes
    lines: bytes
    pointers: list[str]


class _Packed(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    texts: list[str]
    file: tuple[_Text, int, str, str, list[str], int, int] | None
    observations: list[_ObservationRow]
    curves: list[_Curve]
    skips: list[tuple[str, str, str, str, int]]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Packed)


def pack(findings: Findings) -> bytes:
    """The findings as bytes, the same for the same. Raises ValueError for what has no such form (half characters)."""
    texts: dict[str, int] = {}

    def at(text: str) -> int:
        return texts.setdefault(text, len(texts))

    file = findings.file
    observations = [
        (
            at(o.id),
            at(o.key),
            o.value,
            o.raw,
            o.step,
            o.epoch,
            at(o.origin),
            at(o.found_by),
            at(o.locator.path),
            o.locator.start_line,
            o.locator.end_line,
            at(o.locator.pointer),
            o.locator.segment,
        )
        for o in findings.observations
    ]
    curves = [
        _Curve(
            at(s.metric),
            at(s.written),
            at(s.path),
            s.segment,
            at(s.found_by),
            at(s.pointer),
            s.steps.tobytes(),
            s.epochs.tobytes(),
            s.values.tobytes(),
            s.lines.tobytes(),
            s.pointers,
        )
        for s in findings.series
    ]
    head = None
    if file is not None:
        formats = list(file.formats)
        head = (at(file.path), file.size, file.digest, file.encoding, formats, file.n_observations, file.n_points)
    skips: list[tuple[str, str, str, str, int]] = [
        (s.path, s.stage, s.reason, s.detail, s.n_files) for s in findings.skips
    ]
    try:
        return _ENCODER.encode(_Packed(list(texts), head, observations, curves, skips))
    except (TypeError, OverflowError, UnicodeEncodeError) as error:
        raise ValueError(str(error)) from error


def unpack(packed: bytes) -> Findings:
    """The findings behind the bytes. Raises ValueError for bytes that `pack` does not make."""
    try:
        found = _DECODER.decode(packed)
        return _findings(found)
    except (msgspec.DecodeError, IndexError) as error:  # a ValidationError is a DecodeError
        raise ValueError(str(error)) from error


def _findings(found: _Packed) -> Findings:
    texts = found.texts
    origins: dict[str, Origin] = {origin: origin for origin in ORIGINS}
    observations = []
    for row in found.observations:
        id_, key, value, raw, step, epoch, origin, found_by, path, start, end, pointer, segment = row
        said_by = origins.get(texts[origin])
        if said_by is None:
            raise ValueError(f"{texts[origin]}: no origin")
        place = Locator(texts[path], start, end, texts[pointer], segment)
        observations.append(
            Observation(texts[id_], texts[key], value, raw, step, epoch, said_by, texts[found_by], place)
        )
    file = None
    if found.file is not None:
        path, size, digest, encoding, formats, n_observations, n_points = found.file
        file = SourceFile(texts[path], size, digest, encoding, tuple(formats), n_observations, n_points)
    skips = tuple(Skip(*skip) for skip in found.skips)
    return Findings(file, tuple(observations), tuple(_series(curve, texts) for curve in found.curves), skips)


def _series(curve: _Curve, texts: list[str]) -> Series:
    found = Series(
        texts[curve.metric],
        texts[curve.written],
        texts[curve.path],
        curve.segment,
        texts[curve.found_by],
        texts[curve.pointer],
        array("d", curve.steps),
        array("d", curve.epochs),
        array("d", curve.values),
        array("q", curve.lines),
        curve.pointers,
    )
    n = len(found)
    if not n == len(found.steps) == len(found.epochs) == len(found.lines) or len(found.pointers) not in (0, n):
        raise ValueError("columns of different lengths")
    return found


_SMALL = 512
"""Bytes that no compression makes worth a read of its own."""


def squeeze(content: bytes) -> bytes:
    """The content, compressed where that pays."""
    if len(content) < _SMALL:
        return b"\0" + content
    return b"\1" + zstandard.ZstdCompressor(level=1).compress(content)


def unsqueeze(stored: bytes) -> bytes:
    """The content behind `squeeze`. Raises ValueError for other bytes, and for a claim of too many."""
    if stored[:1] == b"\0":
        return stored[1:]
    try:
        size = zstandard.frame_content_size(stored[1:])
        if stored[:1] != b"\1" or not 0 <= size <= MOST_BYTES:
            raise ValueError("not compressed here")
        return zstandard.ZstdDecompressor().decompress(stored[1:])
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error
