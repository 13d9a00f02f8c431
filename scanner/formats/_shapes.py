"""Lines without the values of their digits: what thousands of a log's lines have in common.

    step 10: loss 0.5321      both are    step 00: loss 0.0000
    step 20: loss 0.4987

A question that asks nothing of a digit but that it is one (`\\d`, `\\w`, a length) has one answer for all lines of a
shape, and is asked once. Only ASCII digits are replaced, each by one, so that places within a line stay the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_LETTERS = str.maketrans("123456789", "000000000")


def shape_of(text: str) -> str:
    """The shape of one text."""
    return text.translate(_LETTERS)


class Shapes:
    """The shapes of a document's lines, and of the frames of those that hold carriage returns."""

    def __init__(self, lines: Sequence[str], text: str) -> None:
        numbers: defaultdict[bytes, int] = defaultdict(count().__next__)
        blind = text.encode("utf-8", "surrogatepass").translate(_DIGITS).split(b"\n")
        if len(blind) != len(lines):  # no line at all, or one that holds a line feed
            blind = [line.encode("utf-8", "surrogatepass").translate(_DIGITS) for line in lines]
        self.of: list[int] = list(map(numbers.__getitem__, blind))
        """The number of each line's shape."""
        self.texts: list[str] = [shape.decode("utf-8", "surrogatepass") for shape in numbers]
        """The shapes by number, in the order in which they first occur; those of frames behind those of lines."""
        self._frames: dict[int, tuple[int, ...]] = {}
        self._known: dict[str, int] | None = None
        self._words: str | None = None

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        """`of` for calculations over all lines."""
        import numpy as np  # a large import, which few files need

        return np.array(self.of, dtype=np.int64)

    def frames(self, shape: int) -> tuple[int, ...]:
        """Numbers of the shapes of a line's frames, for a line with carriage returns."""
        found = self._frames.get(shape)
        if found is None:
            if self._known is None:
                self._known = {text: number for number, text in enumerate(self.texts)}
            parts = self.texts[shape].split("\r")
            for part in parts:
                if part not in self._known:
                    self._known[part] = len(self.texts)
                    self.texts.append(part)
            found = self._frames[shape] = tuple(self._known[part] for part in parts)
        return found

    def words(self) -> str:
        """Every shape once: it holds each text without digits and line breaks that the document holds, and no other."""
        if self._words is None:
            seen = dict.fromkeys(frame for text in self.texts for frame in text.split("\r"))
            self._words = "\n".join(seen)
        return self._words

    def mentions(self, literal: str, text: str) -> bool:
        """Whether the document, whose text is given, holds a literal without line breaks."""
        blind = literal.translate(_LETTERS)
        if blind not in self.words():
            return False
        return blind == literal or literal in text
