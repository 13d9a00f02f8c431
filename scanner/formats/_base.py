"""What a format receives and what it yields.

A `Document` is a text with the address of each of its lines, or the bytes of a binary file. A file is one document;
a notebook yields further ones (its sources, its stored outputs), whose lines keep their place in the notebook.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from scanner.formats._shapes import Shapes
from scanner.formats._stored import StoredBytes
from scanner.records import Origin, Scalar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DENSE = 4096
"""Characters from which on a log is searched by the shapes of its lines."""

Role = Literal["setting", "metric", "fact", "mark"]

DocumentKind = Literal["log", "python", "shell", "json", "yaml", "toml", "ini", "csv", "notebook", "binary", "weights"]


class Stated(NamedTuple):
    """What one place of a document says, in its own words."""

    key: str
    """As written ("lr0", "--learning_rate", "eval/loss", "Kayip"); for a fact or mark, an id of fields.toml."""
    value: Scalar
    """As written or, where the format is typed (JSON, event files), as typed."""
    line: int
    """1-based line of the *document*; 0 when a binary file has no lines."""
    role: Role = "setting"
    """"setting": what was asked for or recorded as configuration. "metric": a measurement (give `step` and `epoch`
    where known; counters written on the same line as metrics may simply be stated as metrics of their own).
    "fact": identity and linking (output_dir, program, started_at). "mark": training_start, training_end, launch..."""
    step: float | None = None
    epoch: float | None = None
    origin: Origin | None = None
    """None: after the document's kind (log: reported, python: script, shell: command_line, others: config_file)."""
    pointer: str = ""
    segment: int | None = None
    """Which execution of the document; None leaves it to the segmenter."""
    raw: str = ""
    """The characters seen; empty: key and value are shown."""
    end_line: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Metrics that a loop printed on many lines, each line with the same keys: columns instead of a `Stated` a number.

    Each line is one on which the format states nothing else; no line is told by a `Stated` of the format as well.
    """

    keys: tuple[str, ...]
    lines: Sequence[int] | NDArray[np.int64]
    """1-based, ascending."""
    columns: Sequence[Sequence[str | float] | NDArray[np.float64]]
    """Of each key its numbers, as written or as typed, line by line."""
    epochs: Sequence[float] | NDArray[np.float64] | None
    """The epoch of each line, NaN where it states none; None where no line does."""
    steps: Sequence[float] | NDArray[np.float64] | None = None
    segment: int | None = None
    """Which execution of the document all of them are of; None leaves it to the segmenter."""
    pointers: Sequence[str] = ()
    """Inner address of each line's number, for rows of one key; empty where there are none."""

    def stated(self) -> Iterator[Stated]:
        """The same number by number, in the order of the lines."""
        steps, epochs = (
            [] if axis is None else [None if n != n else n for n in map(float, axis)]
            for axis in (self.steps, self.epochs)
        )
        for at, line in enumerate(map(int, self.lines)):
            for key, column in zip(self.keys, self.columns, strict=True):
                number = column[at]
                value = number if isinstance(number, str) else float(number)
                step, epoch = (axis[at] if axis else None for axis in (steps, epochs))
                pointer = self.pointers[at] if self.pointers else ""
                yield Stated(key, value, line, "metric", step, epoch, pointer=pointer, segment=self.segment)


_NOTHING = re.compile("(?!)")


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """What the words of free text mean: the knowledge's answers, in the shape that formats ask for them."""

    kind: Callable[[str], str]
    """What a key of a metric line is: "metric", "companion", "epoch", "step", or "" for one that measures nothing."""
    not_progress: frozenset[str] = frozenset()
    """Words before `epoch` and `step` that make it something else than progress."""
    averages: frozenset[str] = frozenset()
    """Words that name no split although they may stand before any measurement."""
    fillers: frozenset[str] = frozenset()
    """Small words inside a name (`perte de validation`)."""
    neutral: frozenset[str] = frozenset()
    """Words before a key that change nothing in its meaning."""
    verbs: frozenset[str] = frozenset()
    """Words between a key and its number."""
    best: re.Pattern[str] = _NOTHING
    """A superlative."""
    loss: re.Pattern[str] = _NOTHING
    """Searched in a metric's key: it is a loss."""
    fractional: re.Pattern[str] = _NOTHING
    """Searched in a metric's key: programs print it with decimals."""
    training: re.Pattern[str] = _NOTHING
    """Matches a split word that means the training data."""

    def __call__(self, key: str) -> str:
        """`kind` of a key."""
        return self.kind(key)


SILENT = Vocabulary(lambda key: "")
"""Knows no word."""


@dataclass(slots=True)
class Document:
    """A text with addresses, or a binary file's bytes."""

    path: str
    kind: DocumentKind
    lines: list[str] = field(default_factory=list)
    """Without terminators; `\\r` stays inside (see `frames`), colour codes and NUL bytes are gone."""
    data: bytes = b""
    """The bytes of a binary file; empty for text."""
    stored: StoredBytes | None = None
    """The bytes of a weights file (kind "weights"), which is never held in memory as a whole; None for all others."""
    siblings: frozenset[str] = frozenset()
    """Names of the files in the same folder, this one included."""
    numbers: list[int] | None = None
    """Physical line of each line, for documents inside a file; None: 1, 2, 3, ..."""
    pointers: list[str] | None = None
    """Inner address of each line, for documents inside a file."""
    origin: Origin | None = None
    """Overrides the origin that follows from `kind`."""
    naming: Vocabulary = field(default_factory=lambda: SILENT, repr=False, compare=False)
    """What words mean; handed in by intake, so that formats for free text need no vocabulary of their own."""
    claimed: set[int] = field(default_factory=set)
    """Lines that a specific format has read as metrics; generic formats leave them alone."""
    _text: str | None = field(default=None, init=False, repr=False, compare=False)
    _shapes: Shapes | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The file's own name, lower case."""
        return self.path.rsplit("/", 1)[-1].lower()

    @property
    def folder(self) -> str:
        """The folder's root-relative path, "" at the root."""
        return self.path.rpartition("/")[0]

    @property
    def is_embedded(self) -> bool:
        """Whether it stands inside another document."""
        return self.numbers is not None

    def address(self, line: int) -> tuple[int, str]:
        """Physical line and inner address of a line of the document."""
        if self.numbers is None or line < 1:
            return line, ""
        index = min(line, len(self.numbers)) - 1
        return self.numbers[index], self.pointers[index] if self.pointers else ""

    def head(self, n_lines: int = 40) -> str:
        """The first lines, at most 400 characters of each: enough to recognise a format."""
        return "\n".join(line[:400] for line in self.lines[:n_lines])

    def text(self) -> str:
        """The whole text; joined once, since every format asks it for its own literals."""
        if self._text is None:
            self._text = "\n".join(self.lines)
        return self._text

    def mentions(self, *literals: str) -> bool:
        """Whether the text holds any of the literals, in this very spelling: the cheapest refusal of a foreign log."""
        text = self.text()
        if self.kind == "log" and len(text) > DENSE:
            shapes = self.shapes()
            return any(shapes.mentions(literal, text) for literal in literals)
        return any(literal in text for literal in literals)

    def shapes(self) -> Shapes:
        """The lines without their digits; taken once."""
        if self._shapes is None:
            self._shapes = Shapes(self.lines, self.text())
        return self._shapes

    def words(self) -> str:
        """A text that holds the same words as the document's, digits apart: of a long log each kind of line once."""
        return self.shapes().words() if self.kind == "log" and len(self.text()) > DENSE else self.text()

    def shaped_frames(self) -> Iterator[tuple[int, str, int]]:
        """`frames` with the number of each one's shape."""
        shapes = self.shapes()
        for number, (line, shape) in enumerate(zip(self.lines, shapes.of, strict=True), 1):
            if "\r" in line:
                for part, inner in zip(line.split("\r"), shapes.frames(shape), strict=True):
                    if part.strip():
                        yield number, part, inner
            elif line:
                yield number, line, shape

    def frames(self) -> Iterator[tuple[int, str]]:
        """(line, text) of everything a terminal would have shown: a line is split at `\\r`.

        A progress bar that redraws itself thousands of times on one physical line yields each of its frames under
        that line's number.
        """
        for number, line in enumerate(self.lines, 1):
            if "\r" in line:
                for part in line.split("\r"):
                    if part.strip():
                        yield number, part
            elif line:
                yield number, line

    def inner(self, kind: DocumentKind, lines: list[str], numbers: list[int], pointers: list[str]) -> Document:
        """A document inside this one."""
        return replace(self, kind=kind, lines=lines, data=b"", numbers=numbers, pointers=pointers, claimed=set())


NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
"""A finite decimal number, as a regular expression without groups."""

LOOSE_NUMBER = rf"(?:{NUMBER}|[-+]?(?:nan|NaN|NAN|inf|Inf|INF|infinity|Infinity))"
"""A number or NaN or infinity."""


def has_any(*literals: str) -> Callable[[str], bool]:
    """A test for any of the literals in a text, ignoring ASCII case."""
    pattern = re.compile("|".join(re.escape(literal) for literal in literals), re.IGNORECASE)
    return lambda text: pattern.search(text) is not None


def to_float(number: float | str) -> float:
    """The number as a float; an integer past all floats is infinite. Raises ValueError for a text that is none."""
    try:
        return float(number)
    except OverflowError:  # an integer: of a text infinity comes by itself
        return math.inf if int(number) > 0 else -math.inf


def to_whole(number: float) -> float:
    """The number as an integer, where it is not infinite or NaN."""
    return int(number) if math.isfinite(number) else number


def parse_number(text: str) -> float | None:
    """The number that the text writes (also NaN, inf, `1,234.5`, `12%`), or None."""
    cleaned = text.strip().rstrip("%").replace(",", "").replace("_", "")
    try:
        return float(cleaned)
    except ValueError:
        return None
