"""Predicted memory of runs that ran out of it, as the templates read it: never a measurement."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.records import Change, Forecast, Scalar, Snapshot
from scanner.report import locale_tr
from scanner.report.catalogue import word
from scanner.report.claims import shown, words
from scanner.report.escape import Tree, code
from scanner.report.places import place_of


@dataclass(frozen=True, slots=True)
class Expected:
    """One such run with its forecast."""

    run_id: str
    place: Tree
    """Where the run says that memory ran out."""
    forecast: Forecast

    @property
    def change(self) -> Change | None:
        """The cheapest change that fits, else the cheapest that might."""
        changes = self.forecast.changes
        return next((x for answer in ("fits", "borderline") for x in changes if x.answer == answer), None)

    def setting(self, name: str) -> Scalar | None:
        """What was predicted for a field; None where the prediction names none."""
        return dict(self.forecast.settings).get(name)


def forecasts_of(snapshot: Snapshot) -> tuple[Expected, ...]:
    """The forecasts of runs that ran out of GPU memory, in the order of the runs."""
    known = {forecast.run_id: forecast for forecast in snapshot.forecasts}
    return tuple(
        Expected(run.run_id, Tree(str(place_of(run, outcome))), known[run.run_id])
        for run, outcome in zip(snapshot.runs, snapshot.outcomes, strict=True)
        if run.run_id in known and outcome.status == "failed" and outcome.failures[:1] == ("oom_gpu",)
    )


def lines_of(forecast: Forecast, style: str) -> list[str]:
    """The forecast for a run's page, in words; code in backticks."""
    text = words()["forecast"]
    gpu = f"{locale_tr.number(forecast.gpu_memory_gib, style)} GiB"
    found = [f"{text['gpu']}: {gpu}; {text['need']}: {_need(forecast, style)}, {words()['fit'][forecast.answer]}"]
    if forecast.assumed:
        found.append(f"{text['assumed']}: {', '.join(map(_field, forecast.assumed))}")
    changes = [f"{text['change']}: {_settings(x, style)} → {_need(x, style)}, {words()['fit'][x.answer]}"
               for x in forecast.changes]  # fmt: skip
    return [*found, *(changes or [text["none"]])]


def _need(found: Forecast | Change, style: str) -> str:
    low, high = (locale_tr.number(x, style, 2) for x in (found.allocated_gib, found.reserved_gib))
    return f"{low} – {high} GiB"


def _settings(change: Change, style: str) -> str:
    return ", ".join(f"{_field(name)}: {shown(value, 'number', style)}" for name, value in change.settings)


def _field(name: str) -> str:
    return word("field", name) or word("page_field", name) or code(name)
