"""Whether quoted lines still stand where they are said to stand.

A quote stands when its text is in the named lines of the file, or, where a reader wrote it down in its own words (a
point of a curve, a cell of a notebook, a binary record), when reading the file again states the same at that place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from scanner.intake.conceal import Concealer
from scanner.intake.crawl import Candidate, crawl
from scanner.intake.decode import DecodeError
from scanner.intake.engines.local import read_all
from scanner.intake.read_file import open_document
from scanner.records import Findings, Locator, Snapshot


class Quote(NamedTuple):
    """What a stored record says that a file says."""

    place: Locator
    raw: str


class Fault(NamedTuple):
    """A quote that does not stand."""

    quote: Quote
    reason: str
    """"gone" (no such file any more, or one that is no longer read), "unreadable", "changed", or "reworded": the file
    is as it was, but this version of the readers states something else there."""


def quotes_of(snapshot: Snapshot) -> set[Quote]:
    """All that runs and outcomes rest on: the values, those that lost against them, signals, ends and issues."""
    found: set[Quote] = set()
    for run, outcome in zip(snapshot.runs, snapshot.outcomes, strict=True):
        values = (o for value in run.values.values() for o in (value.chosen, *value.others))
        stated = (*values, *run.signals, *outcome.because, *outcome.against)
        found.update(Quote(o.locator, o.raw) for o in stated)
        found.update(Quote(issue.because, issue.raw) for issue in outcome.issues)
    return found


def recheck(
    roots: tuple[Path, ...],
    quotes: Iterable[Quote],
    digests: Mapping[str, str],
    jobs: int,
    shown: Callable[[str], str] = str,
) -> list[Fault]:
    """The quotes that no longer stand below the roots, ordered by place; `digests` are those of the files when scanned.

    `shown` makes of a text of the tree what is stored of it, where pseudonyms stand for names. Raises IntakeError for a
    root that is none.
    """
    by_path: dict[str, list[Quote]] = defaultdict(list)
    for quote in sorted(set(quotes)):
        by_path[quote.place.path].append(quote)
    met_files = ((shown(met.path), met) for met in crawl(roots) if isinstance(met, Candidate))
    candidates = {path: met for path, met in met_files if path in by_path}
    faults: list[Fault] = []
    unsure: dict[str, list[Quote]] = {}
    for path, asked in by_path.items():
        candidate = candidates.get(path)
        if candidate is None:
            faults += [Fault(quote, "gone") for quote in asked]
            continue
        try:
            rest = _not_in_lines(candidate, asked, shown)
        except (OSError, DecodeError):
            faults += [Fault(quote, "unreadable") for quote in asked]
            continue
        if rest:
            unsure[path] = rest
    again = (candidates[path] for path in unsure)
    for (_, asked), findings in zip(unsure.items(), read_all(again, jobs), strict=True):
        stated = _stated(findings, shown)
        file = findings.file
        reason = "reworded" if file is not None and digests.get(shown(file.path)) == file.digest else "changed"
        faults += [Fault(quote, reason) for quote in asked if quote.raw not in stated.get(_key(quote.place), ())]
    return sorted(faults)


def _not_in_lines(candidate: Candidate, quotes: Sequence[Quote], shown: Callable[[str], str]) -> list[Quote]:
    """The quotes whose text is not in their lines as they stand."""
    document, _ = open_document(candidate)
    if document.kind == "binary":
        return list(quotes)
    lines, hide = document.lines, Concealer([document])
    return [
        quote
        for quote in quotes
        if not (1 <= quote.place.start_line <= len(lines))
        or _plain(quote.raw)
        not in _plain(shown(hide.text("\n".join(lines[quote.place.start_line - 1 : quote.place.end_line]))))
    ]


def _plain(text: str) -> str:
    return " ".join(text.split())


_Place = tuple[int, str]


def _key(place: Locator, shown: Callable[[str], str] = str) -> _Place:
    return place.start_line, shown(place.pointer)


def _stated(findings: Findings, shown: Callable[[str], str]) -> Mapping[_Place, set[str]]:
    """What a second reading quotes, by place."""
    found: dict[_Place, set[str]] = defaultdict(set)
    for observation in findings.observations:
        found[_key(observation.locator, shown)].add(shown(observation.raw))
    for series in findings.series:
        for index, value in enumerate(series.values):
            found[_key(series.locator(index), shown)].add(f"{shown(series.written)} = {value:g}")
    return found
