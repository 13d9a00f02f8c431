"""Numbers at fixed places of many lines alike, read together instead of one by one.

In all lines of one shape a number has the same length and its point, sign and exponent stand at the same places, so
that columns of digits make columns of numbers. A decimal number of at most 15 digits with a power of ten up to 10^22 is
one division or multiplication of two exact floats away from its digits, and so the very float that reading its text
gives (Clinger, How to Read Floating Point Numbers Accurately, 1990, section 4); others are read from their text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DECIMAL = re.compile(r"(?P<sign>[-+]?)(?P<whole>0*)(?:\.(?P<part>0*))?(?:[eE](?P<to>[-+]?)(?P<power>0+))?")
MAX_DIGITS = 15
MAX_POWER = 22


class Lines:
    """The bytes of a document's lines and where each begins."""

    def __init__(self, lines: Sequence[str]) -> None:
        import numpy as np  # a large import, which few files need

        text = "\n".join(lines).encode("utf-8", "surrogatepass")
        self._bytes = np.frombuffer(text, dtype=np.uint8)
        ends = np.flatnonzero(self._bytes == 10)
        self._begins = np.concatenate((np.zeros(1, dtype=np.int64), ends + 1))

    def numbers(self, places: NDArray[np.int64], shape: str, span: tuple[int, int]) -> NDArray[np.float64]:
        """The numbers that stand at `span` (characters of the shape) of the lines at `places` (0-based)."""
        import numpy as np

        written = shape[span[0] : span[1]]
        begins = self._begins[places] + len(shape[: span[0]].encode("utf-8", "surrogatepass"))
        form = _DECIMAL.fullmatch(written)
        n = len(form["whole"]) + len(form["part"] or "") if form else 0
        if form is None or not 0 < n <= MAX_DIGITS or len(form["power"] or "") > 3:
            return self._one_by_one(begins, len(written))
        values = self._whole(begins, [*range(*form.span("whole")), *range(*form.span("part"))]).astype(np.float64)
        minus = len(form["part"] or "")
        if form["power"]:
            stated = self._whole(begins, range(*form.span("power")))
            power = (-stated if form["to"] == "-" else stated) - minus
            if abs(power).max(initial=0) > MAX_POWER:
                return self._one_by_one(begins, len(written))
            tens = 10.0 ** np.arange(MAX_POWER + 1)
            values = np.where(power < 0, values / tens[np.maximum(-power, 0)], values * tens[np.maximum(power, 0)])
        else:
            values /= 10.0**minus
        return -values if form["sign"] == "-" else values

    def all_hold(self, places: NDArray[np.int64], shape: str, texts: Iterable[tuple[int, str]]) -> bool:
        """Whether each of the lines has certain digits at certain characters of the shape."""
        for at, text in texts:
            begins = self._begins[places] + len(shape[:at].encode("utf-8", "surrogatepass"))
            if any((self._bytes[begins + n] != ord(letter)).any() for n, letter in enumerate(text)):
                return False
        return True

    def _whole(self, begins: NDArray[np.int64], columns: Iterable[int]) -> NDArray[np.int64]:
        """The whole numbers that some columns of digits write."""
        import numpy as np

        found = np.zeros(len(begins), dtype=np.int64)
        for column in columns:
            found *= 10
            found += self._bytes[begins + column] - np.uint8(ord("0"))
        return found

    def _one_by_one(self, begins: NDArray[np.int64], length: int) -> NDArray[np.float64]:
        import numpy as np

        texts = (bytes(self._bytes[at : at + length]) for at in begins)
        return np.array([float(text) for text in texts], dtype=np.float64)
