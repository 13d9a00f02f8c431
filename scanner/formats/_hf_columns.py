"""The Trainer's dictionaries as columns: a training logs thousands of lines that differ in their numbers only.

From the moment on at which nothing but its numbers is left to say of a shape, its lines are taken out of the reader's
pass and read together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from scanner.formats import _hf_metrics
from scanner.formats._base import Document, Rows
from scanner.formats._hf_banner import is_unsloth
from scanner.formats._places import Lines
from scanner.formats._sieve import MANY, Sieve

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MIN_ALIKE = 32
"""Lines of one shape from which on they are read as columns."""
_SAY_MORE = (
    *("Arguments(", "Config(", "TrainingArgs(", "TrainOutput(", "Process rank: ", "Saving model checkpoint to "),
    *("Training completed", "loading weights file", "is incompatible with", "trl", "llamafactory", "llmtuner"),
    *("callbacks", "throughput", "global_step/max_steps", "Num examples", "Batch size"),
)
"""Words of lines that state more than their dictionary."""


class Columns:
    """The shapes of a document that are one dictionary of a training and nothing else, and their lines."""

    def __init__(self, document: Document, sieve: Sieve) -> None:
        self._document = document
        self._shapes = document.shapes()
        self._sieve = sieve
        self._steady: dict[int, _Steady | None] = {}
        """By shape; None for a shape of other lines."""
        self._open: dict[int, _Steady] = {}
        """Those whose lines are being taken."""
        self._outside: list[tuple[int, int]] = []
        """Places (first, last) of lines that are read as something else."""

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self._document.lines)

    def take(self, line: int, text: str, shape: int, frameworks: Collection[str], counts_from_0: bool) -> bool:
        """Whether a line, met by a reader that has seen a training begin, is read as a part of columns.

        `frameworks` are those told of the training; `counts_from_0` says whether it was told that epoch 0 is counted.
        """
        if shape in self._open:
            return text is self._document.lines[line - 1]
        steady = self._steady.get(shape)
        if steady is None or text is not self._document.lines[line - 1] or len(self._document.lines) < MANY:
            return False
        steady.n_seen += 1
        if steady.n_seen < MIN_ALIKE or not steady.frameworks <= set(frameworks):
            return False
        places = (self._shapes.numbers[line - 1 :] == shape).nonzero()[0] + (line - 1)
        if not counts_from_0 and steady.holds_epoch_0(self._lines, places, self._shapes.texts[shape]):
            return False
        steady.coming = places
        self._open[shape] = steady
        self._sieve.taken.add(shape)
        return True

    def look_at(self, line: int, text: str, shape: int) -> None:
        """See whether a line is of a shape whose lines may be taken."""
        if shape not in self._steady and "{'" in text and text is self._document.lines[line - 1]:
            self._steady[shape] = _steady(text)

    def settle(self, line: int) -> None:
        """From a line on read again one by one."""
        for steady in self._open.values():
            places = steady.coming[: steady.coming.searchsorted(line - 1)]
            for first, last in self._outside:
                places = places[(places < first) | (places > last)]
            steady.taken.append(places)
        if self._open:
            self._sieve.give_back(self._open)
        self._open.clear()

    def leave_out(self, first: int, last: int) -> None:
        """Lines that are a part of something else."""
        self._outside.append((first - 1, last - 1))

    def last_before(self, line: int) -> tuple[int, str, str] | None:
        """(line, loss, epoch) of the last line taken before a line; the texts are "" for what it does not hold."""
        best: tuple[int, _Steady] | None = None
        for shape, steady in self._steady.items():
            if steady is None:
                continue
            n_coming = steady.coming.searchsorted(line - 1) if shape in self._open else 0
            for places in (*steady.taken, steady.coming[:n_coming]):
                if len(places) and (best is None or places[-1] > best[0]):
                    best = int(places[-1]), steady
        if best is None:
            return None
        text = self._document.lines[best[0]]
        return best[0] + 1, best[1].number("loss", text), best[1].number("epoch", text)

    def rows(self) -> Iterator[Rows]:
        """All that was taken."""
        self.settle(len(self._document.lines) + 1)
        for shape, steady in self._steady.items():
            if steady is not None and any(map(len, steady.taken)):
                yield steady.rows(self._lines, self._shapes.texts[shape])


class _Steady:
    """A shape of lines that are one dictionary of a training and nothing else."""

    def __init__(self, pairs: dict[str, str], spans: dict[str, tuple[int, int]]) -> None:
        import numpy as np  # a large import, which few files need

        self.n_seen = 1
        self.frameworks = {"hf-trainer"} if _hf_metrics.is_by_trainer(pairs) else set()
        if self.frameworks and _hf_metrics.is_by_trl(pairs):
            self.frameworks.add("trl")
        self.coming: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        """Places of the lines of the shape from where it was last taken on."""
        self.taken: list[NDArray[np.int64]] = []
        """Places of lines that are read."""
        self._keys = [key for key in pairs if key != "epoch"]
        self._names = _hf_metrics.names_of(pairs)
        self._spans = spans

    def number(self, key: str, text: str) -> str:
        """A number of a line of the shape as written, "" for a key that it does not hold."""
        begin, end = self._spans.get(key, (0, 0))
        return text[begin:end]

    def holds_epoch_0(self, lines: Lines, places: NDArray[np.int64], shape: str) -> bool:
        """Whether any of the lines states epoch 0."""
        return "epoch" in self._spans and not lines.numbers(places, shape, self._spans["epoch"]).all()

    def rows(self, lines: Lines, shape: str) -> Rows:
        """All lines that were taken, as columns."""
        import numpy as np

        places = np.concatenate(self.taken)
        columns = [lines.numbers(places, shape, self._spans[key]) for key in self._keys]
        epochs = lines.numbers(places, shape, self._spans["epoch"]) if "epoch" in self._spans else None
        return Rows(tuple(self._names[key] for key in self._keys), places + 1, columns, epochs)


def _steady(text: str) -> _Steady | None:
    """The shape of a line that is a training's dictionary and says nothing else; None for any other."""
    found = list(_hf_metrics.find_places(text))
    if len(found) != 1 or "*****" in text or is_unsloth(text) or any(word in text for word in _SAY_MORE):
        return None
    pairs, places = found[0]
    if not _hf_metrics.is_training(pairs) or _hf_metrics.is_evaluation(pairs) or _hf_metrics.is_closing(pairs):
        return None
    return None if any(map(str.isdigit, "".join(pairs))) else _Steady(pairs, places)
