"""What changed between a failure and the next success of the same experiment, field by field."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.learn._cases import Case, ids
from scanner.learn._experiments import Sequel, experiments, started
from scanner.learn._experiments import sequels as pairs_of
from scanner.learn.best import SETTINGS
from scanner.records import Figure, Learning, Scalar

MIN_PAIRS = 3
"""A field that changed in fewer pairs than this is an anecdote; the learning says how many pairs are missing."""

COMPARED = (*SETTINGS, "gpu_name", "effective_batch_size")


def sequels(cases: Sequence[Case]) -> list[Learning]:
    """The pairs; per field how often it changed and which way; each pair with its changes."""
    pairs = list(pairs_of(cases))
    blind = _without_times(cases)
    if not pairs and not blind:
        return []
    changes = [(pair, changed(pair)) for pair in pairs]
    head = Learning(
        "sequels",
        "",
        (
            Figure("pairs", len(pairs)),
            Figure("unchanged", sum(not found for _, found in changes)),
            Figure("missing", max(0, MIN_PAIRS - len(pairs))),
            Figure("without_times", len(blind)),
        ),
        _ids(pairs) or ids(blind),
    )
    fields = [_field(name, pairs) for name in COMPARED]
    by_field = sorted((x for x in fields if x is not None), key=lambda x: (-int(x.figures[0].value or 0), x.subject))
    return [head, *by_field, *(_pair(pair, found) for pair, found in changes if found)]


def changed(pair: Sequel) -> dict[str, tuple[Scalar, Scalar]]:
    """Fields that both runs state, differently: what the failed one had, what the successful one."""
    found = {}
    for name in COMPARED:
        before, after = pair.failed.get(name), pair.success.get(name)
        if before is not None and after is not None and before != after:
            found[name] = (before, after)
    return found


def _field(name: str, pairs: Sequence[Sequel]) -> Learning | None:
    both = [p for p in pairs if p.failed.get(name) is not None and p.success.get(name) is not None]
    moved = [p for p in both if p.failed.get(name) != p.success.get(name)]
    if not moved:
        return None
    numbers = [(p.failed.number(name), p.success.number(name)) for p in moved]
    figures = (
        Figure("changed", len(moved)),
        Figure("stated", len(both)),
        Figure("lowered", sum(a is not None and b is not None and b < a for a, b in numbers)),
        Figure("raised", sum(a is not None and b is not None and b > a for a, b in numbers)),
    )
    return Learning("sequel_field", name, figures, _ids(moved))


def _pair(pair: Sequel, found: dict[str, tuple[Scalar, Scalar]]) -> Learning:
    figures = (
        Figure("failure", pair.failed.outcome.failures[0] if pair.failed.outcome.failures else None),
        *(
            figure
            for name, (before, after) in found.items()
            for figure in (Figure("field", name), Figure("before", before), Figure("after", after))
        ),
    )
    return Learning("sequel", pair.failed.model or "", figures, _ids([pair]))


def _without_times(cases: Sequence[Case]) -> list[Case]:
    """Failed runs of experiments that also succeeded, whose order nothing tells."""
    return [
        case
        for _, group in experiments(cases)
        if any(c.outcome.status == "success" for c in group)
        for case in group
        if case.outcome.status == "failed" and started(case) is None
    ]


def _ids(pairs: Sequence[Sequel]) -> tuple[str, ...]:
    """Failed run, success, failed run, success, ..."""
    return tuple(dict.fromkeys(case.run.run_id for pair in pairs for case in pair))
