"""One pass over a log that leaves out what its reader has found to say nothing.

A log of a million lines has some hundred shapes of lines. A reader that knows of a shape that none of its lines says
anything silences it; the lines of silenced shapes are then passed over together and not one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from scanner.formats._base import Document

MANY = 512
"""Lines from which on silenced ones are left out in advance; of fewer they are met one by one."""
PATIENCE = 256
"""Silenced lines that are met one by one before the rest of the log is sieved again."""


class Sieve:
    """The frames of a document, in order, that were not silenced before they were reached."""

    def __init__(self, document: Document, without: Collection[int] = ()) -> None:
        """`without` holds lines (1-based) that are left out as a whole."""
        self._lines = document.lines
        self._shapes = document.shapes()
        self._without = without
        self.silent: set[int] = set()
        """Shapes of which no line says anything."""
        self.taken: set[int] = set()
        """Shapes whose lines are read elsewhere, but not the frames of bars."""
        self._awake = False
        self._is_stale = False

    @property
    def is_awake(self) -> bool:
        """Whether every frame is yielded, the silenced ones as well."""
        return self._awake

    def wake(self) -> None:
        """From the next line on yield everything."""
        self._awake = True

    def give_back(self, shapes: Iterable[int]) -> None:
        """From the next line on yield again the lines of shapes that were taken."""
        self.taken.difference_update(shapes)
        self._is_stale = True

    def rest(self) -> None:
        """Go back to leaving out what is silenced."""
        self._awake = False

    def __iter__(self) -> Iterator[tuple[int, str, int]]:
        """(line, frame, shape), as `Document.shaped_frames`."""
        of, lines, n = self._shapes.of, self._lines, len(self._lines)
        silent, taken, without = self.silent, self.taken, self._without
        at = 0
        while at < n:
            places = self._left(at)
            met, most = 0, max(PATIENCE, len(places) // 8)
            has_all, self._is_stale = self._awake, False
            for place in places:
                shape = of[place]
                if not self._awake and (shape in silent or shape in taken):
                    met += 1
                    if met > most:
                        at = place + 1
                        break
                    continue
                line = lines[place]
                if not line or (place + 1) in without:
                    continue
                if "\r" not in line:
                    yield place + 1, line, shape
                elif self._awake or not silent.issuperset(self._shapes.frames(shape)):
                    inners = self._shapes.frames(shape)
                    for frame, inner in zip(line.split("\r"), inners, strict=True):
                        if frame.strip() and (self._awake or inner not in silent):
                            yield place + 1, frame, inner
                if self._is_stale or (self._awake and not has_all):
                    at = place + 1
                    break
            else:
                return

    def _left(self, begin: int) -> Sequence[int]:
        """Places of the lines from `begin` on that may be of interest."""
        n = len(self._lines)
        if self._awake or n - begin < MANY or not (self.silent or self.taken):
            return range(begin, n)
        import numpy as np  # a large import, which few files need

        is_left = np.ones(len(self._shapes.texts), dtype=bool)
        is_left[[*self.silent, *self.taken]] = False
        found: list[int] = (np.flatnonzero(is_left[self._shapes.numbers[begin:]]) + begin).tolist()
        return found
