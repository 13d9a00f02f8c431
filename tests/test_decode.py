"""Bytes to lines: encodings, compression, terminals, and line numbers as an editor shows them."""

from __future__ import annotations

import bz2
import gzip
import lzma

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from scanner.formats._base import Document
from scanner.intake.decode import DecodeError, decode, decompress, guess_encoding, repair_mojibake, to_lines

TURKISH = "Dönem 1/5 - Kayıp: 0,53 - Doğruluk: %81 - İşlem sürüyor, öğrenme oranı düşük\n"


@pytest.mark.parametrize(
    ("encoding", "bom"),
    [
        ("utf-8", b""),
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("cp1254", b""),
    ],
)
def test_turkish_text_survives(encoding: str, bom: bytes) -> None:
    """The same line comes out of every way in which Windows and Linux write it."""
    assert decode(bom + (TURKISH * 3).encode(encoding)).lines == [TURKISH.rstrip("\n")] * 3


def test_western_text_is_not_taken_for_turkish() -> None:
    """cp1252 without a byte that only Turkish needs is read as Western."""
    assert decode("précision à l'époque\n".encode("cp1252")).lines == ["précision à l'époque"]


@pytest.mark.parametrize("code_page", ["cp1252", "cp1254"])
def test_mojibake_is_repaired(code_page: str) -> None:
    """UTF-8 that was read as a Windows code page and written again is read as it was meant."""
    broken = "Kayıp düştü, öğrenme".encode().decode(code_page, "replace")
    if "\ufffd" not in broken:
        assert repair_mojibake(broken) == "Kayıp düştü, öğrenme"


def test_text_that_only_looks_like_mojibake_stays() -> None:
    """A real letter followed by a real sign is no mojibake unless the whole line decodes."""
    assert repair_mojibake("Ã© ve € arasında ğ") == "Ã© ve € arasında ğ"


def test_binary_is_refused() -> None:
    """Bytes that are no text become a skip, not a guess."""
    with pytest.raises(DecodeError, match="binary"):
        decode(bytes(range(256)) * 40)


def test_nul_padding_stays_text() -> None:
    """A log that a crash padded with NUL bytes is still a log."""
    assert decode(b"epoch 1 loss 0.5\n" + b"\0" * 5000).lines[0] == "epoch 1 loss 0.5"


def test_lines_are_counted_by_newline_alone() -> None:
    """Form feeds, NEL and carriage returns make no new line; colours go."""
    text = "a\x0cb\n\x1b[32mok\x1b[0m\r\n10%\r20%\r30%\n\x85x\u2028y\n"
    assert to_lines(text) == ["a\x0cb", "ok", "10%\r20%\r30%", "\x85x\u2028y"]


def test_frames_keep_the_physical_line() -> None:
    """Every redraw of a bar stands at the line that holds it."""
    document = Document("a.log", "log", to_lines("start\n10%\r20%\r30%\nend\n"))
    assert list(document.frames()) == [(1, "start"), (2, "10%"), (2, "20%"), (2, "30%"), (3, "end")]


@pytest.mark.parametrize(
    ("method", "pack"),
    [
        ("gzip", gzip.compress),
        ("xz", lzma.compress),
        ("bzip2", bz2.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
    ],
)
def test_compressed_logs(method: str, pack) -> None:  # type: ignore[no-untyped-def]
    """Each method opens, is refused when cut off, and is refused when it would explode."""
    packed = pack(b"epoch 1\n" * 5000)
    assert decompress(packed, method, 10**6) == b"epoch 1\n" * 5000
    with pytest.raises(DecodeError, match="archive_limit"):
        decompress(packed, method, 100)
    if method != "zstd":
        with pytest.raises(DecodeError, match="corrupt_archive"):
            decompress(packed[: len(packed) // 2], method, 10**6)


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=300))
def test_utf8_is_never_changed_but_for_mojibake(text: str) -> None:
    """Any printable UTF-8 text decodes to itself, line by line, or to its repaired form."""
    assert decode(text.encode()).lines == [repair_mojibake(line) for line in text.split("\n")]


@given(st.binary(max_size=2000))
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    """No input makes the decoder raise anything but its own error."""
    if guess_encoding(data) is None:
        with pytest.raises(DecodeError):
            decode(data)
    else:
        assert all("\n" not in line for line in decode(data).lines)


@pytest.mark.parametrize("method", ["gzip", "xz", "bzip2", "zstd"])
def test_compressed_files_are_read_whole_or_refused(method: str) -> None:
    """Parts that follow each other are one text; one that ends early is corrupt, one past its limit is refused."""
    pack = {"gzip": gzip.compress, "xz": lzma.compress, "bzip2": bz2.compress, "zstd": zstandard.compress}[method]
    text = b"epoch 1 loss 0.5\n" * 1000
    packed = pack(text)
    assert decompress(packed, method, 10**6) == text
    assert decompress(packed + packed, method, 10**6) == 2 * text
    for broken in (packed[: len(packed) // 2], packed[:-3], b"xx" + packed):
        with pytest.raises(DecodeError, match="corrupt_archive"):
            decompress(broken, method, 10**6)
    with pytest.raises(DecodeError, match="archive_limit"):
        decompress(pack(b"0" * 10**7), method, 10**6)


def test_a_dictionary_larger_than_memory_is_refused() -> None:
    """An xz header that asks for 1.5 GiB."""
    packed = bytearray(lzma.compress(b"x", format=lzma.FORMAT_ALONE))
    packed[1:5] = (3 << 29).to_bytes(4, "little")
    with pytest.raises(DecodeError, match="corrupt_archive"):
        decompress(bytes(packed), "xz", 10**6)
