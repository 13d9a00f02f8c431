"""The records that stages exchange. Standard library only; none can be built without its evidence.

A `Stated` is what a format saw, in the words of the file; an `Observation` is the same thing under a field's name and
in its unit; a `Series` is a curve; a `Run` is what assembly made of them; an `Outcome` is what may be said about it.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Scalar = str | float | int | bool
"""A typed value."""

Origin = Literal["reported", "command_line", "config_file", "script"]
"""Who states a value: the execution itself, its command line, a configuration file, or a script's source."""

ORIGINS: tuple[Origin, ...] = ("reported", "command_line", "config_file", "script")
"""From the strongest to the weakest."""

Kind = Literal["executed", "declared"]
Status = Literal["success", "failed", "unknown"]

RAW_LIMIT = 200
"""Characters of the original text kept with an observation."""


class Locator(NamedTuple):
    """Where something stands."""

    path: str
    """Root-relative, POSIX separators."""
    start_line: int
    """Physical line, 1-based, counted by `\\n` alone; 0 when a binary file has no lines."""
    end_line: int
    pointer: str = ""
    """Inner address: a notebook cell ("cell 13"), a JSON pointer ("/log_history/3/loss"), an event tag."""
    segment: int = 0
    """Which execution inside the file, 0-based."""

    def __str__(self) -> str:
        place = f"{self.path}:{self.start_line}" if self.start_line else self.path
        return f"{place} ({self.pointer})" if self.pointer else place


class Observation(NamedTuple):
    """What one place states about one field, fact or signal; never a default, a guess or a verdict."""

    id: str
    """A field of RUN_SEMANTICS section 2, a fact ("output_dir"), or a signal ("failure:oom_gpu")."""
    key: str
    """The key as the file writes it ("--lr", "learningRate")."""
    value: Scalar
    raw: str
    step: float | None
    epoch: float | None
    origin: Origin
    found_by: str
    """The format or line rule that saw it."""
    locator: Locator


@dataclass(slots=True)
class Series:
    """One curve of one execution as columns: the points of one metric in the order of the file.

    Curves of one loop share their lines and counters: nobody changes a column once intake has handed it over.
    """

    metric: str
    """Canonical name: "train_loss", "eval_loss", "eval_accuracy", "learning_rate", ..."""
    written: str
    """The key as the file writes it."""
    path: str
    segment: int
    found_by: str
    pointer: str = ""
    steps: array[float] = field(default_factory=lambda: array("d"))
    """Optimizer steps; NaN where a point states none."""
    epochs: array[float] = field(default_factory=lambda: array("d"))
    values: array[float] = field(default_factory=lambda: array("d"))
    lines: array[int] = field(default_factory=lambda: array("q"))
    pointers: list[str] = field(default_factory=list)
    """Inner address of each point; empty when all share `pointer`."""

    def locator(self, index: int) -> Locator:
        """Where the point stands."""
        line = self.lines[index]
        return Locator(self.path, line, line, self.pointers[index] if self.pointers else self.pointer, self.segment)

    def __len__(self) -> int:
        return len(self.values)


class SourceFile(NamedTuple):
    """A file that was read."""

    path: str
    size: int
    digest: str
    """SHA-256 of the bytes as stored on disk, hexadecimal; of weights past 8 MiB, of their size and edges."""
    encoding: str
    formats: tuple[str, ...]
    """Formats that found something in it."""
    n_observations: int
    n_points: int


class Skip(NamedTuple):
    """A file, folder or part of a file that was met and not read."""

    path: str
    stage: str
    reason: str
    """Stable id, e.g. "binary", "too_large", "unreadable", "virtual_environment"."""
    detail: str
    n_files: int
    """Files that this record stands for: 1 for a file, 0 for a part of one or for a folder that was not entered."""


@dataclass(frozen=True, slots=True)
class Findings:
    """All that intake learnt from one file."""

    file: SourceFile | None
    observations: tuple[Observation, ...] = ()
    series: tuple[Series, ...] = ()
    skips: tuple[Skip, ...] = ()


class Value(NamedTuple):
    """The value of one field of a run."""

    field: str
    chosen: Observation
    others: tuple[Observation, ...]
    """Observations of the same field that lost, strongest first."""
    rule: str
    """Why `chosen` won: "only", "agree", "reported_wins", "command_line_wins", "latest", "derived", ..."""

    @property
    def value(self) -> Scalar:
        return self.chosen.value


class Link(NamedTuple):
    """Why a piece of evidence belongs to a run."""

    path: str
    segment: int
    reason: str
    because: Locator | None


class Evidence(NamedTuple):
    """A file behind a run."""

    path: str
    role: str
    """"execution", "recipe" or "copy"."""


@dataclass(frozen=True, slots=True)
class Run:
    """One training: executed, or declared and never seen to run."""

    run_id: str
    kind: Kind
    project: str
    name: str
    values: dict[str, Value]
    series: tuple[Series, ...]
    signals: tuple[Observation, ...]
    """Facts and signals of the execution in the order of the files: starts, ends, failures, tracker status."""
    links: tuple[Link, ...]
    evidence: tuple[Evidence, ...]

    def __post_init__(self) -> None:
        if not self.evidence:
            raise ValueError(f"run {self.run_id} has no evidence")


class Issue(NamedTuple):
    """A failure or quality class that was seen in a run, whether or not it decided the outcome."""

    id: str
    kind: str
    """"fatal", "numerical", "quality" or "handled"."""
    because: Locator
    raw: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What may be said about how a run ended."""

    run_id: str
    kind: Kind
    status: Status
    rule: str
    """Id of the deciding rule."""
    failures: tuple[str, ...] = ()
    because: tuple[Observation, ...] = ()
    against: tuple[Observation, ...] = ()
    missing: tuple[str, ...] = ()
    """What was looked for and not found, as stable ids."""
    issues: tuple[Issue, ...] = ()

    def __post_init__(self) -> None:
        if self.status != "unknown" and not self.because:
            raise ValueError(f"{self.status} without evidence: {self.run_id}")
        if self.kind == "declared" and self.status != "unknown":
            raise ValueError(f"a declared run has no outcome: {self.run_id}")


class Figure(NamedTuple):
    """One number of a learning, with its interval where it is a share or an estimate."""

    name: str
    value: Scalar | None
    low: float | None = None
    high: float | None = None
    n: int | None = None


@dataclass(frozen=True, slots=True)
class Learning:
    """A statement over many runs, as ids and figures; the words are the report's."""

    id: str
    """Kind of statement, e.g. "model_attempts"; a key of the catalogue."""
    subject: str
    """What it is about, e.g. a model's name; "" when about the whole tree."""
    figures: tuple[Figure, ...]
    run_ids: tuple[str, ...]


VerdictStatus = Literal["confirmed", "refuted", "inconclusive", "not_testable"]

Basis = Literal["measured", "predicted", "computed"]
"""What a verdict or a figure rests on: runs on this hardware, the memory predictor, or arithmetic alone."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a replay says of one documented claim; ids and figures, the words are the report's."""

    claim: str
    """The claim's id in the catalogue, e.g. "M7"."""
    written: str
    """The claim as its source writes it."""
    place: Locator | None
    """Where the source writes it; None when the source does not."""
    status: VerdictStatus
    basis: Basis
    rule: str
    """Id of the decision rule, fixed before the runs."""
    reason: str
    """Why nothing could be decided, as a stable id; "" for a decided claim."""
    stated: tuple[Figure, ...]
    """The quantities that the claim states, as the catalogue reads them."""
    figures: tuple[Figure, ...]
    """What was found; the first is the one that the rule judged."""
    errors: tuple[tuple[str, str], ...] = ()
    """What failed as written, and the exact last line of its error."""
    remedies: tuple[str, ...] = ()
    """Ids of the smallest changes that make legal what failed."""
    scope: tuple[tuple[str, Scalar], ...] = ()
    """What the verdict is about: model, parameters, batch, sequence length, steps, seeds, precision."""
    hardware: tuple[tuple[str, Scalar], ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    runs: tuple[str, ...] = ()
    """Digests of the runs behind it: learnings/replay/runs/<digest>/."""

    def __post_init__(self) -> None:
        if self.status in ("confirmed", "refuted") and not (self.figures or self.errors):
            raise ValueError(f"{self.claim}: {self.status} without a figure")


Fit = Literal["fits", "borderline", "does_not_fit"]


class Change(NamedTuple):
    """A change of a training's settings and what the predictor says of it."""

    settings: tuple[tuple[str, Scalar], ...]
    """Fields of RUN_SEMANTICS section 2 and their new values, e.g. (("batch_size", 4), ...)."""
    allocated_gib: float
    reserved_gib: float
    answer: Fit


@dataclass(frozen=True, slots=True)
class Forecast:
    """The predicted peak memory of a run beside the memory of its GPU; never a measurement."""

    run_id: str
    settings: tuple[tuple[str, Scalar], ...]
    """What was predicted, as fields and values."""
    assumed: tuple[str, ...]
    """Fields that the run does not state and that the prediction had to assume."""
    gpu_memory_gib: float
    allocated_gib: float
    reserved_gib: float
    answer: Fit
    parts: tuple[Figure, ...]
    """The peak by what holds it, GiB: weights, gradients, optimizer, activations, logits, other."""
    changes: tuple[Change, ...]
    """The cheapest changes that fit, the cheapest first; empty when none was found."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that one scan found, as the store keeps it and the report reads it."""

    roots: tuple[str, ...]
    """Names (last parts) of the scanned folders."""
    files: tuple[SourceFile, ...]
    skips: tuple[Skip, ...]
    runs: tuple[Run, ...]
    """Ordered by project, first evidence path and segment."""
    outcomes: tuple[Outcome, ...]
    """One a run, in the same order."""
    learnings: tuple[Learning, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    """Of the last replay into the same folder, by claim; not part of the scan."""
    forecasts: tuple[Forecast, ...] = ()
    """Of runs of this scan that ran out of memory, by run id."""


class Counts(NamedTuple):
    """A scan in a few numbers."""

    n_files: int
    """Files that were read."""
    n_skipped: int
    n_success: int
    """Of executed runs, as the next two."""
    n_failed: int
    n_unknown: int
    n_declared: int
