"""Records to what the templates read: rows of figures with the places that show them. No sentence, no arithmetic."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scanner.errors import ReportError
from scanner.records import RAW_LIMIT, Figure, Learning, Locator, Outcome, Run, Scalar, Snapshot
from scanner.report.claims import Claim, Relation, claims_of, concerning
from scanner.report.conditions import condition
from scanner.report.escape import Tree
from scanner.report.forecasts import Expected, forecasts_of
from scanner.report.own_plans import OwnItem, Select, own_items
from scanner.report.places import place_of
from scanner.report.plans import GROUPS, Item, items
from scanner.report.rows import N_REFS, Group, Query, Ref

N_QUOTES = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One learning for a template; `row.executed` is its figure of that name."""

    id: str
    subject: Tree
    figures: Mapping[str, Figure]
    several: Mapping[str, tuple[Figure, ...]]
    """All figures of a name that occurs more than once."""
    behind: Group
    """What its figures count: the executed runs, or the declared ones where none was executed."""
    recipes: Group | None
    """The declared runs beside executed ones."""

    def __getitem__(self, name: str) -> Figure:
        return self.figures[name]

    @property
    def said(self) -> tuple[object, ...]:
        """What it says apart from its runs: rows of equal `said` are one sentence."""
        return self.subject, *((name, *(x.value for x in found)) for name, found in self.several.items())


@dataclass(frozen=True, slots=True)
class Quote:
    """What a file says, and where."""

    run_id: str
    place: Tree
    raw: Tree


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure class: how often it decided, how often it was only seen, and in which words."""

    id: str
    decided: Row | None
    seen: Row | None
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of a configuration."""

    name: str
    value: Scalar
    place: Tree


@dataclass(frozen=True, slots=True)
class Configuration:
    """A successful run as something to start from."""

    run_id: str
    model: Tree
    project: Tree
    folder: str
    """The folder that all places of the block have in common, with a slash; empty where they have none."""
    settings: tuple[Setting, ...]
    results: tuple[Setting, ...]
    metric: Tree
    rule: str
    """Id of the rule that decided the outcome."""
    end: Quote


@dataclass(frozen=True, slots=True)
class Document:
    """All that the templates may read."""

    roots: tuple[Tree, ...]
    rows: Mapping[str, tuple[Row, ...]]
    failures: tuple[Failure, ...]
    configurations: tuple[Configuration, ...]
    plan: Mapping[str, tuple[Item, ...]]
    own_plan: tuple[OwnItem, ...]
    """Items that the user wrote between the document's markers, of those that carry a query."""
    claims: tuple[Claim, ...]
    forecasts: tuple[Expected, ...]

    def of(self, name: str) -> tuple[Row, ...]:
        """The learnings of a kind, in order; none is an empty tuple."""
        return self.rows.get(name, ())

    def one(self, name: str) -> Row:
        """The learning of a kind that every scan has once. Raises ReportError for tables that were stored without."""
        if name not in self.rows:
            raise ReportError(f"the stored tables hold no learning `{name}`; scan again with this version")
        return self.rows[name][0]

    def concerning(self, advice: str) -> list[tuple[Claim, Relation]]:
        """The tested claims that concern a piece of general advice."""
        return concerning(self.claims, advice)

    @property
    def n_executed(self) -> int:
        return int(self.one("runs")["executed"].value or 0)


def make_document(snapshot: Snapshot, own_plan: str = "", select: Select | None = None) -> Document:
    """The view of a snapshot; `own_plan` is what the user wrote between its markers, whose queries `select` answers."""
    cases = {run.run_id: (run, outcome) for run, outcome in zip(snapshot.runs, snapshot.outcomes, strict=True)}
    rows: dict[str, list[Row]] = defaultdict(list)
    for learning in snapshot.learnings:
        rows[learning.id].append(row_of(learning, cases))
    return Document(
        tuple(map(Tree, snapshot.roots)),
        {name: tuple(found) for name, found in rows.items()},
        _failures(snapshot.learnings, rows, cases),
        tuple(_configuration(x, *cases[x.run_ids[0]]) for x in snapshot.learnings if x.id == "configuration"),
        {group: items(group, list(cases.values())) for group in GROUPS},
        own_items(own_plan, select, cases) if select is not None else (),
        claims_of(snapshot.verdicts),
        forecasts_of(snapshot),
    )


_Cases = Mapping[str, tuple[Run, Outcome]]


def row_of(learning: Learning, cases: _Cases) -> Row:
    several: dict[str, list[Figure]] = defaultdict(list)
    for figure in learning.figures:
        several[figure.name].append(figure)
    behind = [cases[name] for name in learning.run_ids]
    groups = [_group(learning, found) for found in _by_kind(learning, behind)]
    return Row(
        learning.id,
        Tree(learning.subject),
        {name: found[0] for name, found in several.items()},
        {name: tuple(found) for name, found in several.items()},
        groups[0] if groups else Group((), 0, None),
        groups[1] if len(groups) > 1 else None,
    )


def _by_kind(learning: Learning, behind: Sequence[tuple[Run, Outcome]]) -> list[list[tuple[Run, Outcome]]]:
    """Executed and declared apart, the empty one left out; copies are counted without regard to it."""
    if learning.id == "copied":
        return [list(behind)]
    apart = ([case for case in behind if case[0].kind == kind] for kind in ("executed", "declared"))
    return [found for found in apart if found]


def _group(learning: Learning, behind: Sequence[tuple[Run, Outcome]]) -> Group:
    kind = behind[0][0].kind
    where = condition(learning, kind, _is_handled(learning, behind))
    return Group(
        tuple(
            Ref(run.run_id, Tree(str(place_of(run, outcome, learning))))
            for run, outcome in itertools.islice(behind, N_REFS)
        ),
        len(behind),
        None if where is None else Query(kind, where, len(behind)),
    )


def _is_handled(learning: Learning, behind: Sequence[tuple[Run, Outcome]]) -> bool:
    """Whether an issue was handled in some run: such issues stand in no column of the runs table."""
    return learning.id == "issue" and any(
        all(issue.kind == "handled" for issue in outcome.issues if issue.id == learning.subject)
        for _, outcome in behind
    )


def _failures(learnings: Sequence[Learning], rows: Mapping[str, Sequence[Row]], cases: _Cases) -> tuple[Failure, ...]:
    """All classes that were seen: those that decided outcomes first, the most frequent of them first."""
    decided = {str(row.subject): row for row in rows.get("failure", ())}
    seen = {str(row.subject): row for row in rows.get("issue", ())}
    behind: dict[str, list[Quote]] = defaultdict(list)
    for learning in learnings:
        if learning.id in ("failure", "issue"):
            for name in learning.run_ids:
                behind[learning.subject].append(_quote(*cases[name], learning))
    return tuple(Failure(name, decided.get(name), seen.get(name), _distinct(behind[name])) for name in (decided | seen))


def _quote(run: Run, outcome: Outcome, learning: Learning) -> Quote:
    if learning.id == "failure":
        found = outcome.because[0]
        return Quote(run.run_id, Tree(str(found.locator)), _words(found.raw))
    issue = next(issue for issue in outcome.issues if issue.id == learning.subject)
    return Quote(run.run_id, Tree(str(issue.because)), _words(issue.raw))


def _words(raw: str) -> Tree:
    """The words of a file, with a mark where the record holds only their beginning."""
    return Tree(f"{raw}…" if len(raw) >= RAW_LIMIT else raw)


def _distinct(quotes: Sequence[Quote]) -> tuple[Quote, ...]:
    """The first quotes of different words; numbers (times, ranks, sizes) make no difference."""
    first: dict[str, Quote] = {}
    for quote in quotes:
        first.setdefault("".join(c for c in quote.raw if not c.isdigit()), quote)
    return tuple(itertools.islice(first.values(), N_QUOTES))


def _configuration(learning: Learning, run: Run, outcome: Outcome) -> Configuration:
    end = outcome.because[0]
    metric = run.values.get("best_metric_name")
    shown = [run.values[str(x.value)].chosen.locator for x in learning.figures if x.name in ("setting", "result")]
    folder = _common_folder([end.locator, *shown])
    return Configuration(
        run.run_id,
        Tree(run.values["model"].value if "model" in run.values else ""),
        Tree(run.project),
        folder,
        _settings(run, learning, "setting", folder),
        _settings(run, learning, "result", folder),
        Tree(metric.value if metric is not None else ""),
        outcome.rule,
        Quote(run.run_id, _below(folder, end.locator), Tree(end.raw)),
    )


def _common_folder(places: Sequence[Locator]) -> str:
    folders = [place.path.split("/")[:-1] for place in places]
    shared = [parts[0] for parts in itertools.takewhile(lambda p: len(set(p)) == 1, zip(*folders, strict=False))]
    return "".join(f"{name}/" for name in shared)


def _below(folder: str, place: Locator) -> Tree:
    return Tree(str(place).removeprefix(folder))


def _settings(run: Run, learning: Learning, kind: str, folder: str) -> tuple[Setting, ...]:
    values = [run.values[str(figure.value)] for figure in learning.figures if figure.name == kind]
    return tuple(Setting(v.field, v.value, _below(folder, v.chosen.locator)) for v in values)
