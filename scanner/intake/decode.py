"""Bytes of a file to a document's lines, whose numbers are the ones an editor shows.

Lines are counted by `\\n` alone; a carriage return stays inside its line (progress bars) unless it ends it.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable
from typing import NamedTuple

import zstandard

DICTIONARY_BYTES = 128 << 20
"""Memory that a decompressor may be asked for."""

ZSTD_STEP = 1024
"""Compressed bytes at a time: a few of them may stand for a block of 128 KiB."""

COMPRESSED = {".gz": "gzip", ".xz": "xz", ".bz2": "bzip2", ".zst": "zstd"}


class DecodeError(Exception):
    """The bytes are not what their name promises; `reason` is a skip's reason id."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Decoded(NamedTuple):
    """A text and how it was read."""

    lines: list[str]
    encoding: str


def decompress(data: bytes, method: str, limit: int) -> bytes:
    """The content of a compressed file. Raises DecodeError when it is corrupt or would exceed `limit` bytes."""
    try:
        found = _READERS[method](data, limit)
    except (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError, ValueError) as error:
        raise DecodeError("corrupt_archive", f"{method}: {error}") from error
    if len(found) > limit:
        raise DecodeError("archive_limit", f"{method}: more than {limit} bytes")
    return found


def _gzip(data: bytes, limit: int) -> bytes:
    return gzip.GzipFile(fileobj=io.BytesIO(data)).read(limit + 1)


def _bzip2(data: bytes, limit: int) -> bytes:
    return bz2.BZ2File(io.BytesIO(data)).read(limit + 1)


def _xz(data: bytes, limit: int) -> bytes:
    """The size of a dictionary is the file's word, and may be far larger than all it was made for."""
    found = bytearray()
    while data and len(found) <= limit:
        one = lzma.LZMADecompressor(memlimit=2 * DICTIONARY_BYTES)
        found += one.decompress(data, limit + 1 - len(found))
        if not one.eof and len(found) <= limit:
            raise EOFError("ends before its end mark")
        data = one.unused_data.lstrip(b"\0")  # streams may follow each other, padded to words
    return bytes(found)


def _zstd(data: bytes, limit: int) -> bytes:
    found = bytearray()
    maker = zstandard.ZstdDecompressor(max_window_size=DICTIONARY_BYTES)
    frame = maker.decompressobj()
    for start in range(0, len(data), ZSTD_STEP):
        rest = data[start : start + ZSTD_STEP]
        while rest and len(found) <= limit:
            frame = maker.decompressobj() if frame.eof else frame
            found += frame.decompress(rest)
            rest = frame.unused_data if frame.eof else b""
    if data and not frame.eof and len(found) <= limit:
        raise EOFError("ends before its end mark")
    return bytes(found[: limit + 1])


_READERS: dict[str, Callable[[bytes, int], bytes]] = {"gzip": _gzip, "xz": _xz, "bzip2": _bzip2, "zstd": _zstd}

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def guess_encoding(data: bytes) -> str | None:
    """The encoding of a text; None when the bytes are no text.

    UTF-16 without a BOM is told by the position of its zero bytes; a text with a few stray NUL bytes (a log on a
    file system that lost a block) stays text; an 8-bit text that is no UTF-8 is read as Turkish or Western Windows.
    """
    for bom, name in _BOMS:
        if data.startswith(bom):
            return name
    head = data[:8192]
    zeros = head.count(0)
    if zeros:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        if zeros > len(head) * 0.3 and odd > 4 * even:
            return "utf-16-le"
        if zeros > len(head) * 0.3 and even > 4 * odd:
            return "utf-16-be"
        without = head.replace(b"\0", b"")
        if _control_share(without) > 0.02 or (len(without) < len(head) * 0.5 and not _nul_padded(data)):
            return None
    elif _control_share(head) > 0.1:
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(data) - 3 and error.reason == "unexpected end of data":
            return "utf-8"
        return _eight_bit(data)
    return "utf-8"


_TEXT_CONTROLS = bytes(set(range(32)) - {8, 9, 10, 12, 13, 27}) + b"\x7f"


def _control_share(head: bytes) -> float:
    return (len(head) - len(head.translate(None, _TEXT_CONTROLS))) / len(head) if head else 0.0


def _nul_padded(data: bytes) -> bool:
    """A text that ends, or begins, in a block of NUL bytes."""
    stripped = data.strip(b"\0")
    return len(stripped) > 0 and b"\0" not in stripped[:8192]


# Bytes that are dotless i, s with cedilla and soft g in cp1254, but rare Icelandic letters in cp1252.
_TURKISH = re.compile(rb"[\xfd\xfe\xf0\xdd\xde\xd0]")
_VALID_SHARE = 0.6


def _eight_bit(data: bytes) -> str:
    """UTF-8 with a few broken bytes, or a Windows code page."""
    sample = data[:1_000_000]
    text = sample.decode("utf-8", "replace")
    high = sum(byte >= 0x80 for byte in sample)
    broken = text.count("\ufffd")
    if high and broken / high < 1 - _VALID_SHARE:
        return "utf-8"
    return "cp1254" if _TURKISH.search(sample) else "cp1252"


_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
# UTF-8 that was read as cp1252 or cp1254 and written again: two-letter sequences that begin with these.
_MOJIBAKE = re.compile(
    "[\u00c3\u00c4\u00c5\u00e2\u00f0][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122\u011e\u0130\u015e\u011f\u0131\u015f]"
)


def repair_mojibake(line: str) -> str:
    """A line of UTF-8 that was once read as cp1254 or cp1252, as it was meant; other lines unchanged."""
    if not _MOJIBAKE.search(line):
        return line
    for code_page in ("cp1254", "cp1252"):
        try:
            return _encode_loosely(line, code_page).decode("utf-8")
        except (UnicodeDecodeError, UnicodeEncodeError):
            continue
    return line


def _encode_loosely(line: str, code_page: str) -> bytes:
    """Encode as the code page does; its undefined bytes stand for themselves (as Windows reads them)."""
    found = bytearray()
    for letter in line:
        try:
            found += letter.encode(code_page)
        except UnicodeEncodeError:
            if ord(letter) > 0xFF:
                raise
            found.append(ord(letter))
    return bytes(found)


def decode(data: bytes) -> Decoded:
    """The lines of a text. Raises DecodeError("binary") when the bytes are no text."""
    encoding = guess_encoding(data)
    if encoding is None:
        raise DecodeError("binary", "control bytes")
    text = data.decode(encoding, "replace")
    return Decoded(to_lines(text), encoding)


def to_lines(text: str) -> list[str]:
    """The lines of a text by `\\n`, without a final `\\r`, colour codes and NUL characters."""
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    if "\0" in text:
        text = text.replace("\0", "")
    lines = text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    if text.isascii() and "\r" not in text:
        return lines
    return [_clean(line) for line in lines]


def _clean(line: str) -> str:
    line = line.removesuffix("\r")
    return line if line.isascii() else repair_mojibake(line)
