"""What the page shows, as plain JSON values: an overview with one column a field, and the runs' details in parts.

The program reads the overview at once and a part of the details when a run in it is opened, so a page of many thousand
runs opens quickly. Texts that repeat are written once a part and named by their number. All text is made visible here
(escape.py); how much of a quote and how many points of a curve are kept depends on how much there is in all.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from scanner.records import Figure, Locator, Observation, Outcome, Run, Scalar, Snapshot, Value
from scanner.report import locale_tr, page_curves
from scanner.report.catalogue import catalogue
from scanner.report.charts import Bars
from scanner.report.claims import table_of
from scanner.report.claims import words as ledger
from scanner.report.escape import visible
from scanner.report.forecasts import lines_of
from scanner.report.view import Document, Row

RUNS_PER_PART = 200

TEXTS = ("model", "model_family", "framework", "optimizer", "dataset", "device", "gpu_name", "best_metric_name")
NUMBERS = ("learning_rate", "batch_size", "epochs", "steps_done", "final_train_loss", "final_eval_loss",
           "best_metric_value", "duration_s")  # fmt: skip
"""Fields in the table of all runs; the run's own page has all."""

ORDER = ("model", "model_family", "framework", "dataset", "train_samples", "optimizer", "learning_rate", "scheduler",
         "warmup_steps", "warmup_ratio", "weight_decay", "max_grad_norm", "dropout", "batch_size",
         "gradient_accumulation_steps", "num_devices", "effective_batch_size", "sequence_length", "epochs", "max_steps",
         "precision", "quantization", "lora_r", "lora_alpha", "lora_dropout", "gradient_checkpointing", "seed",
         "device", "gpu_name", "gpu_memory_gib", "steps_done", "epochs_done", "duration_s", "final_train_loss",
         "final_eval_loss", "best_metric_name", "best_metric_value")  # fmt: skip
"""The values of a run are shown in this order: what was trained, how, on what, and what came of it."""

_RANK = {name: at for at, name in enumerate(ORDER)}

MAX_OTHERS = 5
MAX_FILES = 100
MAX_LINKS = 100
MAX_TEXT = 300
QUOTES = (200, 160, 120, 80, 60, 40)
"""Lengths at which quotes of values may be cut."""
QUOTES_IN_ALL = 12_000_000
"""Characters of quotes on the whole page, while the shortest cut allows it."""
POINTS_IN_ALL = 1_500_000

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_EXACT = 2**53
"""Whole numbers beyond it lose digits in JavaScript."""

MAX_MODELS = 10


def overview(snapshot: Snapshot, document: Document, charts: Mapping[str, Bars], style: str) -> dict[str, Any]:
    """Totals, words, charts, failures and the columns of the table."""
    words = catalogue()
    index = {run.run_id: at for at, run in enumerate(snapshot.runs)}
    seen = {x.subject: [index[name] for name in x.run_ids] for x in snapshot.learnings if x.id == "issue"}
    return {
        "numbers": style,
        "roots": [_text(root) for root in snapshot.roots],
        "words": {
            "page": words["page"],
            "field": {**words["field"], **words["page_field"]},
            **{group: words[f"page_{group}"] for group in ("origin", "choice", "link", "role", "kind", "issue")},
            **{group: words[group] for group in ("outcome", "rule", "missing", "skip", "failure")},
        },
        "totals": {name: _figures(document.one(name).figures.values(), style) for name in ("runs", "files")},
        "models": [_counts(row) for row in document.of("by_model")[:MAX_MODELS]],
        "rules": [[row.subject, _count(row, "executed")] for row in document.of("rule")],
        "missing": [[row.subject, _count(row, "executed")] for row in document.of("missing")],
        "skips": [
            [row.subject, *(_count(row, k) for k in ("files", "folders", "parts"))] for row in document.of("skip")
        ],
        "charts": [
            {"id": name, "title": c.title, "unit": c.unit, "labels": list(map(_text, c.labels)), "parts": dict(c.parts)}
            for name, c in charts.items()
        ],
        "failures": [
            {
                "id": f.id,
                "decided": _count(f.decided, "executed") if f.decided else 0,
                "seen": _count(f.seen, "executed") if f.seen else 0,
                "quotes": [[index[q.run_id], _text(q.place), _text(q.raw)] for q in f.quotes],
            }
            for f in document.failures
        ],
        "claims": {**ledger()["page"], "rows": table_of(document.claims, style)},
        "part": RUNS_PER_PART,
        "columns": _columns(snapshot.runs, snapshot.outcomes, seen),
    }


def details(snapshot: Snapshot, style: str) -> Iterator[dict[str, Any]]:
    """The details of all runs in order, RUNS_PER_PART at a time."""
    quote = _quote_limit(snapshot.runs)
    n_curves = sum(len(page_curves.main_curves(run)) for run in snapshot.runs)
    n_points = min(max(POINTS_IN_ALL // max(n_curves, 1), page_curves.LEAST_POINTS), page_curves.MOST_POINTS)
    pairs = zip(snapshot.runs, snapshot.outcomes, strict=True)
    title = ledger()["forecast"]["title"]
    forecasts = {x.run_id: [title, *lines_of(x, style)] for x in snapshot.forecasts}
    while part := list(itertools.islice(pairs, RUNS_PER_PART)):
        texts: dict[str, int] = {}
        runs = [
            _Detail(texts, quote, n_points).of(run, outcome)
            | ({"forecast": forecasts[run.run_id]} if run.run_id in forecasts else {})
            for run, outcome in part
        ]
        yield {"texts": list(texts), "runs": runs}


# ---------------------------------------------------------------------------------------------------- overview


def _figures(figures: Iterable[Figure], style: str) -> dict[str, Any]:
    """Name -> the number, or the share with its interval in words of the style."""
    found: dict[str, Any] = {}
    for figure in figures:
        value = figure.value
        if figure.low is not None and figure.high is not None and isinstance(value, float):
            shares = (locale_tr.percent(share, style) for share in (value, figure.low, figure.high))
            found[figure.name] = [*shares, figure.n]
        else:
            found[figure.name] = None if value is None else scalar(value)
    return found


def _count(row: Row, name: str) -> int:
    return int(row[name].value or 0)


def _counts(row: Row) -> list[Any]:
    return [_text(row.subject), *(_count(row, name) for name in ("executed", "success", "failed", "unknown"))]


def _columns(runs: Sequence[Run], outcomes: Sequence[Outcome], seen: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """Columns of equal length: numbers as they are, texts as numbers into a list of their own."""
    texts: dict[str, list[str]] = {
        "project": [_text(run.project) for run in runs],
        "kind": [run.kind for run in runs],
        "outcome": [o.status if o.kind == "executed" else "" for o in outcomes],
        "failure": [o.failures[0] if o.status == "failed" and o.failures else "" for o in outcomes],
    }
    texts |= {name: [_text(v.value) if (v := run.values.get(name)) else "" for run in runs] for name in TEXTS}
    # As the documents group by model.
    pairs = zip(texts.pop("model_family"), texts["model"], strict=True)
    texts["family"] = [family or model for family, model in pairs]
    return {
        "n": len(runs),
        "id": [_text(run.run_id) for run in runs],
        "name": [_text(run.name, 120) for run in runs],
        "path": [_text(run.evidence[0].path) for run in runs],
        "day": [_day(run) for run in runs],
        "texts": {name: _coded(column) for name, column in texts.items()},
        "numbers": {name: [_number(run.values.get(name)) for run in runs] for name in NUMBERS},
        "seen": seen,
    }


def _coded(column: Sequence[str]) -> dict[str, Any]:
    codes: dict[str, int] = {"": 0}
    return {"of": [codes.setdefault(text, len(codes)) for text in column], "list": list(codes)}


def _number(value: Value | None) -> float | int | None:
    found = None if value is None else value.value
    if isinstance(found, bool) or not isinstance(found, (int, float)) or not math.isfinite(found):
        return None
    return found if abs(found) < _EXACT or isinstance(found, float) else float(found)


def _day(run: Run) -> str:
    for name, signals in (("started_at", run.signals), ("ended_at", run.signals[::-1])):
        for signal in signals:
            if signal.id == name and (found := _DAY.match(str(signal.value))):
                return found[0]
    return ""


# ----------------------------------------------------------------------------------------------------- details


def _quote_limit(runs: Sequence[Run]) -> int:
    values = (value for run in runs for value in run.values.values())
    lengths = Counter(len(o.raw) for value in values for o in (value.chosen, *value.others[:MAX_OTHERS]))
    for limit in QUOTES:
        if sum(min(length, limit) * n for length, n in lengths.items()) <= QUOTES_IN_ALL:
            return limit
    return QUOTES[-1]


class _Detail:
    """Makes the details of one run; texts go into the part's common list, places into the run's own."""

    def __init__(self, texts: dict[str, int], quote: int, n_points: int) -> None:
        self._texts = texts
        self._quote = quote
        self._n_points = n_points
        self._places: dict[tuple[int, int, int, int], int] = {}

    def of(self, run: Run, outcome: Outcome) -> dict[str, Any]:
        """The run's record."""
        # What decided comes first, with its whole quote.
        because, against = ([self._seen(o, MAX_TEXT) for o in found] for found in (outcome.because, outcome.against))
        issues = [[i.id, i.kind, self._place(i.because, i.raw, MAX_TEXT)] for i in outcome.issues]
        curves = page_curves.main_curves(run)
        found: dict[str, Any] = {
            "rule": outcome.rule,
            "failures": list(outcome.failures),
            "because": because,
            "against": against,
            "missing": list(outcome.missing),
            "issues": issues,
            "values": [
                self._value(v) for v in sorted(run.values.values(), key=lambda v: _RANK.get(v.field, len(ORDER)))
            ],
            "curves": [page_curves.curve(c, self._n_points, self._place) for c in curves],
            "more_curves": page_curves.n_others(run, curves),
            "files": [[self._code(e.path), e.role] for e in run.evidence[:MAX_FILES]],
            "more_files": max(len(run.evidence) - MAX_FILES, 0),
            "links": [
                [self._code(x.path), _text(x.reason), -1 if x.because is None else self._place(x.because)]
                for x in run.links[:MAX_LINKS]
            ],
            "more_links": max(len(run.links) - MAX_LINKS, 0),
        }
        found = {name: value for name, value in found.items() if value}
        found["places"] = [list(place) for place in self._places]
        return found

    def _value(self, value: Value) -> list[Any]:
        """[field, value, place, how it was read and chosen, [[value, place, how it was read]], how many more lost]"""
        others = [[scalar(o.value), self._seen(o), self._how(o)] for o in value.others[:MAX_OTHERS]]
        chosen = value.chosen
        made = [self._code(value.field), scalar(chosen.value), self._seen(chosen), self._how(chosen, value.rule)]
        more = len(value.others) - len(others)
        return [*made, others, more] if more else [*made, others] if others else made

    def _how(self, o: Observation, rule: str = "") -> int:
        return self._code("|".join((o.origin, o.found_by, rule)))

    def _seen(self, o: Observation, limit: int | None = None) -> int:
        return self._place(o.locator, o.raw, limit)

    def _place(self, locator: Locator, raw: str = "", limit: int | None = None) -> int:
        key = (
            self._code(locator.path),
            locator.start_line,
            self._code(locator.pointer),
            self._code(raw, limit or self._quote),
        )
        return self._places.setdefault(key, len(self._places))

    def _code(self, text: str, limit: int = MAX_TEXT) -> int:
        return self._texts.setdefault(_text(text, limit), len(self._texts))


def scalar(value: Scalar) -> Scalar:
    """A value as JSON can hold it: what JavaScript's numbers cannot is written as text."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return str(value) if not isinstance(value, (bool, float)) and abs(value) >= _EXACT else value


def _text(value: object, limit: int = MAX_TEXT) -> str:
    text = str(value).strip()
    # Nearly all text is short and harmless, and there are millions of it.
    return text if len(text) <= limit and text.isprintable() else visible(text, limit)
