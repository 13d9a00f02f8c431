"""Text whose UTF-8 bytes were once read as a Windows code page, and put right again.

    "EÄŸitim" -> "Eğitim"

Some bytes have no character in those code pages and are lost for good (`Ş` is C5 9E, and 9E is none in cp1254): they
become U+FFFD. Lines stay where they are.
"""

from __future__ import annotations

_CODE_PAGES = ("cp1254", "cp1252")
"""Turkish first: a document about Turkish models was most likely mangled on a Turkish machine."""


def decode(data: bytes) -> str:
    """A document's text: UTF-8, or the Turkish code page, and never the mangled form."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1254", errors="replace")
    return unmangle(text.replace("\r\n", "\n"))


def unmangle(text: str) -> str:
    """The text as it was written, where it is UTF-8 read as a code page; any other text unchanged."""
    if text.isascii():
        return text
    for code_page in _CODE_PAGES:
        undone = b"".join(_byte(character, code_page) for character in text)
        if len(undone) != len(text):
            continue  # a character that no byte stands for: this text was not mangled this way
        repaired = undone.decode("utf-8", errors="replace")
        lost = repaired.count("\ufffd")
        if lost * 4 <= sum(not character.isascii() for character in repaired):
            return repaired
    return text


def _byte(character: str, code_page: str) -> bytes:
    try:
        return character.encode(code_page)
    except UnicodeEncodeError:
        # Readers that keep a byte without a character show it as the control character of the same number.
        return bytes([ord(character)]) if "\x80" <= character <= "\x9f" else b""
