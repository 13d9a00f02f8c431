"""Hand-written training loops in any language: numbers behind words, on lines or under a header that counts.

    Epoch [3/10], Step [100/600], Loss: 0.5321
    Train Epoch: 1 [640/60000 (1%)]	Loss: 0.512
    epoch: 3 | train_loss=0.53 | val_acc: 83.35%
    Epoch 3/10
    ----------
    train Loss: 0.53 Acc: 0.81
    val Loss: 0.61 Acc: 0.79
    epoch    train_loss    valid_acc
    -------  ------------  ---------
          1        0.6905     0.6150

Each number is read with the words before it; which words measure or count is asked of the document. A header that only
counts gives its number to the metric lines below it, one that names a split gives that. Steps that restart with every
epoch are no global steps and are dropped. Prose, source code, and lines that only state a plan ("Max epochs: 10") yield
nothing; "best so far" is told only where it is no loss, since it is not the last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from scanner.formats import _loop_tables
from scanner.formats._base import Document, Rows, Stated
from scanner.formats._loop_columns import Irregular, LoopColumns, Said, joined
from scanner.formats._loop_items import (
    Item,
    Line,
    heading_scope,
    read_line,
    writes_decimal_commas,
)
from scanner.formats._loop_words import is_loss, is_training_split
from scanner.formats._plans import Plans
from scanner.formats._sieve import Sieve

ID = "plain_loop"
DESCRIPTION = "Hand-written loops: epochs, steps, losses and accuracies in free text, in ten languages"
SAMPLE = "Epoch [3/10], Step [100/600], Loss: 0.5321"
GENERIC = True

MAX_LINE = 1500
SCOPE_LINES = 8
"""Lines below a heading that a split named by it may hold for."""
MAX_KNOWN = 8
"""Texts of one shape, different in the digits of their keys, that are remembered."""
_DIGITS = re.compile(r"\d+")
_PREFIX = re.compile(
    r"^\s*(?:\[?\d{4}[-/.]\d\d?[-/.]\d\d?[T ,]*\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?\]?"
    r"|\[?\d\d:\d\d:\d\d(?:[.,]\d+)?\]?|\[rank ?\d+\]:?|\d+:(?= )|\[?(?:INFO|DEBUG|WARNING)\b\]?(?::\w+:)?"
    r"|[\w.]{3,40}(?=\s+-\s+(?:INFO|DEBUG|WARNING)\b)"
    r"|[IW]\d{4} [\d:.]+\s+\d+ [\w.]+:\d+\]|[\w.]+:[\w.<>]+:\d+ -|\[[\w.]+\](?=\[|\s*-))[\s:|\-]*"
)
_CODE = re.compile(
    r"^\s*(?:File \"|def |for |if |while |return |import |from |print\(|assert |raise |>>>|\+ |# )"
    r"|[;{]\s*$|[^=\s]\s?==\s?[^=\s]|\(\)"
)
_EPOCH_STEP = re.compile(r"^\s*\[\s*(?P<epoch>\d+)\s*(?:/\s*(?P<epochs>\d+)\s*\]\s*\[|,)\s*(?P<step>\d+)(?:/\d+)?\s*\]")
_TRAIN_EPOCH = re.compile(r"^\s*Train:\s+(?P<epoch>\d+)\s+\[\s*\d+/\d+")
_ORDINAL = re.compile(
    r"^\W*(?:\u7b2c\s*(?P<a>\d+)\s*(?:/\s*(?:\u5171\s*)?(?P<a_of>\d+)\s*)?(?:\u8f6e|\u4e2a?\s?epoch)(?:\s*/\s*\u5171?\s*(?P<a_to>\d+)\s*\u8f6e)?"
    r"|(?P<b>\d+)\s*(?:/\s*(?P<b_of>\d+)\s*)?\.\s?(?:d\u00f6nem|epok|epoch)\b)",
    re.IGNORECASE,
)
_CLOSED = re.compile(
    r"end[- ]of[- ]epoch\W{0,4}(?P<a>\d+)|(?:finished|completed)\s+epoch\W{0,4}(?P<b>\d+)"
    r"|(?:epoch|d\u00f6nem|epok)\W{0,3}(?P<c>\d+)(?:\s*/\s*\d+\W?)?\W{0,3}\s*(?:is\s+)?"
    r"(?:completed?|finished|done|ended|tamamland\u0131|bitti)\b",
    re.IGNORECASE,
)
_BEGINNING = re.compile(r"(?i)start\w*\s.{0,20}(?:train|tun)|(?:train|tun)ing.{0,12}start|eğitim.{0,12}başl")
_BATCH = re.compile(r"\[\s*(?P<n>\d+)\s*/\s*(?P<of>\d+)\s*\]")
_SPLIT_BATCH = re.compile(r"\W*\w+:\s+(?:\[\d+\]\s*)?\[\s*\d+\s*/")
_AVERAGED = re.compile(r"[-+]?\d+\.\d+\s+\(\s*([-+]?\d+\.\d+)\s*\)")
"""`Acc@1: 70.1 (71.3)`: a batch's value and the mean so far."""
_AVERAGE_LOSS = re.compile(r"(?i)(?:avg|average|mean|running|smoothed?)[ _]loss$")
_COMPONENT = re.compile(r"(?i)loss\w*[^\w\n]{1,6}\d|\w_?loss\b")
"""Losses of parts (`Loss_D: 1.39`, `[D loss: 0.5]`): no total, but a loop that goes on."""
_CLOSING = re.compile("end|omplete|inish|done|Done|END|COMPLETE|FINISH|DONE|tamamland|bitti")
_OVERALL = re.compile(
    r"^\W*accuracy of the (?:network|model|net) on (?:the )?(?:\d+ )?(?P<split>test|validation|train\w*)\b"
    r"[^:%\d]{0,20}:?\s*(?P<value>\d+(?:\.\d+)?)\s?%",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Record:
    """The metrics of one line with the counters that hold for it."""

    line: int
    raw: str
    epoch: float | None
    step: float | None
    is_inner: bool
    """Whether the step counts against a total within an epoch."""
    metrics: list[Item]


def wants(document: Document) -> bool:
    """Logs, but not a tracker's own diary."""
    return document.kind == "log" and document.name not in ("debug-internal.log", "debug-core.log")


def read(document: Document) -> Iterator[Stated | Rows]:
    """Metrics with their epoch and step; planned totals; epochs that were closed."""
    yield from _loop_tables.read(document)
    try:
        found = list(_Loop(document, has_columns=True).read())
    except Irregular:
        found = list(_Loop(document, has_columns=False).read())
    yield from found


def _is_no_text(frame: str) -> bool:
    """Whether a line, and every other of its shape, is too long, a progress bar or a rule."""
    return len(frame) > MAX_LINE or "%|" in frame or (frame.isascii() and not frame.strip("\r\n -=*_#+~"))


@dataclass(slots=True)
class _Steady:
    """A shape of lines that a loop prints again and again, read once."""

    begin: int
    """Where the text begins behind times, ranks and levels."""
    by_scope: dict[str, list[Line]] = field(default_factory=dict)
    """What it holds under each split that a heading put in force, by the digits in its keys."""

    def of(self, text: str, scope: str) -> Line | None:
        """What a text holds under a split, where it is known."""
        return next((known for known in self.by_scope.get(scope, ()) if known.fits(text)), None)


@dataclass(slots=True)
class _Loop:
    """What is known along the lines of a document."""

    document: Document
    has_columns: bool
    sieve: Sieve = field(init=False)
    columns: LoopColumns = field(init=False)
    records: list[_Record] = field(default_factory=list)
    epoch: float | None = None
    opened: float | None = None
    """The epoch of the last header."""
    counted: int = 0
    """The line of the last counter."""
    scope: str = ""
    scope_until: int = 0
    commas: bool | None = None
    foreign: set[str] = field(default_factory=set)
    """Lines without their numbers that say nothing: what a loop prints thousands of times is read once."""
    steady: dict[int, _Steady] = field(default_factory=dict)
    plans: Plans = field(default_factory=Plans)
    changes: list[tuple[int, float | None]] = field(default_factory=list)
    """(line, epoch) wherever a line changed the epoch at hand; None where it was forgotten."""
    planned: list[tuple[int, str, float, float]] = field(default_factory=list)
    """(line, mark, count, total) of each counter with a total; a mark "" where all plans were forgotten."""

    def __post_init__(self) -> None:
        self.sieve = Sieve(self.document, self.document.claimed)
        self.columns = LoopColumns(self.document, self.sieve)

    def read(self) -> Iterator[Stated | Rows]:
        """All lines. Raises Irregular where lines that were read as columns would have told more one by one."""
        for line, frame, shape in self.sieve:
            if _is_no_text(frame):
                self.sieve.silent.add(shape)
                continue
            if self.columns:
                self._catch_up(line)
            yield from self.see(line, frame, shape)
            if self.columns and self.scope and line < self.scope_until:
                self.columns.settle_scoped(line + 1)
        columns = self.columns.closed()
        if columns:
            if any(_AVERAGE_LOSS.match(key) for column in columns for key in column.keys) or any(
                _AVERAGE_LOSS.match(item.key) for record in self.records for item in record.metrics
            ):
                raise Irregular
            counts = [(r.line, r.epoch, r.step) for r in self.records if r.epoch is not None and r.step is not None]
            restarts, rows = joined(columns, Said(self.changes, self.planned, counts))
            yield from rows
        else:
            restarts = _steps_restart(self.records)
        yield from _stated(self.records, restarts)

    def _catch_up(self, line: int) -> None:
        """Know what the lines read as columns before a line have told."""
        counted = self.columns.epoch_before(line)
        if counted is not None and counted[0] > max(self.counted, self.changes[-1][0] if self.changes else 0):
            self.counted, self.epoch = counted
        scoped = self.columns.scope_before(line)
        if scoped is not None and scoped[0] + SCOPE_LINES > self.scope_until:
            self.scope, self.scope_until = scoped[1], scoped[0] + SCOPE_LINES

    def see(self, line: int, frame: str, of: int) -> Iterator[Stated]:
        """One line and its shape: what it states at once; its metrics become records."""
        if (steady := self.steady.get(of)) is not None:
            scope = self.scope if line <= self.scope_until else ""
            known = steady.of(frame[steady.begin :], scope)
            if known is not None:
                if self.has_columns and self.columns.take(line, frame, of, steady.begin, known, scope):
                    return
                found = known.refilled(frame[steady.begin :], self.commas is True)
                counters = {item.kind: item for item in reversed(found.items) if item.kind in ("epoch", "step")}
                yield from self._count(found, counters, line, frame)
                return
        shape = _DIGITS.sub("0", frame)
        if shape in self.foreign:
            self.sieve.silent.add(of)
            return
        text = _bare(frame)
        if _DIGITS.search(text) is None and "nan" not in text.lower() and "inf" not in text.lower():
            if heading := heading_scope(text, self.document.naming):
                self.scope, self.scope_until = heading, line + SCOPE_LINES
            elif _BEGINNING.search(text) is None:
                self.foreign.add(shape)
            elif line > self.counted + 3:
                # What the last execution had reached and planned says nothing about the next.
                self.epoch, self.plans = None, Plans()
                self.changes.append((line, None))
                self.planned.append((line, "", 0, 0))
            return
        closed = _CLOSED.search(text) if _CLOSING.search(text) and len(text.split()) < 25 else None
        if closed is not None:
            yield Stated("epoch_end", int(closed[closed.lastgroup or 0]), line, "mark", raw=frame.strip())
        if text.lstrip("*= -")[:8].lower() == "accuracy" and (overall := _OVERALL.match(text)):
            name = f"{overall['split']} accuracy"
            self.records.append(
                _Record(
                    line,
                    text.strip(),
                    self.epoch,
                    None,
                    False,
                    [Item(name, "metric", overall["value"] + "%", None, True)],
                )
            )
            return
        if self.commas is None:
            self.commas = writes_decimal_commas(self.document)
        scope = self.scope if line <= self.scope_until else ""
        found = read_line(text, self.document.naming, self.commas, scope)
        if not found.items and "loss" not in text.lower():
            if closed is None:
                self.foreign.add(shape)
            return
        if _CODE.search(frame):
            return
        is_steady = closed is None and found.is_of_shape
        counters = {item.kind: item for item in reversed(found.items) if item.kind in ("epoch", "step")}
        if scope and counters:
            found = read_line(text, self.document.naming, self.commas)
            is_steady = is_steady and found.is_of_shape
        if found.items or "loss" in text.lower():
            for name, item in _bracketed(text, frame).items():
                counters.setdefault(name, item)
                is_steady = False
        if found.scope and not is_training_split(self.document.naming, found.scope):
            batch = _BATCH.search(text) if counters or _SPLIT_BATCH.match(text) else None
            if batch is not None and int(batch["n"]) < int(batch["of"]):
                # A batch on the way through the evaluation is no result.
                self.scope, self.scope_until = found.scope, line + SCOPE_LINES
                return
            if batch is not None or text.startswith("Averaged stats"):
                found = read_line(_AVERAGED.sub(r"\1", text), self.document.naming, self.commas, found.scope)
                is_steady = False
        if is_steady:
            known_before = self.steady.setdefault(of, _Steady(len(frame) - len(text))).by_scope.setdefault(scope, [])
            if len(known_before) < MAX_KNOWN:
                known_before.append(found)
        yield from self._count(found, counters, line, frame)

    def _count(self, found: Line, counters: dict[str, Item], line: int, frame: str) -> Iterator[Stated]:
        metrics = [item for item in found.items if item.kind == "metric" and (item.whole or counters)]
        companions = [item for item in found.items if item.kind == "companion"]
        raw = frame.strip()
        if any(item.is_best for item in metrics):
            # The best of a loss is not its last; of other metrics it is a point of the curve, though without a place.
            best = [item for item in metrics if item.is_best and not is_loss(self.document.naming, item.key)]
            metrics = [item for item in metrics if not item.is_best]
            if best:
                self.records.append(_Record(line, raw, None, None, False, best))
            if not metrics:
                return
        epoch, step = counters.get("epoch"), counters.get("step")
        has_parts = epoch is not None and not metrics and _COMPONENT.search(frame) is not None
        if counters or found.names_scope:
            self.scope, self.scope_until = found.scope, line + SCOPE_LINES
        if epoch is not None:
            self.epoch, self.counted = float(epoch.value), line
            self.changes.append((line, self.epoch))
        if epoch is not None and epoch.total is not None and self.epoch is not None and self.epoch <= epoch.total:
            is_header = not metrics and _begins_with(epoch, frame)
            if metrics or has_parts or is_header:
                yield from self._plan("plan_epochs", self.epoch, epoch.total, line, frame)
            if is_header:
                if (
                    self.epoch <= 1
                    and (self.opened is None or self.opened > self.epoch)
                    and not (self.records or self.columns)
                ):
                    yield Stated("training_start", True, line, "mark", raw=raw)
                self.opened = self.epoch
        if step is not None and step.total is not None and metrics and self.epoch is None:
            if float(step.value) <= step.total:
                yield from self._plan("plan_steps", float(step.value), step.total, line, frame)
        if metrics or (companions and epoch is not None and all(item.whole for item in companions)):
            at = float(step.value) if step is not None else None
            is_inner = step is not None and step.total is not None and self.epoch is not None
            self.records.append(_Record(line, raw, self.epoch, at, is_inner, [*metrics, *companions]))
        elif has_parts:
            self.records.append(_Record(line, raw, self.epoch, None, True, []))

    def _plan(self, mark: str, count: float, total: int, line: int, frame: str) -> Iterator[Stated]:
        before = self.columns.plan_before(line, mark) if self.columns else None
        if before is not None:
            if mark == "plan_steps" and (self.changes or self.columns.count_epochs):
                raise Irregular  # whether those lines planned steps depends on the epoch at hand
            if before[0] > max((at for at, name, *_ in self.planned if name in (mark, "")), default=0):
                self.plans.know(mark, *before[1:])
        self.planned.append((line, mark, count, total))
        yield from self.plans.see(mark, count, total, line, frame)


def _stated(records: list[_Record], restarts: bool) -> Iterator[Stated]:
    """Every measurement of the records; steps that restart with each epoch are left out."""
    plain: set[tuple[float | None, float]] = set()
    # Places at which a loss stands as it is: its running average at the same step says nothing newer.
    for record in records:
        step = None if restarts or record.is_inner else record.step
        if not record.metrics and record.epoch is not None:
            yield Stated("epoch", record.epoch, record.line, "metric", epoch=record.epoch, raw=record.raw)
        for item in record.metrics:
            if record.step is not None and item.kind == "metric":
                if item.key.lower() == "loss":
                    plain.add((record.epoch, record.step))
                elif _AVERAGE_LOSS.match(item.key) and (record.epoch, record.step) in plain:
                    continue
            yield Stated(item.key, item.value, record.line, "metric", step=step, epoch=record.epoch, raw=record.raw)


def _steps_restart(records: list[_Record]) -> bool:
    """Whether steps begin anew with each epoch."""
    last: tuple[float, float] | None = None
    for record in records:
        if record.epoch is None or record.step is None:
            continue
        if last is not None and record.epoch > last[0] and record.step <= last[1]:
            return True
        last = (record.epoch, record.step)
    return False


def _bare(frame: str) -> str:
    """The line without times, ranks and levels."""
    for _ in range(4):
        prefix = _PREFIX.match(frame)
        if prefix is None:
            break
        frame = frame[prefix.end() :]
    return frame


def _bracketed(text: str, frame: str) -> dict[str, Item]:
    """Counters without words, `[1,  2000] loss: 2.2`, `[0/25][50/782] Loss_D: 1.4`, or before theirs (`3. epoch`)."""
    if (pair := _EPOCH_STEP.match(text)) or (pair := _EPOCH_STEP.match(frame)):
        # The second number counts batches within the epoch.
        total = int(pair["epochs"]) if pair["epochs"] else None
        return {"epoch": Item("epoch", "epoch", pair["epoch"], total, True)}
    if named := _TRAIN_EPOCH.match(text):
        return {"epoch": Item("epoch", "epoch", named["epoch"], None, True)}
    ordinal = _ORDINAL.match(text)
    if ordinal is None:
        return {}
    value = ordinal["a"] or ordinal["b"]
    total_text = ordinal["a_of"] or ordinal["a_to"] or ordinal["b_of"]
    return {"epoch": Item("epoch", "epoch", value, int(total_text) if total_text else None, True)}


def _begins_with(counter: Item, frame: str) -> bool:
    """Whether a line is a header: it opens with the counter and says little else."""
    bare = _bare(frame).strip(" -=*#:.[(>|\u2550\u2500")
    opens = bare.lower().startswith(counter.key.split()[-1].lower()) and len(bare) <= 60
    return opens or len(bare.split()) <= 5
