"""The drawings: the same bytes twice, no clock, nothing of the tree but outlines, dark for who prefers it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from scanner.records import Snapshot
from scanner.report.drawing import COLORS, draw
from scanner.report.plots import MAX_POINTS, Bars, Gauges, Lines, Spans, charts_of
from scanner.report.view import make_document
from tests.made_runs import a_bit_of_everything, made, snapshot


def _charts(found: Snapshot) -> dict[str, object]:
    return dict(charts_of(make_document(found), found))


@pytest.fixture(scope="module")
def full() -> Snapshot:
    """A scan that every chart can be drawn of."""
    curve = {"train_loss": [4.0, 3.0, 2.0, 1.5, 1.2, 1.0]}
    base = a_bit_of_everything()
    more = (
        made("egri/1", "success", model="gpt2", learning_rate=1e-4, batch_size=4, day="2026-05-01", curves=curve),
        made("egri/2", "failed", failure="nan_loss", curves={"train_loss": [4.0, 9.0, 80.0, 900.0, float("nan")] * 2}),
    )
    pairs = [*zip(base.runs, base.outcomes, strict=True), *more]
    return snapshot(*pairs, skips=base.skips)


def test_every_chart_there_is_can_be_drawn(full: Snapshot) -> None:
    """As an SVG that a parser reads, in both number styles."""
    charts = _charts(full)
    assert {"outcomes", "models", "learning_rates", "batch_sizes", "failures", "months", "memory", "curves",
            "targets"} == set(charts)  # fmt: skip
    for chart in charts.values():
        for style in ("seed", "cldr"):
            assert ElementTree.fromstring(draw(chart, style)).tag == "{http://www.w3.org/2000/svg}svg"  # type: ignore[arg-type]


def test_same_chart_same_bytes_and_no_clock(full: Snapshot) -> None:
    """Neither a date nor a random id nor a comment."""
    for chart in _charts(full).values():
        first, second = draw(chart, "seed"), draw(chart, "seed")  # type: ignore[arg-type]
        assert first == second
        assert b"<!--" not in first and b"dc:date" not in first and not re.search(rb"20\d\d-\d\d-\d\dT", first)


def test_readable_in_dark_and_for_the_colour_blind(full: Snapshot) -> None:
    """A style sheet of its own for dark; outcomes in Okabe and Ito's blue and vermilion."""
    drawn = draw(_charts(full)["models"], "seed").decode()  # type: ignore[arg-type]
    assert (
        "@media (prefers-color-scheme: dark)" in drawn and "http" not in drawn.split("<style>")[1].split("</style>")[0]
    )
    assert COLORS["success"] in drawn and COLORS["failed"] in drawn


def test_boundary_shows_the_largest_that_fitted_and_the_smallest_that_did_not(full: Snapshot) -> None:
    """Per GPU with its memory, and model."""
    chart = _charts(full)["memory"]
    assert isinstance(chart, Spans)
    assert [tuple(span) for span in chart.spans] == [("NVIDIA A100 (40 GiB) · GPT-2", 4, 16)]
    nameless = snapshot(made("1", "failed", failure="oom_gpu", model="m", batch_size=8))
    chart = _charts(nameless)["memory"]
    assert isinstance(chart, Spans) and [tuple(span) for span in chart.spans] == [("m", None, 8)]


def test_curves_of_successes_and_failures() -> None:
    """One success a model, failures of the loss first; long ones thinned with their ends; five points at least."""
    long = [5.0 - n / 1000 for n in range(3000)]
    found = snapshot(
        made("1", "success", model="a", curves={"train_loss": long}),
        made("2", "success", model="a", learning_rate=1.0, curves={"train_loss": long}),
        made("3", "success", model="b", curves={"train_loss": [3.0, 2.0]}),
        made("4", "failed", failure="killed", curves={"train_loss": long}),
        made("5", "failed", failure="nan_loss", curves={"train_loss": [1.0] * 5}),
    )
    chart = _charts(found)["curves"]
    assert isinstance(chart, Lines)
    assert [(line.label, line.status) for line in chart.lines] == [("a 2", "success"), ("5", "failed"), ("4", "failed")]
    line = chart.lines[0]
    assert (
        len(line.x) <= MAX_POINTS + 1
        and (line.x[0], line.x[-1]) == (0, 1)
        and (line.y[0], line.y[-1]) == (5.0, long[-1])
    )


def test_targets_need_decided_runs(full: Snapshot) -> None:
    """A goal without a measurement has no bar."""
    chart = _charts(full)["targets"]
    assert isinstance(chart, Gauges)
    assert [(g.value, g.goal) for g in chart.gauges] == [(0.07, 1.0), (4 / 11, 0.2)]
    assert "targets" not in _charts(snapshot(made("1")))


def test_months_need_two() -> None:
    """One month is no course."""
    one = made("1", "success", day="2026-05-01")
    assert "months" not in _charts(snapshot(one))
    chart = _charts(snapshot(one, made("2", day="2026-04-01")))["months"]
    assert isinstance(chart, Bars) and chart.labels == ("2026-04", "2026-05")
