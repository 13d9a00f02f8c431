"""A verdict or a forecast in full as plain text: every number, what it rests on, where its runs lie."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.records import Change, Figure, Forecast, Scalar, Verdict

BASES = {
    "measured": "measured on this hardware",
    "predicted": "PREDICTED by the memory predictor, not measured",
    "computed": "computed, nothing was run",
}


def explain_verdict(verdict: Verdict) -> str:
    """The verdict with its rule, scope, hardware, versions and the folders of its runs."""
    lines = [f"{verdict.claim}: {_status(verdict)}", f"  claim: {verdict.written}"]
    lines.append(f"  stands at: {verdict.place if verdict.place is not None else 'not in the source that was read'}")
    if verdict.status != "not_testable":
        lines.append(f"  basis: {BASES[verdict.basis]}")
    lines.append(f"  rule: {verdict.rule}, fixed before the runs")
    if verdict.reason:
        lines.append(f"  reason: {verdict.reason}")
    lines += _block("stated", (_figure(figure) for figure in verdict.stated))
    judged = (("judged: " if at == 0 else "") + _figure(figure) for at, figure in enumerate(verdict.figures))
    lines += _block("found", judged)
    lines += _block("failed", (f"{what}: {error}" for what, error in verdict.errors))
    lines += _block("smallest change that works", verdict.remedies)
    lines += _block("scope", _settings(verdict.scope))
    lines += _block("hardware", _settings(verdict.hardware))
    lines += _block("versions", (f"{name} {version}" for name, version in verdict.versions))
    lines += _block(f"runs ({len(verdict.runs)})", (f"learnings/replay/runs/{digest}/" for digest in verdict.runs))
    return "\n".join(map(_line, lines))


def list_verdicts(verdicts: Iterable[Verdict]) -> str:
    """One line a verdict: the id to ask for, what was said of it, on what basis."""
    lines = []
    for verdict in verdicts:
        judged = f"  {_figure(verdict.figures[0])}" if verdict.figures else ""
        lines.append(f"{verdict.claim}: {_status(verdict)}{judged}")
    return "\n".join(map(_line, lines))


def explain_forecast(forecast: Forecast) -> str:
    """The predicted memory of a run beside its GPU's, and the changes that would have fitted."""
    lines = [
        f"forecast (PREDICTED, not measured): {forecast.answer}",
        f"  GPU memory {forecast.gpu_memory_gib:g} GiB; predicted peak {_need(forecast)}",
        f"  predicted for: {', '.join(_settings(forecast.settings))}",
    ]
    if forecast.assumed:
        lines.append(f"  assumed, as the run does not state it: {', '.join(forecast.assumed)}")
    lines += [f"  of it {_figure(part)} GiB" for part in forecast.parts]
    lines += [
        f"  change: {', '.join(_settings(change.settings))}: {_need(change)}, {change.answer}"
        for change in forecast.changes
    ]
    if not forecast.changes:
        lines.append("  no change was found that fits")
    return "\n".join(map(_line, lines))


def _status(verdict: Verdict) -> str:
    status = verdict.status.replace("_", " ")
    if verdict.status == "not_testable":
        return f"{status} here ({verdict.reason})"
    return f"{status} ({verdict.basis})" if verdict.basis != "predicted" else f"{status} by prediction"


def _need(found: Forecast | Change) -> str:
    return f"{found.allocated_gib:.2f} GiB allocated, {found.reserved_gib:.2f} GiB reserved"


def _block(title: str, lines: Iterable[str]) -> list[str]:
    found = [f"  {line}" for line in lines]
    return ["", f"{title}:", *found] if found else []


def _settings(settings: Iterable[tuple[str, Scalar]]) -> list[str]:
    return [f"{name} = {value}" for name, value in settings]


def _figure(figure: Figure) -> str:
    value = f"{figure.value:.6g}" if isinstance(figure.value, float) else figure.value
    notes = [f"{figure.low:.6g} to {figure.high:.6g}"] if figure.low is not None and figure.high is not None else []
    notes += [f"n = {figure.n}"] if figure.n is not None else []
    return f"{figure.name} = {value}" + (f"  ({', '.join(notes)})" if notes else "")


def _line(text: str) -> str:
    """One line that no terminal can be steered by."""
    return "".join(c if c.isprintable() else " " for c in text)
