"""The whole flow on one screen: crawl, read, assemble, classify, learn, store, report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from scanner import assembly, learn, report, rescan, store
from scanner.anonymise import (
    Pseudonyms,
    anonymous_files,
    anonymous_observations,
    anonymous_outcomes,
    anonymous_runs,
    anonymous_series,
    anonymous_skips,
)
from scanner.code_version import intake_version
from scanner.errors import SettingsError, StoreError
from scanner.intake.cache import Cache, opened
from scanner.intake.crawl import Candidate, crawl, shown_names
from scanner.intake.engines.cached import read_changed
from scanner.intake.engines.local import read_all
from scanner.intake.listing import Listings
from scanner.intake.named_file import settings_in
from scanner.intake.personal import names_in_tree
from scanner.intake.quotes import Fault, quotes_of, recheck
from scanner.knowledge import walk_rules
from scanner.learn import monthly
from scanner.records import Counts, Learning, Observation, Scalar, Series, Skip, Snapshot, SourceFile
from scanner.report.behind import behind
from scanner.report.kept import Difference
from scanner.report.monthly import write_month
from scanner.settings import DOCUMENT, Settings


class Progress(NamedTuple):
    """What has been done so far, for whoever watches."""

    stage: str
    n_files: int
    n_bytes: int
    n_found: int


Watch = Callable[[Progress], None]

__all__ = [
    "Progress",
    "Scanned",
    "Verification",
    "Watch",
    "behind",
    "cache_of",
    "read_tree",
    "report_month",
    "rerender",
    "scan",
    "settings_of",
    "store_tables",
    "verify",
]


class Scanned(NamedTuple):
    """What a scan has done."""

    counts: Counts
    document: Path
    note: str
    """What a person should know beside that; empty when all is well."""


def scan(settings: Settings, watch: Watch) -> Scanned:
    """Scan, store and write the report; files, and stages, whose input has not changed are not gone through again."""
    if settings.anonymise and not all(map(store.is_anonymous, store.snapshots(settings.out))):
        raise SettingsError(f"{settings.out}: earlier scans here hold the real names; choose another --out")
    with store.held(settings.out), cache_of(settings) as cache:
        store.check_schema(settings.out, is_scan=True)
        store.load_verdicts(settings.out)  # what another version wrote is refused before the tree is read
        store.load_forecasts(settings.out)
        tree = read_tree(settings, watch, cache)
        last = rescan.load(settings.out) if cache is not None else None
        now = _last(settings, cache, tree[1])
        if now is not None and last is not None and (last.inputs, last.findings) == (now.inputs, now.findings):
            if last.outputs == rescan.outputs_of(settings.out):
                rescan.save(settings.out, replace(now, outputs=last.outputs, counts=last.counts))
                return Scanned(last.counts, settings.out / DOCUMENT, "")
        snapshot = store_tables(settings, watch, *tree)
        watch(Progress("report", len(snapshot.files), 0, len(snapshot.runs)))
        document = report.write_report(snapshot, settings, settings.out, _select(settings.out))
        counts = _counts(snapshot)
        if now is not None and document.name == DOCUMENT:
            rescan.save(settings.out, replace(now, outputs=rescan.outputs_of(settings.out), counts=counts))
        return Scanned(counts, document, cache.note if cache is not None else "")


def store_tables(
    settings: Settings,
    watch: Watch,
    files: list[SourceFile],
    skips: list[Skip],
    observations: list[Observation],
    series: list[Series],
) -> Snapshot:
    """Assemble, classify and learn from what intake found, and store the tables."""
    watch(Progress("assemble", len(files), 0, len(observations)))
    paths = [*(file.path for file in files), *(skip.path for skip in skips if skip.n_files)]
    runs = assembly.assemble(files, observations, series, paths)
    outcomes = [assembly.classify(run) for run in runs]
    roots = tuple(shown_names([root.resolve().name])[0] for root in settings.roots)
    if settings.anonymise:
        names = Pseudonyms(names_in_tree(settings.roots))
        roots = tuple(map(names.text, roots))
        files, skips = anonymous_files(names, files), anonymous_skips(names, skips)
        observations, series = anonymous_observations(names, observations), anonymous_series(names, series)
        runs, outcomes = anonymous_runs(names, runs), anonymous_outcomes(names, outcomes)
    learnings = learn.learn(runs, outcomes, files, skips)
    watch(Progress("store", len(files), 0, len(runs)))
    rows = store.intake_rows(files, skips, observations, series)
    rows |= store.run_rows(runs, outcomes, store.first_seen(settings.out), store.next_number(settings.out))
    rows |= store.learning_rows(learnings)
    store.save(settings.out, rows, roots, anonymous=settings.anonymise)
    found = Snapshot(roots, tuple(files), tuple(skips), tuple(runs), tuple(outcomes), learnings)
    return store.with_replays(found, settings.out)


@contextmanager
def cache_of(settings: Settings) -> Iterator[Cache | None]:
    """The cache of the output folder, which is held; None for those who want none.

    One that an earlier scan left says names: a scan that stores none removes it.
    """
    if settings.anonymise:
        rescan.forget(settings.out)
    if not settings.keeps_findings:
        yield None
        return
    listings = Listings(walk_rules().marks)
    with opened(rescan.cache_folder(settings.out), intake_version(), listings) as cache:
        yield cache


def _last(settings: Settings, cache: Cache | None, skips: list[Skip]) -> rescan.Last | None:
    """What is known of this scan once the tree is read: all but what it counts and writes."""
    if cache is None:
        return None
    listings = cache.listings
    findings = hashlib.blake2b(f"{cache.digest()}{skips}".encode("utf-8", "backslashreplace"), digest_size=16)
    is_lasting = cache.is_lasting and listings.is_lasting
    inputs, marks = rescan.inputs_of(settings), list(listings.marks)
    return rescan.Last(inputs, findings.hexdigest(), is_lasting, marks, listings.digests, {}, Counts(*[0] * 6))


def _counts(snapshot: Snapshot) -> Counts:
    ends = [outcome.status for outcome in snapshot.outcomes if outcome.kind == "executed"]
    n_skipped = sum(skip.n_files for skip in snapshot.skips)
    n_declared = len(snapshot.outcomes) - len(ends)
    by_status = (ends.count("success"), ends.count("failed"), ends.count("unknown"))
    return Counts(len(snapshot.files), n_skipped, *by_status, n_declared)


def read_tree(
    settings: Settings, watch: Watch, cache: Cache | None = None
) -> tuple[list[SourceFile], list[Skip], list[Observation], list[Series]]:
    """Intake: every file met ends in `files` or `skips`; both are ordered by path."""
    files: list[SourceFile] = []
    skips: list[Skip] = []
    observations: list[Observation] = []
    series: list[Series] = []
    candidates: list[Candidate] = []
    for met in crawl(settings.roots, cache.listings if cache is not None else None):
        (candidates if isinstance(met, Candidate) else skips).append(met)  # type: ignore[arg-type]
    n_bytes = 0
    jobs = settings.jobs
    for findings in read_all(candidates, jobs) if cache is None else read_changed(candidates, jobs, cache):
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
    with store.locked(settings.out):
        return report.write_report(store.load(settings.out), settings, settings.out, _select(settings.out))


def _select(out: Path) -> Callable[[str], list[str]]:
    """How the report asks the stored runs for a condition."""

    def select(where: str) -> list[str]:
        from scanner.export.listing import select_runs  # few plans carry a query, and the database is a large import

        return select_runs(out, where)

    return select


def report_month(settings: Settings, name: str) -> tuple[Path, tuple[Learning, ...]]:
    """Write the report of a month (YYYY-MM) from the stored snapshots; returns its path and its learnings."""
    with store.locked(settings.out):
        folder, earlier = store.around(settings.out, name)
        now = store.load(settings.out, folder)
        before = store.load(settings.out, earlier) if earlier is not None else None
        taken = {int(path.name): store.taken_at(path).strftime("%Y-%m") for path in store.snapshots(settings.out)}
        seen = {run: taken[n] for run, n in store.first_seen(settings.out, folder).items() if n in taken}
        learnings = monthly.month(name, now, before, seen)
        scans = (int(folder.name) if folder else 0, int(earlier.name) if earlier else None)
        return write_month(learnings, now, before, scans, settings.out, settings.number_style), learnings


class Verification(NamedTuple):
    """What a document and its quotes were checked against, and where they do not hold."""

    n_lines: int
    differences: list[Difference]
    n_quotes: int
    faults: list[Fault]
    tables: list[Path]
    """Tables that are not what the scan stored."""


def verify(settings: Settings) -> Verification:
    """Derive the document again from the runs, and look up every quoted line below the roots, where any are named."""
    changed = store.changed_tables(settings.out)
    try:
        stored = store.load(settings.out)
    except StoreError:
        if not changed:
            raise
        return Verification(0, [], 0, [], changed)
    if settings.roots and len(settings.roots) != len(stored.roots):
        raise SettingsError(f"the scan read {len(stored.roots)} folders ({', '.join(stored.roots)}): name as many")
    learnings = learn.learn(stored.runs, stored.outcomes, stored.files, stored.skips)
    again = replace(stored, learnings=learnings)
    n_lines, differences = report.check_report(again, settings, settings.out, _select(settings.out))
    quotes = quotes_of(stored) if settings.roots else set()
    digests = {file.path: file.digest for file in stored.files}
    is_anonymous = bool(settings.roots) and store.is_anonymous(store.snapshots(settings.out)[-1])
    shown = Pseudonyms(names_in_tree(settings.roots)).quote if is_anonymous else str
    faults = recheck(settings.roots, quotes, digests, settings.jobs, shown)
    return Verification(n_lines, differences, len(quotes), faults, changed)


def settings_of(path: Path) -> dict[str, Scalar]:
    """The settings in a configuration file, or of the one training that a script or notebook describes."""
    settings = settings_in(path)
    if settings is not None:
        return settings
    files, _, observations, series = read_tree(Settings((path,), Path()), lambda progress: None)
    runs = assembly.assemble(files, observations, series, [file.path for file in files])
    if len(runs) != 1:
        raise SettingsError(f"{path}: {len(runs) or 'no'} trainings are described here; name a file with one")
    return {name: value.value for name, value in runs[0].values.items()}
