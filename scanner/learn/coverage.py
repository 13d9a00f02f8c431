"""What was read and what was not, and how sure the outcomes are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from scanner.learn._cases import Case, executed, ids, of_status
from scanner.learn._experiments import moment_of
from scanner.learn._figures import outcome_figures, share
from scanner.records import Figure, Learning, Skip, SourceFile


def totals(cases: Sequence[Case], files: Sequence[SourceFile], skips: Sequence[Skip]) -> list[Learning]:
    """Files met, read, skipped; runs and outcomes of the whole tree."""
    skipped = sum(skip.n_files for skip in skips)
    behind = {e.path for case in cases for e in case.run.evidence}
    copies = sum(e.role == "copy" for case in cases for e in case.run.evidence)
    ran = executed(cases)
    decided = [case for case in ran if case.outcome.status != "unknown"]
    return [
        Learning(
            "files",
            "",
            (
                Figure("met", len(files) + skipped),
                Figure("read", len(files)),
                Figure("skipped", skipped),
                Figure("folders", sum(_is_folder(skip) for skip in skips)),
                Figure("parts", sum(skip.n_files == 0 and not _is_folder(skip) for skip in skips)),
                Figure("behind_runs", len(behind)),
                Figure("copies", copies),
            ),
            (),
        ),
        Learning(
            "runs",
            "",
            (
                *outcome_figures(cases, least=1),
                share("failed_share", sum(c.outcome.status == "failed" for c in decided), len(decided)),
                share("decided_share", len(decided), len(ran)),
                Figure("projects", len({case.run.project for case in cases})),
            ),
            ids(cases),
        ),
        *(
            Learning("outcome", status, (Figure("executed", len(found)),), ids(found))
            for status in ("success", "failed", "unknown")
            if (found := of_status(cases, status))
        ),
        *_others(cases),
    ]


def _others(cases: Sequence[Case]) -> list[Learning]:
    """Declared runs, and executed ones of which the tree holds byte-identical copies."""
    recipes = [case for case in cases if not case.is_executed]
    copied = [case for case in cases if any(e.role == "copy" for e in case.run.evidence)]
    return [
        Learning(name, "", (Figure("runs", len(found)),), ids(found))
        for name, found in (("declared", recipes), ("copied", copied))
        if found
    ]


def _is_folder(skip: Skip) -> bool:
    """Whether a skip stands for a folder that was not entered, not for a part of a file that was read."""
    return skip.n_files == 0 and skip.stage == "crawl"


def skipped(skips: Sequence[Skip]) -> list[Learning]:
    """Files, folders and parts of files by the reason why they were not read; most files first."""
    by_reason: dict[str, list[Skip]] = defaultdict(list)
    for skip in skips:
        by_reason[skip.reason].append(skip)
    counted = [
        (reason, sum(s.n_files for s in met), sum(map(_is_folder, met)), len(met)) for reason, met in by_reason.items()
    ]
    return [
        Learning(
            "skip",
            reason,
            (Figure("files", n), Figure("folders", folders), Figure("parts", all_of_it - n - folders)),
            (),
        )
        for reason, n, folders, all_of_it in sorted(counted, key=lambda c: (-c[1], -c[2], c[0]))
    ]


def formats(files: Sequence[SourceFile]) -> list[Learning]:
    """Files by the format that found something in them."""
    found = Counter(name for file in files for name in file.formats)
    return [
        Learning("format", name, (Figure("files", n),), ())
        for name, n in sorted(found.items(), key=lambda p: (-p[1], p[0]))
    ]


def certainty(cases: Sequence[Case]) -> list[Learning]:
    """What decided the outcomes of executed runs, and what was looked for in vain where nothing did."""
    by_rule: dict[str, list[Case]] = defaultdict(list)
    by_missing: dict[str, list[Case]] = defaultdict(list)
    for case in executed(cases):
        by_rule[case.outcome.rule].append(case)
        for name in case.outcome.missing:
            by_missing[name].append(case)
    return [
        Learning(kind, name, (Figure("executed", len(found)),), ids(found))
        for kind, table in (("rule", by_rule), ("missing", by_missing))
        for name, found in sorted(table.items(), key=lambda p: (-len(p[1]), p[0]))
    ]


def newest_moment(cases: Sequence[Case]) -> list[Learning]:
    """The latest day that an execution states for its start or end; none where nothing states one."""
    known: list[tuple[str, str]] = []
    for case in executed(cases):
        for signal in case.run.signals:
            if signal.id in ("started_at", "ended_at"):
                moment = moment_of(signal.value)
                if moment is not None:
                    known.append((moment.day, case.run.run_id))
    if not known:
        return []
    day = max(known)[0]
    return [Learning("newest", "", (Figure("day", day),), tuple(dict.fromkeys(r for d, r in known if d == day)))]
