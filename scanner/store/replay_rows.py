"""Verdicts and forecasts to rows of their tables and back, without loss."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.records import Change, Figure, Forecast, Locator, Scalar, Verdict
from scanner.store.rows import Row, place_in, typed, untyped


def verdict_row(verdict: Verdict) -> Row:
    """One row of the verdicts table."""
    place = verdict.place._asdict() if verdict.place is not None else dict.fromkeys(Locator._fields)
    return {
        "claim": verdict.claim,
        "status": verdict.status,
        "basis": verdict.basis,
        "written": verdict.written,
        **place,
        "rule": verdict.rule,
        "reason": verdict.reason,
        "stated": _figure_rows(verdict.stated),
        "figures": _figure_rows(verdict.figures),
        "errors": [{"what": what, "error": error} for what, error in verdict.errors],
        "remedies": list(verdict.remedies),
        "scope": _setting_rows(verdict.scope),
        "hardware": _setting_rows(verdict.hardware),
        "versions": [{"name": name, "version": version} for name, version in verdict.versions],
        "runs": list(verdict.runs),
    }


def verdict_of(row: Row) -> Verdict:
    """The verdict in a row."""
    return Verdict(
        row["claim"],
        row["written"],
        None if row["path"] is None else place_in(row),
        row["status"],
        row["basis"],
        row["rule"],
        row["reason"],
        _figures(row["stated"]),
        _figures(row["figures"]),
        tuple((e["what"], e["error"]) for e in row["errors"]),
        tuple(row["remedies"]),
        _settings(row["scope"]),
        _settings(row["hardware"]),
        tuple((v["name"], v["version"]) for v in row["versions"]),
        tuple(row["runs"]),
    )


def forecast_row(forecast: Forecast) -> Row:
    """One row of the forecasts table."""
    return {
        "run_id": forecast.run_id,
        "answer": forecast.answer,
        "gpu_memory_gib": forecast.gpu_memory_gib,
        "allocated_gib": forecast.allocated_gib,
        "reserved_gib": forecast.reserved_gib,
        "settings": _setting_rows(forecast.settings),
        "assumed": list(forecast.assumed),
        "parts": _figure_rows(forecast.parts),
        "changes": [{**change._asdict(), "settings": _setting_rows(change.settings)} for change in forecast.changes],
    }


def forecast_of(row: Row) -> Forecast:
    """The forecast in a row."""
    return Forecast(
        row["run_id"],
        _settings(row["settings"]),
        tuple(row["assumed"]),
        row["gpu_memory_gib"],
        row["allocated_gib"],
        row["reserved_gib"],
        row["answer"],
        _figures(row["parts"]),
        tuple(Change(**{**change, "settings": _settings(change["settings"])}) for change in row["changes"]),
    )


def _figure_rows(figures: Iterable[Figure]) -> list[Row]:
    rows = []
    for figure in figures:
        value = {"type": "", "value": None} if figure.value is None else typed(figure.value)
        rows.append({"name": figure.name, **value, "low": figure.low, "high": figure.high, "n": figure.n})
    return rows


def _figures(rows: Iterable[Row]) -> tuple[Figure, ...]:
    return tuple(
        Figure(row["name"], None if row["value"] is None else untyped(row), row["low"], row["high"], row["n"])
        for row in rows
    )


def _setting_rows(settings: Iterable[tuple[str, Scalar]]) -> list[Row]:
    return [{"name": name, **typed(value)} for name, value in settings]


def _settings(rows: Iterable[Row]) -> tuple[tuple[str, Scalar], ...]:
    return tuple((row["name"], untyped(row)) for row in rows)
