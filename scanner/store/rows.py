"""Records to rows of the tables and back, without loss."""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, cast

from scanner.records import (
    Evidence,
    Figure,
    Issue,
    Learning,
    Link,
    Locator,
    Observation,
    Outcome,
    Run,
    Scalar,
    Series,
    Skip,
    Snapshot,
    SourceFile,
    Value,
)
from scanner.store.schema import DERIVED, FIELDS

CURVE = "curve"
"""Reason of the links that say which curves are a run's."""

Row = dict[str, Any]
Rows = dict[str, list[Row]]

_TYPES = {"str": str, "int": int, "float": float}


def typed(value: Scalar) -> Row:
    """The columns `type` and `value`: the value as text, floats by repr, so that reading it back loses nothing."""
    return {"type": type(value).__name__, "value": repr(value) if isinstance(value, float) else str(value)}


def untyped(row: Row) -> Scalar:
    """The value of such columns."""
    if row["type"] == "bool":
        return bool(row["value"] == "True")
    return cast(Scalar, _TYPES[row["type"]](row["value"]))


def _stated(o: Observation) -> Row:
    return {
        "id": o.id,
        "key": o.key,
        **typed(o.value),
        "raw": o.raw,
        "step": o.step,
        "epoch": o.epoch,
        "origin": o.origin,
        "found_by": o.found_by,
        **o.locator._asdict(),
    }


def place_in(row: Row) -> Locator:
    """The locator in a row's columns."""
    return Locator(row["path"], row["start_line"], row["end_line"], row["pointer"], row["segment"])


def _observation(row: Row) -> Observation:
    return Observation(
        row["id"],
        row["key"],
        untyped(row),
        row["raw"],
        row["step"],
        row["epoch"],
        row["origin"],
        row["found_by"],
        place_in(row),
    )


def intake_rows(files: Iterable[SourceFile], skips: Iterable[Skip], observations: Iterable[Observation],
                series: Iterable[Series]) -> Rows:  # fmt: skip
    """Rows of the tables that intake fills."""
    return {
        "files": [{**f._asdict(), "formats": list(f.formats)} for f in files],
        "skips": [s._asdict() for s in skips],
        "observations": [_stated(o) for o in observations],
        "series": [_series_row(s) for s in series],
    }


def _series_row(s: Series) -> Row:
    return {
        "path": s.path,
        "segment": s.segment,
        "metric": s.metric,
        "written": s.written,
        "found_by": s.found_by,
        "pointer": s.pointer,
        "steps": s.steps,
        "epochs": s.epochs,
        "values": s.values,
        "lines": s.lines,
        "pointers": list(s.pointers),
    }


def run_rows(runs: Iterable[Run], outcomes: Iterable[Outcome], first_seen: Mapping[str, int], number: int) -> Rows:
    """Rows of the tables that assembly fills; `number` is this scan's, for runs not in `first_seen`."""
    rows: Rows = {name: [] for name in ("runs", "run_evidence", "links", "outcomes", "issues")}
    for run, outcome in zip(runs, outcomes, strict=True):
        rows["runs"].append(_run_row(run, outcome, first_seen.get(run.run_id, number)))
        rows["run_evidence"].extend(_evidence_rows(run, outcome))
        rows["links"].extend(_link_row(run.run_id, link) for link in (*run.links, *_curve_links(run)))
        rows["outcomes"].append(
            {
                "run_id": run.run_id,
                "kind": outcome.kind,
                "status": outcome.status,
                "rule": outcome.rule,
                "failures": list(outcome.failures),
                "missing": list(outcome.missing),
            }
        )
        rows["issues"].extend(
            {"run_id": run.run_id, "id": i.id, "kind": i.kind, "raw": i.raw, **i.because._asdict()}
            for i in outcome.issues
        )
    return rows


def _run_row(run: Run, outcome: Outcome, first_seen: int) -> Row:
    failures = [*outcome.failures, *(i.id for i in outcome.issues if i.kind in ("fatal", "numerical", "quality"))]
    return {
        "run_id": run.run_id,
        "project": run.project,
        "name": run.name,
        "kind": run.kind,
        "outcome": outcome.status,
        "outcome_rule": outcome.rule,
        "failures": list(dict.fromkeys(failures)),
        **{name: _held(run.values[name].value) if name in run.values else None for name in (*FIELDS, *DERIVED)},
        "started_at": _moment(run, "started_at", first=True),
        "ended_at": _moment(run, "ended_at", first=False),
        "first_seen": first_seen,
        "evidence": [e.path for e in run.evidence],
        "evidence_roles": [e.role for e in run.evidence],
    }


def _held(value: Scalar) -> Scalar | None:
    """The value; None for an integer larger than a table holds, which is a broken count."""
    return None if isinstance(value, int) and abs(value) >= 2**63 else value


def _moment(run: Run, fact: str, *, first: bool) -> str | None:
    found = sorted(str(o.value) for o in run.signals if o.id == fact)
    return (found[0] if first else found[-1]) if found else None


def _evidence_rows(run: Run, outcome: Outcome) -> Iterable[Row]:
    for name, value in run.values.items():
        head = {"run_id": run.run_id, "field": name, "rule": value.rule}
        yield {**head, "role": "value", **_stated(value.chosen)}
        for other in value.others:
            yield {**head, "role": "other", **_stated(other)}
    for role, found in (("signal", run.signals), ("because", outcome.because), ("against", outcome.against)):
        for observation in found:
            yield {"run_id": run.run_id, "field": "", "rule": "", "role": role, **_stated(observation)}


def _curve_links(run: Run) -> Iterable[Link]:
    """One link for each place whose curves are the run's."""
    return (
        Link(path, segment, CURVE, None) for path, segment in dict.fromkeys((s.path, s.segment) for s in run.series)
    )


def _link_row(run_id: str, link: Link) -> Row:
    place = link.because._asdict() if link.because else dict.fromkeys(Locator._fields)
    return {"run_id": run_id, "linked_path": link.path, "linked_segment": link.segment, "reason": link.reason, **place}


def learning_rows(learnings: Iterable[Learning]) -> Rows:
    """Rows of the learnings table, a row a figure (one with a null figure for a learning without any)."""
    rows: list[Row] = []
    for number, learning in enumerate(learnings):
        head = {"number": number, "id": learning.id, "subject": learning.subject, "run_ids": list(learning.run_ids)}
        for figure in learning.figures:
            value = {"type": "", "value": None} if figure.value is None else typed(figure.value)
            rows.append({**head, "figure": figure.name, **value, "low": figure.low, "high": figure.high, "n": figure.n})
        if not learning.figures:
            rows.append({**head, "figure": None, "type": "", "value": None, "low": None, "high": None, "n": None})
    return {"learnings": rows}


def snapshot_of(rows: Rows, roots: tuple[str, ...]) -> Snapshot:
    """The records behind the tables."""
    series = {(s.path, s.segment, s.metric, s.written, s.found_by): s for s in map(_series, rows["series"])}
    by_place: dict[tuple[str, int], list[Series]] = defaultdict(list)
    for curve in series.values():
        by_place[curve.path, curve.segment].append(curve)
    evidence = _by_run(rows["run_evidence"])
    links, issues = _by_run(rows["links"]), _by_run(rows["issues"])
    runs, outcomes = [], []
    for row, ending in zip(rows["runs"], rows["outcomes"], strict=True):
        run_id = row["run_id"]
        runs.append(_run(row, evidence[run_id], links[run_id], by_place))
        outcomes.append(_outcome(ending, evidence[run_id], issues[run_id]))
    return Snapshot(
        roots,
        tuple(SourceFile(**{**row, "formats": tuple(row["formats"])}) for row in rows["files"]),
        tuple(Skip(**row) for row in rows["skips"]),
        tuple(runs),
        tuple(outcomes),
        _learnings(rows["learnings"]),
    )


def _by_run(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["run_id"]].append(row)
    return found


def _series(row: Row) -> Series:
    return Series(
        row["metric"],
        row["written"],
        row["path"],
        row["segment"],
        row["found_by"],
        row["pointer"],
        array("d", (math.nan if v is None else v for v in row["steps"])),
        array("d", (math.nan if v is None else v for v in row["epochs"])),
        array("d", (math.nan if v is None else v for v in row["values"])),
        array("q", row["lines"]),
        list(row["pointers"]),
    )


def _run(row: Row, evidence: list[Row], links: list[Row], series: Mapping[tuple[str, int], list[Series]]) -> Run:
    values: dict[str, Value] = {}
    others: dict[str, list[Observation]] = defaultdict(list)
    for found in evidence:
        if found["role"] == "other":
            others[found["field"]].append(_observation(found))
    for found in evidence:
        if found["role"] == "value":
            name = found["field"]
            values[name] = Value(name, _observation(found), tuple(others[name]), found["rule"])
    signals = tuple(_observation(r) for r in evidence if r["role"] == "signal")
    made = [
        Link(r["linked_path"], r["linked_segment"], r["reason"], None if r["path"] is None else place_in(r))
        for r in links
    ]
    curves = [curve for lk in made if lk.reason == CURVE for curve in series[lk.path, lk.segment]]
    parts = tuple(Evidence(p, role) for p, role in zip(row["evidence"], row["evidence_roles"], strict=True))
    return Run(
        row["run_id"],
        row["kind"],
        row["project"],
        row["name"],
        values,
        tuple(curves),
        signals,
        tuple(lk for lk in made if lk.reason != CURVE),
        parts,
    )


def _outcome(row: Row, evidence: list[Row], issues: list[Row]) -> Outcome:
    return Outcome(
        row["run_id"],
        row["kind"],
        row["status"],
        row["rule"],
        tuple(row["failures"]),
        tuple(_observation(r) for r in evidence if r["role"] == "because"),
        tuple(_observation(r) for r in evidence if r["role"] == "against"),
        tuple(row["missing"]),
        tuple(Issue(r["id"], r["kind"], place_in(r), r["raw"]) for r in issues),
    )


def _learnings(rows: Iterable[Row]) -> tuple[Learning, ...]:
    grouped: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["number"]].append(row)
    return tuple(
        Learning(
            found[0]["id"],
            found[0]["subject"],
            tuple(
                Figure(r["figure"], None if r["value"] is None else untyped(r), r["low"], r["high"], r["n"])
                for r in found
                if r["figure"] is not None
            ),
            tuple(found[0]["run_ids"]),
        )
        for _, found in sorted(grouped.items())
    )
