"""One month beside the one before: as learnings, like everything that is counted.

A run belongs to the month in which its evidence says it ran, never to a file's date; one whose evidence tells no date
belongs to the month of the scan that met it first, and the two are counted apart. What is new, newly failing, fixed or
gone is told by comparing two snapshots: the last one before the month and the last one in it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from scanner.learn._cases import Case, executed, ids
from scanner.learn._experiments import happened, key_of
from scanner.learn._figures import MIN_DECIDED, outcome_figures, share
from scanner.learn.fair import newcombe
from scanner.records import Figure, Learning, Scalar, Snapshot

TARGET_SUCCESSES = 100
TARGET_FAILED_SHARE = 0.2
"""The goals that the user's document sets: 100+ successful trainings, under 20 % failed."""

N_TREND = 6
N_CHANGES = 3


def month(name: str, now: Snapshot, before: Snapshot | None, seen: Mapping[str, str]) -> tuple[Learning, ...]:
    """The learnings of a month (YYYY-MM); `seen` is the month of the scan that met a run first."""
    cases = executed(_cases(now))
    in_month = _by_month(cases, seen)
    own = in_month.get(name, [])
    dated = [case for case in own if happened(case) is not None]
    return (
        _counted("month", name, own),
        _counted("month_dated", "", dated),
        _counted("month_seen", "", [case for case in own if happened(case) is None]),
        *(_counted("month_trend", m, in_month.get(m, [])) for m in months_before(name, N_TREND)),
        _difference(own, in_month.get(months_before(name, 2)[0], [])),
        *(_since(cases, executed(_cases(before))) if before is not None else ()),
        *_classes(own, name, in_month, None if before is None else executed(_cases(before))),
        *_targets(cases),
        *(_changes(now.learnings, before.learnings) if before is not None else ()),
    )


def months_before(name: str, n: int) -> list[str]:
    """The n months that end with the named one, oldest first."""
    year, number = map(int, name.split("-"))
    last = 12 * year + number - 1
    return [f"{at // 12:04d}-{at % 12 + 1:02d}" for at in range(last - n + 1, last + 1)]


def _cases(snapshot: Snapshot) -> list[Case]:
    return [Case(run, outcome) for run, outcome in zip(snapshot.runs, snapshot.outcomes, strict=True)]


def _by_month(cases: Sequence[Case], seen: Mapping[str, str]) -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    for case in cases:
        moment = happened(case)
        name = moment.month if moment is not None else seen.get(case.run.run_id)
        if name is not None:
            found.setdefault(name, []).append(case)
    return found


def _counted(kind: str, subject: str, cases: Sequence[Case]) -> Learning:
    failed = sum(case.outcome.status == "failed" for case in cases)
    decided = sum(case.outcome.status != "unknown" for case in cases)
    figures = (*outcome_figures(cases, least=1), share("failed_share", failed, decided))
    return Learning(kind, subject, figures, ids(cases))


def _difference(own: Sequence[Case], earlier: Sequence[Case]) -> Learning:
    """The share of success minus last month's, where both have decided runs enough; else how many are missing."""
    (k, n), (m, o) = (_decided(cases) for cases in (own, earlier))
    missing = max(0, MIN_DECIDED - n) + max(0, MIN_DECIDED - o)
    told = Figure("difference", None, n=n + o)
    if not missing:
        told = Figure("difference", k / n - m / o, *newcombe(k, n, m, o), n + o)
    return Learning("month_difference", "", (told, Figure("missing", missing)), ids([*own, *earlier]))


def _decided(cases: Sequence[Case]) -> tuple[int, int]:
    """Successes, and decided runs."""
    status = [case.outcome.status for case in cases]
    return status.count("success"), len(status) - status.count("unknown")


# ------------------------------------------------------------------------------------------- two snapshots


def _since(now: Sequence[Case], before: Sequence[Case]) -> list[Learning]:
    """New and vanished runs; runs and experiments that fail since, and those that failed and succeed since.

    A run is the same when its id is, or when it is the same one of its first file's runs: a log that went on since.
    """
    known = _by_place(before)
    by_id = {case.run.run_id: case for case in before}
    met: dict[str, Case | None] = {
        case.run.run_id: by_id.get(case.run.run_id) or known.get(place) for place, case in _by_place(now).items()
    }
    new = [case for case in now if met[case.run.run_id] is None]
    still = {old.run.run_id for old in met.values() if old is not None}
    last = {key_of(case): case.outcome.status for case in before if case.outcome.status != "unknown"}

    def was(case: Case) -> str | None:
        old = met[case.run.run_id]
        return last.get(key_of(case)) if old is None else old.outcome.status

    turned = [case for case in now if was(case) not in (None, case.outcome.status)]
    groups = {
        "month_new": new,
        "month_failing": [case for case in turned if case.outcome.status == "failed"],
        "month_fixed": [case for case in turned if case.outcome.status == "success" and was(case) == "failed"],
        "month_vanished": [case for case in before if case.run.run_id not in still],
    }
    return [Learning(kind, "", (Figure("runs", len(found)),), ids(found)) for kind, found in groups.items()]


def _by_place(cases: Sequence[Case]) -> dict[tuple[str, int], Case]:
    """The runs by their first file, numbered where it holds several."""
    found: dict[tuple[str, int], Case] = {}
    count: dict[str, int] = {}
    for case in cases:
        path = case.run.evidence[0].path
        found[path, count.setdefault(path, 0)] = case
        count[path] += 1
    return found


def _classes(
    own: Sequence[Case], name: str, in_month: Mapping[str, Sequence[Case]], before: Sequence[Case] | None
) -> list[Learning]:
    """Failure classes of the month, most frequent first; new are those that no earlier run shows."""
    earlier = [case for m, group in in_month.items() if m < name for case in group]
    known = {failure for case in (*earlier, *(before or ())) for failure in case.outcome.failures[:1]}
    found: dict[str, list[Case]] = {}
    for case in own:
        if case.outcome.status == "failed" and case.outcome.failures:
            found.setdefault(case.outcome.failures[0], []).append(case)
    return [
        Learning(
            "month_failure",
            failure,
            (Figure("executed", len(group)), Figure("is_new", failure not in known)),
            ids(group),
        )
        for failure, group in sorted(found.items(), key=lambda p: (-len(p[1]), p[0]))
    ]


def _targets(cases: Sequence[Case]) -> list[Learning]:
    """The user's goals over all runs: where they stand, and whether they are reached."""
    success, decided = _decided(cases)
    failed = share("value", decided - success, decided)
    is_under = failed.value is not None and float(failed.value) < TARGET_FAILED_SHARE
    return [
        Learning(
            "target",
            "success",
            (
                Figure("value", success),
                Figure("goal", TARGET_SUCCESSES),
                Figure("reached", success >= TARGET_SUCCESSES),
                Figure("progress", min(1.0, success / TARGET_SUCCESSES)),
            ),
            ids(case for case in cases if case.outcome.status == "success"),
        ),
        Learning(
            "target",
            "failed",
            (failed, Figure("goal", TARGET_FAILED_SHARE), Figure("reached", is_under)),
            ids(case for case in cases if case.outcome.status == "failed"),
        ),
    ]


_COUNTED = ("failure", "issue")


def _changes(now: Sequence[Learning], before: Sequence[Learning]) -> list[Learning]:
    """The learnings that changed most, by the size of the change beside what chance moves."""
    old = {(x.id, x.subject): x for x in before}
    scored: list[tuple[float, Learning]] = []
    for learning in now:
        found = _change(learning, old.get((learning.id, learning.subject)))
        if found is not None and found[0] > 0:
            score, name, a, b, n = found
            figures = (
                Figure("learning", learning.id),
                Figure("figure", name),
                Figure("before", a),
                Figure("after", b, n=n),
            )
            scored.append((score, Learning("month_change", learning.subject, figures, learning.run_ids)))
    scored.sort(key=lambda pair: (-pair[0], str(pair[1].figures[0].value), pair[1].subject))
    return [learning for _, learning in scored[:N_CHANGES]]


def _change(new: Learning, old: Learning | None) -> tuple[float, str, Scalar, Scalar, int | None] | None:
    """(score, figure, before, after, n) of a learning that can be compared with its earlier self."""
    figures, earlier = ({f.name: f for f in x.figures} if x is not None else {} for x in (new, old))
    if new.id in _COUNTED:
        after = int(figures["executed"].value or 0)
        was = int(earlier["executed"].value or 0) if earlier else 0
        return abs(after - was) / math.sqrt(max(after, was, 1)), "executed", was, after, None
    told, before = figures.get("success_share"), earlier.get("success_share")
    if told is None or before is None or told.value is None or before.value is None:
        return None
    p, q, n, o = float(told.value), float(before.value), told.n or 1, before.n or 1
    pooled = (p * n + q * o) / (n + o)
    spread = math.sqrt(max(pooled * (1 - pooled), 1e-9) * (1 / n + 1 / o))
    return abs(p - q) / spread, "success_share", q, p, n
