"""The whole flow on one screen: crawl, read, assemble, classify, learn, store, report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from scanner import assembly, learn, report, store
from scanner.errors import SettingsError
from scanner.intake.crawl import Candidate, crawl
from scanner.intake.engines.local import read_all
from scanner.intake.quotes import Fault, Quote, recheck
from scanner.records import Observation, Series, Skip, Snapshot, SourceFile
from scanner.report.kept import Difference
from scanner.settings import Settings


class Progress(NamedTuple):
    """What has been done so far, for whoever watches."""

    stage: str
    n_files: int
    n_bytes: int
    n_found: int


Watch = Callable[[Progress], None]


def scan(settings: Settings, watch: Watch) -> tuple[Snapshot, Path]:
    """Scan, store and write the report; returns what was found and the report's path."""
    files, skips, observations, series = read_tree(settings, watch)
    watch(Progress("assemble", len(files), 0, len(observations)))
    paths = [*(file.path for file in files), *(skip.path for skip in skips if skip.n_files)]
    runs = assembly.assemble(files, observations, series, paths)
    outcomes = [assembly.classify(run) for run in runs]
    learnings = learn.learn(runs, outcomes, files, skips)
    watch(Progress("store", len(files), 0, len(runs)))
    rows = store.intake_rows(files, skips, observations, series)
    rows |= store.run_rows(runs, outcomes, store.first_seen(settings.out), store.next_number(settings.out))
    rows |= store.learning_rows(learnings)
    roots = tuple(root.resolve().name for root in settings.roots)
    store.save(settings.out, rows, roots)
    snapshot = Snapshot(roots, tuple(files), tuple(skips), tuple(runs), tuple(outcomes), learnings)
    watch(Progress("report", len(files), 0, len(runs)))
    return snapshot, report.write_report(snapshot, settings, settings.out)


def read_tree(settings: Settings, watch: Watch) -> tuple[list[SourceFile], list[Skip], list[Observation], list[Series]]:
    """Intake: every file met ends in `files` or `skips`; both are ordered by path."""
    files: list[SourceFile] = []
    skips: list[Skip] = []
    observations: list[Observation] = []
    series: list[Series] = []
    candidates: list[Candidate] = []
    for met in crawl(settings.roots):
        (candidates if isinstance(met, Candidate) else skips).append(met)  # type: ignore[arg-type]
    n_bytes = 0
    for findings in read_all(candidates, settings.jobs):
        if findings.file is not None:
            files.append(findings.file)
            n_bytes += findings.file.size
        skips.extend(findings.skips)
        observations.extend(findings.observations)
        series.extend(findings.series)
        watch(Progress("read", len(files), n_bytes, len(observations) + len(series)))
    return sorted(files), sorted(skips), observations, series


def rerender(settings: Settings) -> Path:
    """Write the report again from the stored tables; nothing of the tree is read."""
    return report.write_report(store.load(settings.out), settings, settings.out)


class Verification(NamedTuple):
    """What a document and its quotes were checked against, and where they do not hold."""

    n_lines: int
    differences: list[Difference]
    n_quotes: int
    faults: list[Fault]


def verify(settings: Settings) -> Verification:
    """Derive the document again from the runs, and look up every quoted line below the roots, where any are named."""
    stored = store.load(settings.out)
    if settings.roots and len(settings.roots) != len(stored.roots):
        raise SettingsError(f"the scan read {len(stored.roots)} folders ({', '.join(stored.roots)}): name as many")
    learnings = learn.learn(stored.runs, stored.outcomes, stored.files, stored.skips)
    n_lines, differences = report.check_report(replace(stored, learnings=learnings), settings, settings.out)
    quotes = set(_quotes(stored)) if settings.roots else set()
    return Verification(n_lines, differences, len(quotes), recheck(settings.roots, quotes, settings.jobs))


def _quotes(snapshot: Snapshot) -> Iterator[Quote]:
    """All that runs and outcomes rest on; of a value that others follow from, what it was derived of."""
    for run, outcome in zip(snapshot.runs, snapshot.outcomes, strict=True):
        values = (o for value in run.values.values() for o in (value.chosen, *value.others))
        for found in (*values, *run.signals, *outcome.because, *outcome.against):
            yield Quote(found.locator, found.raw)
        for issue in outcome.issues:
            yield Quote(issue.because, issue.raw)
