"""The page: complete, safe, the same every time; and in a browser: filter, sort, open, follow, print.

The tests in a browser need Playwright for Python and Debian's Chromium; without them they are skipped. They open the
page from disk, as its readers do.
"""

from __future__ import annotations

import json
import math
import re
from array import array
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scanner import report
from scanner.records import Evidence, Link, Locator, Series, Snapshot, Value
from scanner.report import page_curves, page_data
from scanner.report.catalogue import catalogue
from scanner.report.charts import bars_of
from scanner.report.page import PROGRAM, STYLE, embedded, render_page
from scanner.report.page_data import MAX_OTHERS, ORDER, RUNS_PER_PART, scalar
from scanner.report.view import make_document
from scanner.settings import Settings
from scanner.store.schema import DERIVED, FIELDS
from tests.made_runs import a_bit_of_everything, made, snapshot, stated
from tests.made_verdicts import FORECAST, VERDICTS

TEMPLATES = Path(__file__).parent.parent / "report_templates"
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
         "--disable-component-update --disable-sync").split()  # fmt: skip

HOSTILE = "</script><script>window.evil=1</script><!--<img src=x onerror=window.evil=1>{{7*7}}\u2028\u202e\"'`&amp;\x07"


def page_of(found: Snapshot, style: str = "seed") -> str:
    """The page's text."""
    document = make_document(found)
    return render_page(found, document, bars_of(document), style)


def data_of(page: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The overview and the details of all runs, as the program reads them."""
    parts = re.findall(r'(?s)<script type="application/json" id="([\w-]+)">(.*?)</script>', page)
    assert [name for name, _ in parts] == ["overview", *(f"runs-{at}" for at in range(len(parts) - 1))]
    overview, *details = [json.loads(text) for _, text in parts]
    return overview, [run | {"texts": part["texts"]} for part in details for run in part["runs"]]


def hostile() -> Snapshot:
    """Runs in which every text is an attack."""
    pairs = [
        made("h1", "failed", failure="oom_gpu", raw=HOSTILE, model=HOSTILE, dataset=HOSTILE, batch_size=4),
        made("h2", "success", model="javascript:alert(1)", curves={"train_loss": [2.0, 1.0]}),
        made("h3", "declared", model="__proto__", optimizer="constructor"),
    ]
    moved = []
    for run, outcome in pairs:
        path = f"{HOSTILE}/{run.run_id}.log"
        values = {
            name: Value(name, value.chosen._replace(locator=Locator(path, 3, 3, HOSTILE), raw=HOSTILE), (), HOSTILE)
            for name, value in run.values.items()
        }
        links = (Link(path, 0, HOSTILE, Locator(path, 1, 1)),)
        evidence = (Evidence(path, "execution"),)
        run = replace(run, name=HOSTILE + run.name, project=HOSTILE, values=values, links=links, evidence=evidence)
        moved.append((run, outcome))
    return snapshot(*moved, root=HOSTILE)


# ------------------------------------------------------------------------------------------------ what it holds


def test_every_run_and_every_value_is_there() -> None:
    """All runs in their order; each value with its place, its quote and how it was chosen."""
    found = a_bit_of_everything()
    overview, details = data_of(page_of(found))
    assert overview["columns"]["id"] == [run.run_id for run in found.runs]
    assert len(details) == len(found.runs)
    for run, outcome, detail in zip(found.runs, found.outcomes, details, strict=True):
        texts = detail["texts"]
        shown = {}
        for field, value, place, how, *_ in detail.get("values", []):
            path, line, _, raw = detail["places"][place]
            shown[texts[field]] = (value, texts[path], line, texts[raw], texts[how])
        assert shown == {
            name: (v.value, v.chosen.locator.path, v.chosen.locator.start_line, v.chosen.raw,
                   f"{v.chosen.origin}|{v.chosen.found_by}|{v.rule}") for name, v in run.values.items()
        }  # fmt: skip
        assert [texts[path] for path, _ in detail["files"]] == [e.path for e in run.evidence]
        because = [detail["places"][place] for place in detail.get("because", [])]
        assert [(texts[p], line, texts[raw]) for p, line, _, raw in because] == [
            (o.locator.path, o.locator.start_line, o.raw) for o in outcome.because
        ]
        assert [issue[0] for issue in detail.get("issues", [])] == [issue.id for issue in outcome.issues]
        assert detail.get("missing", []) == list(outcome.missing)


def test_losers_are_shown_up_to_a_number() -> None:
    """With their places; the rest is counted."""
    run, outcome = made("a", "success", learning_rate=1e-3)
    losers = tuple(stated("learning_rate", 1e-4 * n, "conf.yaml", n) for n in range(1, 9))
    value = run.values["learning_rate"]._replace(others=losers, rule="reported_wins")
    _, details = data_of(page_of(snapshot((replace(run, values={"learning_rate": value}), outcome))))
    (_, _, _, _, others, n_more) = details[0]["values"][0]
    assert [other[0] for other in others] == [o.value for o in losers[:MAX_OTHERS]]
    assert n_more == len(losers) - MAX_OTHERS
    assert [details[0]["places"][other[1]][1] for other in others] == [1, 2, 3, 4, 5]


def test_totals_are_the_documents() -> None:
    """Counts and shares come from the same learnings; what a failure counts is what its filter selects."""
    found = a_bit_of_everything()
    overview, _ = data_of(page_of(found))
    runs = make_document(found).one("runs")
    assert overview["totals"]["runs"]["executed"] == runs["executed"].value
    assert overview["totals"]["runs"]["success_share"][:3] == ["66.7%", "35.4%", "87.9%"]
    columns = overview["columns"]
    deciding = [columns["texts"]["failure"]["list"][code] for code in columns["texts"]["failure"]["of"]]
    for failure in overview["failures"]:
        assert deciding.count(failure["id"]) == failure["decided"]
        assert len(columns["seen"].get(failure["id"], [])) == failure["seen"]
    families = [columns["texts"]["family"]["list"][code] for code in columns["texts"]["family"]["of"]]
    executed = [code == columns["texts"]["kind"]["of"][0] for code in columns["texts"]["kind"]["of"]]
    for model, n, *_ in overview["models"]:
        assert sum(f == model for f, ran in zip(families, executed, strict=True) if ran) == n


def test_number_style_of_shares() -> None:
    """As the document writes them."""
    overview, _ = data_of(page_of(a_bit_of_everything(), "cldr"))
    assert overview["numbers"] == "cldr" and overview["totals"]["runs"]["success_share"][0] == "%66,7"


def test_an_empty_scan_has_a_page() -> None:
    """No run, no part, no failure."""
    overview, details = data_of(page_of(snapshot()))
    assert overview["columns"]["n"] == 0 and details == [] and overview["failures"] == []


def test_many_runs_come_in_parts() -> None:
    """A part holds a number of runs, and its texts once."""
    n = 2 * RUNS_PER_PART + 1
    page = page_of(snapshot(*(made(f"r{at}", "success", model="gpt2") for at in range(n))))
    _, details = data_of(page)
    assert len(details) == n and page.count('id="runs-') == 3


def test_quotes_are_cut_only_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """What decided an outcome keeps its whole quote."""
    long = "x" * 150
    run, outcome = made("a", "failed", failure="oom_gpu", raw=long, learning_rate=1e-3)
    value = run.values["learning_rate"]
    value = value._replace(chosen=value.chosen._replace(raw=long))
    found = snapshot((replace(run, values={"learning_rate": value}), outcome))
    for most, lengths in ((10_000, {150}), (100, {150, 80})):
        monkeypatch.setattr(page_data, "QUOTES_IN_ALL", most)
        _, details = data_of(page_of(found))
        assert {len(text) for text in details[0]["texts"] if text.startswith("xx")} == lengths


def test_same_snapshot_same_bytes(tmp_path: Path) -> None:
    """Twice; beside the document, under its name, from the report's own entry."""
    found = a_bit_of_everything()
    for name in ("1", "2"):
        (tmp_path / name).mkdir()
        report.write_report(found, Settings((), tmp_path / name), tmp_path / name)
    first, second = ((tmp_path / name / "learnings/index.html").read_bytes() for name in ("1", "2"))
    assert first == second == page_of(found).encode("utf-8")


# ------------------------------------------------------------------------------------------------------- safety


def test_hostile_text_stays_data() -> None:
    """No text of the tree ends a script, opens a comment or reverses the writing; our elements alone are there."""
    page, clean = page_of(hostile()), page_of(snapshot())
    outside = re.sub(r'(?s)(<script type="application/json"[^>]*>).*?(</script>)', r"\1\2", page)
    outside = re.sub(r'<script type="application/json" id="runs-\d+"></script>\n', "", outside)
    assert outside == re.sub(r'(?s)(<script type="application/json"[^>]*>).*?(</script>)', r"\1\2", clean)
    assert "evil" not in outside and "\u202e" not in page and "\u2028" not in page and "\x07" not in page
    overview, details = data_of(page)
    assert overview["columns"]["name"][0].startswith("</script><script>window.evil=1")
    assert details[0]["texts"]


@pytest.mark.parametrize("text", ["</script>", "<!--", "<script", "]]>", "\u2028", "\u2029", "&lt;", "\ud800 lone"])
def test_embedding(text: str) -> None:
    """What is embedded reads back as it was and holds no mark that HTML or JavaScript would read."""
    made_text = embedded({text: [text]})
    assert json.loads(made_text) == {text: [text]}
    assert not set(made_text) & set("<>&\u2028\u2029")


def test_names_that_are_no_utf8_are_written(tmp_path: Path) -> None:
    """A file name of other bytes is shown by its escapes."""
    run, outcome = made("a", "success", model="m\udcff")
    run = replace(run, name="ad\udce7", evidence=(Evidence("k\udcfc/train.log", "execution"),))
    report.write_report(snapshot((run, outcome)), Settings((), tmp_path), tmp_path)
    overview, _ = data_of((tmp_path / "learnings/index.html").read_text("utf-8"))
    assert overview["columns"]["name"] == ["ad\\udce7"]


def test_numbers_that_json_cannot_hold() -> None:
    """Not finite, or too long for JavaScript: as text; the list leaves them out of its columns."""
    assert [scalar(x) for x in (math.nan, math.inf, 2**60, True, 5, 0.1, "a")] == [
        "nan", "inf", str(2**60), True, 5, 0.1, "a",
    ]  # fmt: skip
    found = snapshot(made("a", "unknown", final_train_loss=math.inf, seed=2**60))
    overview, details = data_of(page_of(found))
    assert overview["columns"]["numbers"]["final_train_loss"] == [None]
    assert {value[1] for value in details[0]["values"]} == {"inf", str(2**60)}


def test_nothing_is_fetched_and_only_our_script_runs() -> None:
    """The policy names our script and style by digest; no address in the page leads out of the folder."""
    page = page_of(a_bit_of_everything())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    rules = dict(rule.split(" ", 1) for rule in policy[1].replace("&#39;", "'").split("; "))
    assert rules["default-src"] == "'none'" and rules["img-src"] == "data:"
    assert rules["script-src"].startswith("'sha256-") and rules["style-src"].startswith("'sha256-")
    outside = re.sub(r'(?s)<script type="application/json"[^>]*>.*?</script>', "", page)
    assert set(re.findall(r"https?://[^\"' ]+", outside)) == {"http://www.w3.org/2000/svg"}
    addresses = set(re.findall(r'(?:href|src)="([^"]+)"', outside))
    assert addresses == {"data:,", "#main", "#/", "#/runs", "#/failures", "#/charts", "../LEARNINGS.md"}


def test_the_program_builds_no_markup_from_text() -> None:
    """None of the ways in which a browser reads text as markup or as program."""
    for name in PROGRAM:
        source = (TEMPLATES / name).read_text("utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(|srcdoc", source)
        assert "</" not in source and "<!--" not in source
        assert not re.search(r"fetch\(|XMLHttpRequest|import\(|WebSocket|sendBeacon|localStorage|Date\.now", source)
    assert not re.search(r"url\(|@import|</", (TEMPLATES / STYLE).read_text("utf-8"))


# ------------------------------------------------------------------------------------------------------- curves


def drawn(curve: dict[str, Any]) -> list[tuple[float, float | None]]:
    """The points of a curve's record, as the program reads them."""
    (x0, x1), (y0, y1) = curve["x"], curve["y"]
    if curve.get("log"):
        y0, y1 = math.log(y0), math.log(y1)
    share = {pair: at / (len(page_curves.PAIRS) - 1) for at, pair in enumerate(page_curves.PAIRS)}
    points: list[tuple[float, float | None]] = []
    for at in range(0, len(curve["points"]), 4):
        x, y = curve["points"][at : at + 2], curve["points"][at + 2 : at + 4]
        height = None if y == page_curves.GAP else y0 + share[y] * (y1 - y0)
        points.append(
            (x0 + share[x] * (x1 - x0), height if height is None or not curve.get("log") else math.exp(height))
        )
    return points


def series(values: list[float], metric: str = "train_loss") -> Series:
    """A curve with a step a value."""
    n = len(values)
    columns = {"steps": range(n), "epochs": [math.nan] * n, "values": values}
    arrays = {name: array("d", column) for name, column in columns.items()}
    return Series(metric, metric, "a.log", 0, "plain_loop", **arrays, lines=array("q", range(1, n + 1)))


def test_a_short_curve_keeps_all_points() -> None:
    """To the fineness of the writing, with its exact ends beside."""
    curve = page_curves.curve(series([4.0, 3.0, 2.5, 2.75]), 200, lambda place: place.start_line)
    assert [(round(x, 2), round(y or 0, 2)) for x, y in drawn(curve)] == [(0, 4), (1, 3), (2, 2.5), (3, 2.75)]
    assert curve["y"] == [2.5, 4.0] and curve["values"] == [4.0, 2.75] and curve["ends"] == [1, 4]
    assert curve["unit"] == "step" and curve["n"] == 4


def test_a_long_curve_keeps_its_peaks() -> None:
    """Within the number of points; the one outlier and the one dip are among them."""
    values = [2.0 + math.sin(at / 50) / 10 for at in range(5000)]
    values[1234], values[4321] = 9.0, 0.5
    curve = page_curves.curve(series(values), 200, lambda place: 0)
    points = drawn(curve)
    assert len(points) <= 200
    assert any(abs(x - 1234) < 2 and y is not None and abs(y - 9.0) < 0.01 for x, y in points)
    assert any(abs(x - 4321) < 2 and y is not None and abs(y - 0.5) < 0.01 for x, y in points)
    assert points[0][0] == 0 and points[-1][0] == 4999


@pytest.mark.parametrize("n", [5, 4000])
def test_a_curve_that_breaks_off_shows_a_gap(n: int) -> None:
    """NaN is no point and no zero."""
    values = [3.0 - at / n for at in range(n)] + [math.nan, math.inf]
    curve = page_curves.curve(series(values), 100, lambda place: 0)
    assert curve["gaps"] == 2 and drawn(curve)[-1][1] is None
    assert curve["values"][1] is None and len(drawn(curve)) <= 150
    json.dumps(curve, allow_nan=False)


def test_a_curve_of_nothing_finite() -> None:
    """Is named and not drawn."""
    curve = page_curves.curve(series([math.nan, math.nan]), 100, lambda place: 0)
    assert "points" not in curve and curve["gaps"] == 2


def test_a_curve_over_many_powers_is_logarithmic() -> None:
    """Or its end would be a flat line."""
    curve = page_curves.curve(series([1e6, 10.0, 1.0]), 100, lambda place: 0)
    assert curve["log"] and [round(y or 0) for _, y in drawn(curve)][1:] == [10, 1]


def test_the_main_curves_come_first() -> None:
    """Losses, the headline metric, the learning rate; the longest of a name; counters never."""
    run, _ = made("a", "success", best_metric_name="eval_f1")
    names = ["learning_rate", "grad_norm", "eval_f1", "train_loss", "eval_loss", "counter:step"]
    curves = [series([1.0, 2.0], name) for name in names] + [series([1.0, 2.0, 3.0]), series([1.0])]
    shown = page_curves.main_curves(replace(run, series=tuple(curves)))
    assert [c.metric for c in shown] == ["train_loss", "eval_loss", "eval_f1", "learning_rate"] and len(shown[0]) == 3
    assert page_curves.n_others(replace(run, series=tuple(curves)), shown) == 2


# -------------------------------------------------------------------------------------------------------- words


def test_verdicts_and_forecasts_are_shown_and_marked() -> None:
    """A view of claims where there are any; a prediction has its mark, on a run's page too."""
    found = replace(a_bit_of_everything(), verdicts=VERDICTS, forecasts=(FORECAST,))
    page = page_of(found)
    overview, details = data_of(page)
    assert 'href="#/claims"' in page and 'href="#/claims"' not in page_of(a_bit_of_everything())
    rows = {row[0]: row for row in overview["claims"]["rows"]}
    assert set(rows) == {verdict.claim for verdict in VERDICTS}
    assert rows["M7"][3:6] == ["🔮 çürütüldü (öngörü)", "öngörüldü", "azalma: 47% (28% – 58%, n = 6)"]
    assert all(len(row) == len(overview["claims"]["heads"]) for row in rows.values())
    shown = [run["forecast"] for run in details if "forecast" in run]
    assert len(shown) == 1 and "ölçülmedi" in shown[0][0] and "26.76 – 29.06 GiB, sığmazdı" in shown[0][1]


def test_every_field_has_its_words_and_its_place() -> None:
    """Of the tables' fields none is shown under its id or after all others."""
    words = catalogue()
    fields = {*FIELDS, *DERIVED}
    assert {*words["field"], *words["page_field"]} == fields
    assert set(ORDER) == fields and len(ORDER) == len(fields)


def test_no_word_of_the_page_is_missing_or_unused() -> None:
    """Each is said by the template or the program, and nothing else is."""
    words = catalogue()
    program = "".join((TEMPLATES / name).read_text("utf-8") for name in PROGRAM)
    template = (TEMPLATES / "page.html.j2").read_text("utf-8")
    said = set(re.findall(r'\bsay\("(\w+)"\)', program)) | set(re.findall(r"\bt\.page\.(\w+)", template))
    assert said <= set(words["page"])
    named = (
        {"step", "epoch"}
        | said
        | set(re.findall(r'"(\w+)"', program))
        | set(re.findall(r"\b(\w+): (?:\"|null)", program))
    )
    assert {key for key in words["page"] if not key.startswith("series_")} <= named
    assert set(words["page_origin"]) == {"reported", "command_line", "config_file", "script"}
    assert set(words["page_role"]) == {"execution", "recipe", "copy"}
    assert set(words["page_kind"]) == {"executed", "declared"}
    assert set(words["page_issue"]) == {"fatal", "numerical", "quality", "handled"}


def test_words_for_choices_and_links_are_those_of_assembly() -> None:
    """Each id stands there; the reasons that it gives by name have words."""
    assembly = "".join(p.read_text("utf-8") for p in (TEMPLATES.parent / "scanner/assembly").glob("*.py"))
    for name in {*catalogue()["page_choice"], *catalogue()["page_link"]}:
        stem = re.sub(r"^same_(?=tracker_run)|^(?:reported|command_line|config_file|script)(?=_wins)", "", name)
        assert stem in assembly, name
    given = set(re.findall(r'(?:\.join|\bLink)\([^"\n]*, "(\w+)", [^"\n]*\)$', assembly, re.M))
    assert given and given <= set(catalogue()["page_link"])


# --------------------------------------------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium, started once."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright for Python is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium
        chromium.close()


class Opened:
    """A page on disk, opened in the browser; remembers what went wrong in it and what it asked the network for."""

    def __init__(self, browser: Any, path: Path, **context: Any) -> None:
        self.context = browser.new_context(**context)
        self.page = self.context.new_page()
        self.wrong: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.wrong.append(message.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.wrong.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.address = path.as_uri()
        self.go("#/")

    def go(self, route: str) -> Any:
        """Open a route; returns the page."""
        self.page.goto(self.address + route)
        self.page.wait_for_selector("h1")
        return self.page

    def names(self) -> list[str]:
        """The names of the rows in sight."""
        return list(self.page.locator("tr[data-at] th").all_text_contents())

    def shown(self) -> str:
        """What the list says of its length, once typing has come to rest."""
        self.page.wait_for_timeout(150)
        return str(self.page.locator("[role=status]").text_content())


def on_disk(found: Snapshot, folder: Path) -> Path:
    """The page as the report writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    report.write_report(found, Settings((), folder), folder)
    return folder / "learnings/index.html"


def turkish() -> Snapshot:
    """Names whose order and case only Turkish knows."""
    names = ["zeytin", "çam", "Iğdır", "ılgaz", "İzmir", "incir", "cam", "öğrenme", "ordu"]
    return snapshot(
        *(
            made(name, "success", model=name, learning_rate=rate, optimizer="AdamW")
            for name, rate in zip(names, (1e-3, 1e-4, 5e-5, 2e-5, 1e-2, 0.1, 3e-4, 1e-5, 2e-4), strict=True)
        ),
        made("bos", "failed", failure="oom_gpu", raw="CUDA out of memory"),
    )


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Opens snapshots; at the end nothing may have gone wrong or been fetched."""
    pages: list[Opened] = []

    def open_(found: Snapshot, **context: Any) -> Opened:
        pages.append(Opened(browser, on_disk(found, tmp_path / str(len(pages))), **context))
        return pages[-1]

    yield open_
    for page in pages:
        assert page.wrong == []
        assert {address.partition("#")[0] for address in page.asked} <= {page.address, "data:,"}
        page.context.close()


def test_browser_filters(opened: Any) -> None:
    """By words without regard to case and marks, by outcome, by both; the address keeps them."""
    it = opened(turkish())
    page = it.go("#/runs")
    assert it.shown() == "Gösterilen deneme: 10 / 10"
    page.fill("input[type=search]", "OGRENME")
    assert it.shown() == "Gösterilen deneme: 1 / 10" and it.names() == ["öğrenme"]
    page.fill("input[type=search]", "igdır")
    assert it.shown().startswith("Gösterilen deneme: 1") and it.names() == ["Iğdır"]
    page.fill("input[type=search]", "")
    page.select_option("select[name=outcome]", "failed")
    assert it.shown().startswith("Gösterilen deneme: 1") and it.names() == ["bos"]
    assert page.evaluate("location.hash") == "#/runs?outcome=failed"
    page.reload()
    assert it.shown().startswith("Gösterilen deneme: 1") and page.input_value("select[name=outcome]") == "failed"
    page.fill("input[type=search]", "zeytin")
    assert it.shown() == "Bu süzgeçlere uyan deneme yok."
    page.click(".filters button")
    assert it.shown() == "Gösterilen deneme: 10 / 10"


def test_browser_sorts(opened: Any) -> None:
    """Texts as Turkish does, numbers by size, the missing last in both directions; said to a screen reader."""
    it = opened(turkish())
    page = it.go("#/runs")
    head = page.locator("th[data-id=name]")
    assert head.get_attribute("aria-sort") == "none"
    head.locator("button").click()
    order = ["bos", "cam", "çam", "Iğdır", "ılgaz", "incir", "İzmir", "ordu", "öğrenme", "zeytin"]
    assert it.names() == order and head.get_attribute("aria-sort") == "ascending"
    head.locator("button").click()
    assert it.names() == order[::-1] and head.get_attribute("aria-sort") == "descending"
    page.locator("th[data-id=learning_rate] button").click()
    assert it.names()[0] == "öğrenme" and it.names()[-2:] == ["incir", "bos"]
    page.locator("th[data-id=learning_rate] button").click()
    assert it.names()[0] == "incir" and it.names()[-1] == "bos"


def test_browser_opens_a_run_and_follows_its_evidence(opened: Any) -> None:
    """From the list to the run, from a value to the line that states it, and back to the list as it was."""
    it = opened(a_bit_of_everything())
    page = it.go("#/runs?outcome=failed")
    page.get_by_role("link", name="gpt2-oom-1").click()
    assert page.locator("h1").text_content() == "gpt2-oom-1" and page.title().startswith("gpt2-oom-1")
    assert "CUDA out of memory" in page.locator("dl").text_content()
    page.locator(".values tr", has_text="learning rate").locator("a.place").first.click()
    here = page.locator(".here")
    assert here.locator(".where").text_content() == "train.log:8"
    assert here.locator(".where").get_attribute("title") == "gpt2-oom-1/train.log:8"
    assert "learning_rate: 5e-05" in here.text_content() and "learning rate" in here.text_content()
    assert page.evaluate("document.activeElement.className") == "here"
    page.reload()
    assert page.locator(".here .where").text_content() == "train.log:8"
    page.get_by_role("link", name="Listeye dön").click()
    assert it.shown().startswith("Gösterilen deneme")


def test_browser_draws_curves(opened: Any) -> None:
    """Losses that count alike share a drawing, which says its ends in words."""
    it = opened(a_bit_of_everything())
    page = it.go("#/run/kismi")
    drawing = page.get_by_role("img")
    assert drawing.count() == 1
    assert drawing.get_attribute("aria-label") == "train loss: 3 → 1; eval loss: 2 → 2.5"
    assert page.locator("path.line").count() == 2
    assert "Model Overfitting" in page.locator("dl").text_content()


def test_browser_shows_failures_and_charts(opened: Any) -> None:
    """Classes with examples; their numbers lead to the runs; the charts are tables of numbers."""
    it = opened(a_bit_of_everything())
    page = it.go("#/failures")
    block = page.locator(".failure", has_text="CUDA Out of Memory")
    assert "torch.OutOfMemoryError" in block.first.text_content()
    block.get_by_role("link", name="2", exact=True).click()
    assert it.shown().startswith("Gösterilen deneme: 2")
    page = it.go("#/charts")
    assert page.locator("table.bars").count() == len(bars_of(make_document(a_bit_of_everything())))
    page = it.go("#/")
    assert "66.7% (%95 güven aralığı: 35.4% – 87.9%)" in page.locator(".cards").text_content()
    page.get_by_role("link", name="GPT-2").click()
    assert it.shown().startswith("Gösterilen deneme: 7")


def test_browser_keeps_hostile_text_as_text(opened: Any) -> None:
    """Names, quotes and paths that are programs are shown and do nothing."""
    it = opened(hostile())
    for route in (
        "#/",
        "#/runs",
        "#/failures",
        "#/charts",
        "#/run/h1",
        "#/run/h2",
        "#/run/h3",
        "#/run/h1/%3E%20*",
        "#/run/%3Cscript%3E",
        "#/%",
    ):
        page = it.go(route)
        assert page.evaluate("[window.evil, document.querySelectorAll('main img, main script').length]") == [None, 0]
    page = it.go("#/run/h1")
    assert page.locator("h1").text_content().startswith("</script><script>window.evil=1</script>")
    assert "<!--<img src=x onerror" in page.locator(".quote").first.text_content()
    assert page.locator("a[href^=javascript]").count() == 0
    page = it.go("#/runs?q=" + "%3Cscript%3E")
    assert it.shown().startswith("Gösterilen deneme: 3")
    page = it.go("#/runs?failure=__proto__&issue=constructor&sort=__proto__")
    assert it.shown() == "Bu süzgeçlere uyan deneme yok."


def test_browser_by_keyboard(opened: Any) -> None:
    """The skip link, the arrows in the list, Enter on a run; a heading has the focus after each change of view."""
    it = opened(snapshot(*(made(f"deneme-{n:03d}", "success", model="gpt2") for n in range(300))))
    page = it.go("#/runs")
    page.reload()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.locator(".list").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.textContent") == "deneme-001"
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.textContent") == "deneme-299"
    page.keyboard.press("PageUp")
    page.keyboard.press("Enter")
    page.wait_for_selector("dl.facts")
    assert page.evaluate("document.activeElement.tagName") == "H1"
    assert page.locator("nav a[aria-current]").text_content() == "Denemeler"


def test_browser_holds_only_the_rows_in_sight(opened: Any) -> None:
    """Of many runs a few rows are elements; their numbers say where they stand; a wide window changes nothing."""
    it = opened(snapshot(*(made(f"deneme-{n:04d}", "success", model="gpt2") for n in range(3000))))
    page = it.go("#/runs")
    assert it.shown() == "Gösterilen deneme: 3,000 / 3,000"
    assert page.locator("table").get_attribute("aria-rowcount") == "3001"
    page.evaluate("document.querySelector('.list').scrollTop = 34 * 2000")
    page.wait_for_timeout(200)
    assert page.locator("tr[data-at]").count() < 100 and "deneme-2005" in it.names()
    assert page.locator("tr[data-at='2005']").get_attribute("aria-rowindex") == "2007"
    page.get_by_role("link", name="deneme-2005").click()
    page.wait_for_selector("dl.facts")
    page.get_by_role("link", name="Sonraki").click()
    page.wait_for_timeout(100)
    assert page.locator("h1").text_content() == "deneme-2006"
    page.get_by_role("link", name="Listeye dön").click()
    page.wait_for_timeout(200)
    assert "deneme-2005" in it.names()


def test_browser_prints_all_rows(opened: Any) -> None:
    """What is printed is the list, not the part in sight."""
    it = opened(snapshot(*(made(f"deneme-{n:03d}", "success", model="gpt2") for n in range(200))))
    page = it.go("#/runs")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(it.names()) == 200
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert len(it.names()) < 100


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_browser_fits_a_narrow_window(opened: Any, scheme: str) -> None:
    """At 400 pixels nothing but the list's own frame scrolls sideways; ink and ground differ in either scheme."""
    it = opened(a_bit_of_everything(), viewport={"width": 400, "height": 800}, color_scheme=scheme)
    for route in ("#/", "#/runs", "#/failures", "#/charts", "#/run/gpt2-1", "#/run/kismi"):
        page = it.go(route)
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, route
    ground, ink = page.evaluate("(s => [s.backgroundColor, s.color])(getComputedStyle(document.body))")
    brightness = [sum(map(int, re.findall(r"\d+", color)[:3])) for color in (ground, ink)]
    assert (brightness[0] > 600 > 200 > brightness[1]) is (scheme == "light")


def test_browser_shows_an_empty_scan(opened: Any) -> None:
    """Sentences instead of empty tables."""
    it = opened(snapshot())
    assert "kanıt bulunamadı" in it.go("#/").locator("main").text_content()
    assert "kanıt bulunamadı" in it.go("#/failures").locator("main").text_content()
    assert "grafik çizilmedi" in it.go("#/charts").locator("main").text_content()
    it.go("#/runs")
    assert it.shown() == "Bu süzgeçlere uyan deneme yok."
