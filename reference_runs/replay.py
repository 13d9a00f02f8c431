"""The flow of a replay on one screen: claims -> jobs -> results -> findings -> verdicts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, Protocol, cast

from reference_runs import hardware
from reference_runs.claims import catalogue, configuration_claims
from reference_runs.configs import documented
from reference_runs.processes import run_jobs, stored_result
from reference_runs.records import Claim, Cost, Finding, Hardware, Job, JobFailed, NotTestable, Result
from reference_runs.verdicts import undecided, verdict_of
from scanner import store
from scanner.errors import ReplayError
from scanner.records import Verdict


class Experiment(Protocol):
    """A module of experiments/."""

    def jobs(self, claim: Claim, at_hand: Hardware) -> dict[str, Job]:
        """What must be run."""

    def measure(self, claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
        """What the results say."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a user asks for."""

    out: Path
    budget: Cost
    claims: tuple[str, ...] = ()
    """Ids; empty for all of the budget."""
    source: Path | None = None
    """A LEARNINGS.md; None for the one that comes with the package."""
    again: bool = False
    """Whether stored runs are made anew."""


class Progress(NamedTuple):
    """How far a replay is."""

    n_jobs: int
    n_done: int
    remaining_s: float
    verdicts: tuple[Verdict, ...]
    """Decided so far."""


Watch = Callable[[Progress], None]


def replay(request: Request, watch: Watch) -> tuple[Verdict, ...]:
    """Decide claims and store their verdicts; what was decided before an interrupt is stored too."""
    at_hand = hardware.at_hand()
    source = documented.read(request.source)
    claims = chosen(request, at_hand, source)
    desk = _Desk(claims, source, at_hand, request.out / "learnings" / "replay" / "runs")
    desk.plan(again=request.again)
    try:
        watch(desk.progress())
        for done in run_jobs(list(desk.open.values()), desk.runs, at_once=max(1, at_hand.n_cores)):
            del desk.open[done.digest()]
            desk.judge()
            watch(desk.progress())
    finally:
        verdicts = tuple(desk.verdicts[claim.id] for claim in claims if claim.id in desk.verdicts)
        store.save_verdicts(request.out, verdicts)
    return verdicts


def chosen(request: Request, at_hand: Hardware, source: documented.Source) -> tuple[Claim, ...]:
    """The claims of a request: those it names, else all that its source makes and its budget decides.

    A claim of the full budget that is named in a quick replay gets its full settings. Raises ReplayError for an id
    that there is not.
    """
    claims = {claim.id: claim for claim in catalogue(request.budget, at_hand, request.source)}
    if request.source is not None:
        claims = {name: claim for name, claim in claims.items() if source.locate(claim.written) is not None}
        claims |= {claim.id: claim for claim in configuration_claims(source, request.source, claims.values())}
    if not request.claims:
        return tuple(claim for claim in claims.values() if request.budget == "full" or claim.cost != "full")
    if missing := set(request.claims) - set(claims):
        where = "" if request.source is None else f" in {request.source}"
        raise ReplayError(f"{sorted(missing)[0]}: no such claim{where}; `scan-trainings replay --list` lists them")
    whole = {claim.id: claim for claim in catalogue("full", at_hand, request.source)}
    return tuple(
        whole[name] if claim.cost == "full" else claim for name, claim in claims.items() if name in request.claims
    )


class _Desk:
    """Which jobs are still open, and the verdicts that what is done allows."""

    def __init__(self, claims: Sequence[Claim], source: documented.Source, at_hand: Hardware, runs: Path) -> None:
        self.claims = claims
        self.source = source
        self.at_hand = at_hand
        self.runs = runs
        self.needed: dict[str, dict[str, Job]] = {}
        self.open: dict[str, Job] = {}
        self.verdicts: dict[str, Verdict] = {}
        self.n_jobs = 0

    def plan(self, again: bool) -> None:
        """Ask the experiments for their jobs and judge at once what needs none or has its runs stored."""
        for claim in self.claims:
            try:
                self.needed[claim.id] = _experiment(claim).jobs(claim, self.at_hand)
            except NotTestable as reason:
                place = self.source.locate(claim.written)
                self.verdicts[claim.id] = undecided(claim, "not_testable", str(reason), place, self.at_hand)
        jobs = {job.digest(): job for names in self.needed.values() for job in names.values()}
        self.n_jobs = len(jobs)
        same = _same_ground(self.runs, self.at_hand)
        done = {digest for digest in jobs if stored_result(self.runs / digest)} if same and not again else set()
        self.open = {digest: job for digest, job in jobs.items() if digest not in done}
        self.judge()

    def judge(self) -> None:
        """Give a verdict to each claim whose jobs are all done."""
        for claim in self.claims:
            if claim.id in self.verdicts or any(job.digest() in self.open for job in self.needed[claim.id].values()):
                continue
            self.verdicts[claim.id] = self._verdict(claim, self.needed[claim.id])

    def _verdict(self, claim: Claim, jobs: Mapping[str, Job]) -> Verdict:
        place = self.source.locate(claim.written)
        results = {name: _result(self.runs / job.digest()) for name, job in jobs.items()}
        try:
            finding = _experiment(claim).measure(claim, results, self.at_hand)
        except NotTestable as reason:
            return undecided(claim, "not_testable", str(reason), place, self.at_hand, jobs.values())
        except JobFailed as failure:
            return undecided(claim, "inconclusive", "run_failed", place, self.at_hand, jobs.values(), str(failure))
        return verdict_of(claim, finding, place, self.at_hand, jobs.values())

    def progress(self) -> Progress:
        """Where the replay stands; the remaining time is the jobs' expected time on the cores at hand."""
        alone = sum(job.expected_s for job in self.open.values() if job.alone)
        shared = sum(job.expected_s for job in self.open.values() if not job.alone)
        rest = alone + shared / max(1, self.at_hand.n_cores)
        return Progress(self.n_jobs, self.n_jobs - len(self.open), rest, tuple(self.verdicts.values()))


def _experiment(claim: Claim) -> Experiment:
    return cast(Experiment, import_module(f"reference_runs.experiments.{claim.experiment}"))


def _result(folder: Path) -> Result:
    found = stored_result(folder)
    return found if found is not None else Result({}, "no result")


def _same_ground(runs: Path, at_hand: Hardware) -> bool:
    """Whether what is stored was run on this hardware with these versions; notes those of now."""
    ground = json.dumps(asdict(at_hand), sort_keys=True, indent=1) + "\n"
    note = runs.parent / "hardware.json"
    same = note.is_file() and note.read_text("utf-8") == ground
    runs.mkdir(parents=True, exist_ok=True)
    note.write_text(ground, "utf-8")
    return same
