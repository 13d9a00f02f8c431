"""One run in full as plain text: its values with their places, the losing ones, the links, and why it ended so."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.records import Observation, Outcome, Run, Value


def explain_run(run: Run, outcome: Outcome) -> str:
    """The run with all its evidence."""
    lines = [f"{run.run_id}  {run.kind}  {outcome.status}  {run.name}  (project {run.project})", ""]
    lines += [f"outcome: {outcome.status}, decided by {outcome.rule}"]
    lines += _places("because", outcome.because) + _places("against", outcome.against)
    if outcome.failures:
        lines.append(f"  failure: {', '.join(outcome.failures)}")
    if outcome.missing:
        lines.append(f"  looked for and not found: {', '.join(outcome.missing)}")
    lines += [f"  issue: {i.id} ({i.kind}) {i.because}: {_line(i.raw)}" for i in outcome.issues]
    lines += ["", "values:"]
    for name in run.values:
        lines += _value_lines(run.values[name])
    lines += ["", "curves:"]
    lines += [
        f"  {s.metric}: {len(s)} points, {s.locator(0)} to line {s.lines[-1]} [{s.found_by}]"
        for s in run.series
        if len(s)
    ]
    lines += ["", "evidence:"]
    lines += [f"  {e.path} ({e.role})" for e in run.evidence]
    for link in run.links:
        lines.append(f"  {link.path} is linked: {link.reason}" + (f", see {link.because}" if link.because else ""))
    return "\n".join(map(_line, lines))


def explain_value(run: Run, field: str) -> str:
    """One value of a run with the observations that lost."""
    return "\n".join(map(_line, _value_lines(run.values[field])))


def _value_lines(value: Value) -> list[str]:
    o = value.chosen
    head = f"  {value.field} = {o.value}  [{value.rule}; {o.origin}, {o.found_by}]  {o.locator}: {_line(o.raw)}"
    return [
        head,
        *(f"      not {x.value}  [{x.origin}, {x.found_by}]  {x.locator}: {_line(x.raw)}" for x in value.others[:5]),
    ]


def _places(word: str, found: Iterable[Observation]) -> list[str]:
    return [f"  {word}: {o.locator}: {_line(o.raw)}" for o in found]


def _line(text: str) -> str:
    """One line that no terminal can be steered by."""
    return "".join(c if c.isprintable() else " " for c in text)
