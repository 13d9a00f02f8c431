"""Nothing that a reader states leaves it with a secret inside: the masking of one file's findings.

Patterns know a token by its shape anywhere. A password is known by its label alone, and readers part the two: a shell's
variable stands in a command, an argument in a list, a quote begins behind the label. So the labels of the whole text
are looked up once, and what they label is masked in everything that is stated of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from scanner.formats._base import Document
from scanner.knowledge import MASK, mask_name, mask_secrets, secrets_in
from scanner.records import RAW_LIMIT, Series

_CONTEXT = 4 * RAW_LIMIT
"""Characters of a quote that are looked at; what is kept of it is shorter."""


class Concealer:
    """Masks the secrets of the documents of one file, the same text always in the same way."""

    def __init__(self, documents: Iterable[Document]) -> None:
        found = {s for d in documents if d.data == b"" and d.stored is None for s in secrets_in(d.text())}
        self._known = tuple(sorted(found, key=lambda secret: (-len(secret), secret)))
        self._names: dict[str, str] = {}

    def text(self, text: str) -> str:
        """The text without secrets."""
        return mask_secrets(text, self._known)

    def name(self, text: str) -> str:
        """The same for keys, which repeat."""
        known = self._names.get(text)
        if known is None:
            known = self._names[text] = self.text(text) if self._known or len(text) > RAW_LIMIT else mask_name(text)
        return known

    def pointer(self, pointer: str) -> str:
        """The same for inner addresses, most of which differ in the numbers of list items alone."""
        if not pointer:
            return pointer
        shape = _ITEM.sub("/0", pointer)
        return pointer if self.name(shape) == shape else self.name(pointer)

    def curves(self, curves: Iterable[Series]) -> tuple[Series, ...]:
        """The curves with their names and addresses masked; two whose names differ in secrets alone stay two."""
        found: dict[tuple[str, str, int, str], Series] = {}
        for curve in curves:
            curve.metric, written = self.name(curve.metric), self.name(curve.written)
            curve.pointer = self.pointer(curve.pointer)
            curve.pointers[:] = map(self.pointer, curve.pointers)
            n, curve.written = 1, written
            while (key := (curve.metric, curve.written, curve.segment, curve.found_by)) in found:
                n += 1
                curve.written = f"{written}~{n}"
            found[key] = curve
        return tuple(found.values())

    def quote(self, raw: str) -> str:
        """A quote cut to RAW_LIMIT; a word that the cut would part is left out before it is looked at."""
        if len(raw) > _CONTEXT:
            raw = raw[:_CONTEXT].rpartition(" ")[0] or raw[:RAW_LIMIT]
        return self.text(raw)[:RAW_LIMIT]


_ITEM = re.compile(r"/\d+(?=/|$)")
_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_BODY = re.compile(r"[A-Za-z0-9+/=]{4,}")
_MOST_LINES = 200


def without_private_keys(lines: list[str]) -> list[str]:
    """Lines in which the lines of private keys are masked, each in its place, before any reader sees them."""
    if not any("PRIVATE KEY" in line for line in lines):
        return lines
    found, left = [], 0
    for line in lines:
        begin, end = _BEGIN.search(line), _END.search(line)
        if left and end is None:
            found.append(_BODY.sub(MASK, line))
            left -= 1
        else:
            found.append(line)
            left = 0
        if begin is not None and (end is None or end.start() < begin.start()):
            left = _MOST_LINES
    return found
