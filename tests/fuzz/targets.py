"""What is fed: each target takes bytes, returns how they may be broken on its way, and raises Broken where it is."""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Callable
from typing import cast

import pyarrow as pa

from scanner import assembly, learn, store
from scanner.formats import Format, all_formats
from scanner.formats._base import Document, DocumentKind, Rows, Stated
from scanner.intake import line_rules, relaunch
from scanner.intake.crawl import Candidate
from scanner.intake.decode import COMPRESSED, DecodeError, decode, decompress
from scanner.intake.extract import extract
from scanner.intake.powershell import unwrap
from scanner.intake.read_file import vocabulary
from scanner.intake.segment import Event, cut
from scanner.records import Findings, Locator, Scalar, Snapshot, SourceFile
from scanner.report import kept
from scanner.report.render import render
from scanner.report.view import make_document
from scanner.store.schema import TABLES
from tests.fuzz.seeds import Seed, seeds

Target = Callable[[Seed, bytes], None]


class Broken(AssertionError):
    """A promise that an input broke."""


def _hold(promise: bool, what: str) -> None:
    if not promise:
        raise Broken(what)


def _document(candidate: Candidate, data: bytes) -> Document | None:
    """As `open_document` makes it of a file's bytes; None where they are no text."""
    common = {"siblings": candidate.siblings, "naming": vocabulary()}
    if candidate.kind in ("binary", "weights"):
        return Document(candidate.path, "binary", data=data, **common)  # type: ignore[arg-type]
    try:
        lines = decode(data).lines
    except DecodeError:
        return None
    kind = cast(DocumentKind, candidate.kind)
    return Document(candidate.path, kind, unwrap(lines) if kind == "log" else lines, **common)  # type: ignore[arg-type]


def decoding(seed: Seed, data: bytes) -> None:
    """Lines are those of an editor, whatever the bytes are."""
    for method in COMPRESSED.values():
        try:
            _hold(len(decompress(data, method, 100_000)) <= 100_000, "past its limit")
        except DecodeError:
            pass
    try:
        lines, encoding = decode(data)
    except DecodeError:
        return
    _hold(not any("\n" in line or "\0" in line for line in lines), "a line holds a line break or NUL")
    if encoding == "utf-8" and b"\x1b" not in data:
        text = data.decode("utf-8", "replace").replace("\0", "")
        _hold(len(lines) == text.count("\n") + (not text.endswith("\n") and text != ""), "lines are counted otherwise")
    _hold(len(unwrap(lines)) == len(lines), "unwrapping moves lines")


_BY_ID: dict[str, Format] = {}


def formats(seed: Seed, data: bytes) -> None:
    """The format of the seed reads it, or refuses it with ValueError; what it states has a place and a scalar."""
    if not _BY_ID:
        _BY_ID.update({module.ID: module for module in all_formats()})
    document = _document(seed.candidate, data)
    queue = [document] if document is not None else []
    module = _BY_ID[seed.format]
    while queue:
        current = queue.pop(0)
        try:
            if not module.wants(current):
                continue
            for found in module.read(current):
                if isinstance(found, Document):
                    _hold(len(found.lines) == len(found.numbers or []), "a line without its number")
                    queue.append(found)
                else:
                    for stated in found.stated() if isinstance(found, Rows) else (found,):
                        _check(stated, len(current.lines))
        except ValueError:
            continue


def _check(found: Stated, n_lines: int) -> None:
    _hold(isinstance(found.value, str | float | int | bool), f"a value that is no scalar: {found.key}")
    _hold(0 <= found.line <= max(n_lines, 1), f"line {found.line} of {n_lines}: {found.key}")
    _hold(found.end_line is None or found.end_line >= found.line, "ends before it begins")
    _hold(isinstance(found.key, str), "a key that is no text")


def intake(seed: Seed, data: bytes) -> None:
    """All formats and line rules on one file: every observation has a place in it and a usable value."""
    findings = _findings(seed.candidate, data)
    if findings is None:
        return
    for observation in findings.observations:
        _place(observation.locator, seed.candidate.path)
        _hold(len(observation.raw) <= 200, "a long quote")
        _usable(observation.value)
    for curve in findings.series:
        _hold(len(curve.steps) == len(curve.values) == len(curve.lines) == len(curve.epochs), "a ragged curve")
    for skip in findings.skips:
        _hold(skip.reason != "malformed" or skip.detail.split(": ")[1] in REFUSALS, f"a reader broke: {skip.detail}")


REFUSALS = frozenset({"ValueError", "JSONDecodeError", "UnicodeDecodeError", "UnicodeEncodeError"})
"""What a reader raises that refuses a file: ValueError and its kinds."""


def _findings(candidate: Candidate, data: bytes) -> Findings | None:
    document = _document(candidate, data)
    if document is None:
        return None
    return extract(document, SourceFile(candidate.path, len(data), "0" * 64, "utf-8", (), 0, 0))


def _place(place: Locator, path: str) -> None:
    _hold(place.path == path and 0 <= place.start_line <= place.end_line, f"no place: {place}")


def _usable(value: Scalar) -> None:
    """A text that a table can hold; numbers are kept there as texts."""
    if isinstance(value, str):
        value.encode("utf-8")


def line_rule(seed: Seed, data: bytes) -> None:
    """The rules on single lines, whatever the kind of file."""
    try:
        lines = decode(data).lines
    except DecodeError:
        return
    document = Document("a.log", "log", lines, naming=vocabulary())
    for found in (*line_rules.read(document), *relaunch.read(document)):
        _check(found, len(lines))


_KINDS = ("launch", "relaunch", "start", "end", "fatal", "setting", "epoch", "step")


def segmenting(seed: Seed, data: bytes) -> None:
    """Cuts are lines in order, none before the first event."""
    numbers = array("d", (1.0, 2.0, 0.0, -1.0, math.inf, math.nan, 1e300, 3.5))
    events = [
        Event(at // 2 + 1, _KINDS[byte & 7], "abc"[byte >> 3 & 1], numbers[byte >> 5])  # type: ignore[arg-type]
        for at, byte in enumerate(data[:500])
    ]
    cuts = cut(events)
    _hold(cuts == sorted(set(cuts)) and all(line >= 1 for line in cuts), "cuts out of order")


def assembling(seed: Seed, data: bytes) -> None:
    """One broken file through assembly, classification and learning: nothing is claimed without evidence."""
    snapshot = _snapshot(seed, data)
    for run, outcome in zip(snapshot.runs, snapshot.outcomes, strict=True):
        _hold(run.run_id == outcome.run_id, "an outcome of another run")
    rows = store.run_rows(snapshot.runs, snapshot.outcomes, {}, 1)
    for name, found in rows.items():
        pa.Table.from_pylist(found, schema=TABLES[name])  # raises where a table cannot hold it


def rendering(seed: Seed, data: bytes) -> None:
    """What was found in one broken file, as a document."""
    snapshot = _snapshot(seed, data)
    if not snapshot.files:
        return
    text = render(make_document(snapshot), frozenset(), "seed")
    _hold("\0" not in text and "\x1b" not in text, "a control character in the document")


def _snapshot(seed: Seed, data: bytes) -> Snapshot:
    findings = _findings(seed.candidate, data)
    if findings is None or findings.file is None:
        return Snapshot((), (), (), (), ())
    files = [findings.file]
    runs = assembly.assemble(files, list(findings.observations), list(findings.series), [files[0].path])
    outcomes = [assembly.classify(run) for run in runs]
    learnings = learn.learn(runs, outcomes, files, list(findings.skips))
    return Snapshot(("root",), tuple(files), findings.skips, tuple(runs), tuple(outcomes), learnings)


def keeping(seed: Seed, data: bytes) -> None:
    """A document that people edited in any way is read, and filled without losing what they wrote."""
    text = data.decode("utf-8", "replace")
    marks = ("<!-- scan-trainings:plans begin -->", "<!-- scan-trainings:plans end -->")
    edited = text.replace("\n", f"\n{marks[0]}\n", 1).replace("\n\n", f"\n{marks[1]}\n", 1)
    written = kept.read(kept.seal(edited, "seed"))
    body = f"# A\n{marks[0]}\n{marks[1]}\nB"
    try:
        again = kept.read(kept.seal(kept.fill(body, written.kept), "seed"))
    except ValueError:
        return
    _hold(again.kept == written.kept or not written.kept.get("plans"), "the user's text was changed")
    _hold(again.is_untouched, "its own document counts as edited")


TARGETS: dict[str, tuple[Target, int]] = {
    "decoding": (decoding, 200),
    "formats": (formats, 400),
    "line_rule": (line_rule, 160),
    "segmenting": (segmenting, 100),
    "keeping": (keeping, 80),
    "intake": (intake, 45),
    "assembling": (assembling, 14),
    "rendering": (rendering, 1),
}
"""Name -> target and how often it is drawn."""


def draw(chance: random.Random) -> tuple[Seed, Seed]:
    """A seed to break and another one to take parts from; every format is as likely as any other."""
    by_format = _by_format()
    return chance.choice(by_format[chance.choice(list(by_format))]), chance.choice(seeds())


def _by_format() -> dict[str, list[Seed]]:
    if not _SEEDS:
        for seed in seeds():
            _SEEDS.setdefault(seed.format, []).append(seed)
    return _SEEDS


_SEEDS: dict[str, list[Seed]] = {}
