"""The document: complete, true to the tables, safe, the same every time."""

from __future__ import annotations

import ast
import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scanner import learn, report, store
from scanner.errors import ReportError
from scanner.export.listing import list_runs
from scanner.knowledge import failure_classes
from scanner.learn import GAP_FIELDS
from scanner.learn.best import RESULTS
from scanner.learn.usage import TRACKERS
from scanner.records import Skip, Snapshot
from scanner.report import escape, locale_tr
from scanner.report.catalogue import catalogue
from scanner.report.charts import bars_of
from scanner.report.drawing import draw
from scanner.report.plots import charts_of
from scanner.report.render import render
from scanner.report.view import Query, Row, make_document
from scanner.settings import Settings
from tests.made_runs import a_bit_of_everything, made, snapshot

ROOT = Path(__file__).parent.parent
TEMPLATES = ROOT / "report_templates"
GOLDEN = Path(__file__).parent / "golden"
SECTIONS = [
    "Genel İstatistikler",
    "En Çok Kullanılan Modeller",
    "Optimizer Deneyimleri",
    "Device & Hardware",
    "Learning Rate Stratejileri",
    "Batch Size Deneyimleri",
    "Quantization Deneyimleri",
    "En Sık Hatalar ve Çözümleri",
    "Başarılı Konfigürasyonlar",
    "Dataset İpuçları",
    "Gelecek Denemeler",
    "Kaynaklar ve Referanslar",
    "Kanıt ve Kapsam",
    "İddia Defteri",
    "Katkıda Bulunanlar",
]
"""The user's own headings in their order, with our two (what was read; what was tested) before the closing one."""


def _text(found: Snapshot, style: str = "seed") -> str:
    document = make_document(found)
    return render(document, frozenset(charts_of(document, found)), style)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("everything", a_bit_of_everything()),
        ("empty", snapshot()),
        ("one_run", snapshot(made("tek", "success", learning_rate=5e-5, batch_size=8))),
    ],
)
def test_golden(name: str, found: Snapshot, regen: bool) -> None:
    """The whole document, word for word."""
    path = GOLDEN / f"{name}.md"
    if regen:
        path.parent.mkdir(exist_ok=True)
        path.write_text(_text(found), encoding="utf-8")
    assert _text(found) == path.read_text("utf-8")


@pytest.mark.parametrize("found", [a_bit_of_everything(), snapshot(), snapshot(made("t", "declared", model="a"))])
def test_every_section_in_the_users_order(found: Snapshot) -> None:
    """None is left out, whatever the tree holds."""
    assert re.findall(r"(?m)^## (.+)$", _text(found)) == SECTIONS


def test_an_empty_scan_says_so_everywhere() -> None:
    """No figure, no share, no chart: sentences instead."""
    text = _text(snapshot())
    assert "Taranan dosyalarda çalışmış bir eğitime dair kanıt bulunamadı." in text
    assert "![" not in text and "100%" not in text and "None" not in text
    outside = re.sub(r"(?m)^>.*$", "", text)
    assert outside.count("bulunamadı") >= 10


def test_measured_and_advice_are_apart() -> None:
    """All advice stands in quote blocks that say it was not measured here."""
    text = _text(a_bit_of_everything())
    for advice in (line for row in catalogue()["failure"].values() for line in row["advice"]):
        assert all(line.startswith("> ") for line in text.split("\n") if advice in line)
        assert advice in text
    blocks = [block for block in re.findall(r"(?m)(?:^>.*\n)+", text) if "**Not**" not in block]
    assert blocks and all("bu taramada ölçülmedi" in block.split("\n")[0] for block in blocks)


# ------------------------------------------------------------------------------------------- true to the tables


def _rows(found: Snapshot) -> Iterator[Row]:
    for rows in make_document(found).rows.values():
        yield from rows


def _stored(found: Snapshot, out: Path) -> Path:
    rows = store.intake_rows(found.files, found.skips, (), (s for run in found.runs for s in run.series))
    rows |= store.run_rows(found.runs, found.outcomes, {}, 1) | store.learning_rows(found.learnings)
    store.save(out, rows, found.roots)
    return out


def _selected(out: Path, where: str) -> set[str]:
    return set(list_runs(out, where, ["run_id"], "csv").split("\n")[1:])


def test_every_condition_selects_its_runs(tmp_path: Path) -> None:
    """What a figure counts is what its printed condition lists, run by run."""
    found = a_bit_of_everything()
    out = _stored(found, tmp_path)
    by_row = {(x.id, x.subject): x.run_ids for x in found.learnings}
    kinds = {run.run_id: run.kind for run in found.runs}
    n_conditions = 0
    for row in _rows(found):
        for group in (row.behind, row.recipes):
            if group is None or not isinstance(group.query, Query):
                continue
            query = group.query
            wanted = {name for name in by_row[row.id, str(row.subject)] if kinds[name] == query.kind}
            assert _selected(out, query.where) == wanted, row.id
            assert len(wanted) == query.n == group.n
            n_conditions += 1
    assert n_conditions > 40


def test_printed_commands_are_those_conditions(tmp_path: Path) -> None:
    """The commands of the document run as they stand and list as many runs as they are printed for."""
    out = _stored(a_bit_of_everything(), tmp_path)
    commands = re.findall(r"\(([\d,]+)\): `scan-trainings runs --where \"(.+?)\"`", _text(a_bit_of_everything()))
    assert len(commands) > 10
    for n, where in commands:
        assert len(_selected(out, where)) == int(n.replace(",", ""))


def test_counts_in_the_text_are_counts_of_the_tables(tmp_path: Path) -> None:
    """A handful of figures by an independent query."""
    text = _text(a_bit_of_everything())
    out = _stored(a_bit_of_everything(), tmp_path)
    for label, where in [
        ("✅ Başarılı Eğitimler", "outcome = 'success'"),
        ("❌ Başarısız/Sorunlu", "outcome = 'failed'"),
        ("❓ Durum Belirsiz", "kind = 'executed' and outcome = 'unknown'"),
        ("**Benzersiz Model Denemesi**", "kind = 'executed'"),
        ("**Yalnızca Tarif**", "kind = 'declared'"),
    ]:
        printed = re.search(rf"(?m)^- {re.escape(label)}: ([\d,]+)", text)
        assert printed is not None and int(printed[1]) == len(_selected(out, where)), label


def test_every_run_behind_a_figure_is_shown_with_its_line() -> None:
    """Evidence places of decided runs carry a line number."""
    text = _text(a_bit_of_everything())
    assert "`gpt2-oom-1/train.log:9` (`gpt2-oom-1`)" in text
    for path in re.findall(r"`([^`\s]+/train\.log[^`]*)` \(`", text):
        assert re.search(r":\d+$", path), path


def test_recipes_are_listed_apart_from_what_ran(tmp_path: Path) -> None:
    """Beside the runs that a row counts stand its recipes, under their own condition."""
    ran, recipes = made("kosu", "success", model="a"), [made(f"t{n}", "declared", model="a") for n in range(5)]
    found = snapshot(ran, *recipes, *(made(f"{n}", model=f"b{n // 2}") for n in range(12)))
    row = next(row for row in _rows(found) if row.id == "by_model" and row.subject == "a")
    assert [ref.run_id for ref in row.behind.refs] == ["kosu"] and row.behind.n == 1
    assert row.recipes is not None and row.recipes.query is not None
    assert _selected(_stored(found, tmp_path), row.recipes.query.where) == {f"t{n}" for n in range(5)}
    line = next(line for line in _text(found).split("\n") if line.startswith("- `a`:"))
    assert line.index("(`kosu`)") < line.index("tarif:") < line.index("bütün tarifler (5)")


def test_first_screen_names_a_most_tried_model_only_where_one_is() -> None:
    """A tie has no winner; one model more often than the others is one."""
    tie, one = [made("1", model="a"), made("2", model="b")], made("3", model="b")
    assert "En çok denenen model" not in _text(snapshot(*tie))
    assert "**En çok denenen model**: `b` → 2 deneme" in _text(snapshot(*tie, one))


def test_places_of_a_configuration_are_below_the_folder_it_names() -> None:
    """The folder and a place together are the place as it is stored."""
    found = snapshot(made("a/b", "success", model="m", learning_rate=1e-4, batch_size=2))
    configuration = make_document(found).configurations[0]
    assert configuration.folder == "a/b/"
    assert [str(s.place) for s in configuration.settings] == ["train.log:1", "train.log:2", "train.log:3"]
    assert "# Yerler şu klasöre göredir: a/b/" in _text(found)


# ------------------------------------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("value", "seed", "cldr"),
    [
        (9109, "9,109", "9.109"),
        (1234.6, "1,235", "1.235"),
        (0.25, "0.25", "0,25"),
        (3.0, "3", "3"),
        (12000.0, "12,000", "12.000"),
        (1.5e-7, "1.5e-7", "1,5e-7"),
        (float("inf"), "inf", "inf"),
    ],
)
def test_number_styles(value: float, seed: str, cldr: str) -> None:
    """The user's style and the locale data's."""
    assert (locale_tr.number(value, "seed"), locale_tr.number(value, "cldr")) == (seed, cldr)


@pytest.mark.parametrize(
    ("share", "seed", "cldr"),
    [
        (87 / 841, "10.3%", "%10,3"),
        (1, "100%", "%100"),
        (0, "0%", "%0"),
        (0.9999, "99.9%", "%99,9"),
        (0.0001, "0.1%", "%0,1"),
    ],
)
def test_percentages_are_rounded_honestly(share: float, seed: str, cldr: str) -> None:
    """0 and 100 only when exactly so."""
    assert (locale_tr.percent(share, "seed"), locale_tr.percent(share, "cldr")) == (seed, cldr)


def test_rates_days_and_letters() -> None:
    """Learning rates as typed, days in both styles, i and ı kept apart."""
    rates = [locale_tr.rate(x) for x in (5e-5, 2.5e-4, 1e-3, 0.01, 0.1, 3.0, 1e-10)]
    assert rates == ["5e-5", "2.5e-4", "1e-3", "0.01", "0.1", "3", "1e-10"]
    assert (locale_tr.day("2026-03-04", "seed"), locale_tr.day("2026-03-04", "cldr")) == ("2026-03-04", "4 Mart 2026")
    assert locale_tr.upper("ısı işi") == "ISI İŞİ"
    assert locale_tr.lower("ISI İŞİ") == "ısı işi"
    assert locale_tr.sentence_case("izleme") == "İzleme"


def test_cldr_document_has_no_english_number() -> None:
    """The style reaches every count, share and interval."""
    text = re.sub(r"`[^`]*`|```.*?```", "", _text(a_bit_of_everything(), "cldr"), flags=re.DOTALL)
    assert re.search(r"%66,7; %95 güven aralığı: %35,4 – %87,9", text)
    assert not re.search(r"\d%", text)


# -------------------------------------------------------------------------------------------------------- safety

HOSTILE = "evil`|\n# Başlık\n<script>alert(1)</script>\x1b[31m\u202egnp.exe $(rm -rf ~) \\ \" ' {{ 7*7 }} {% raw %} ```"


@pytest.fixture
def hostile() -> Snapshot:
    """Everything that can carry text of the tree carries HOSTILE."""
    found = [
        made(f"h{n}", "success", model=HOSTILE, optimizer=HOSTILE, dataset=HOSTILE, gpu_name=HOSTILE, device="cuda",
             learning_rate=1e-4, batch_size=2, best_metric_name=HOSTILE, best_metric_value=1.0)
        for n in range(5)
    ]  # fmt: skip
    found.append(made("f", "failed", failure="oom_gpu", raw=HOSTILE, model=HOSTILE, batch_size=4, gpu_name=HOSTILE))
    moved = [(replace(run, project=HOSTILE), outcome) for run, outcome in found]
    return snapshot(*moved, skips=(Skip(HOSTILE, "crawl", HOSTILE, HOSTILE, 1),), root=HOSTILE)


def test_hostile_names_stay_text(hostile: Snapshot) -> None:
    """No heading, no table cell, no HTML, no control or bidi character, no template of the tree comes through."""
    text = _text(hostile)
    assert re.findall(r"(?m)^## (.+)$", text) == SECTIONS
    assert not re.search(r"(?m)^# Başlık", text)
    assert all(c.isprintable() or c == "\n" for c in text)
    assert "49" not in text and "{{ 7*7 }}" in text
    outside = _without_code(text)
    assert "<script" not in outside and "evil" not in outside
    for table in re.findall(r"(?m)(?:^\|.*\|\n)+", text):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.strip().split("\n")}) == 1, table


def test_hostile_document_as_html(hostile: Snapshot) -> None:
    """Rendered by a CommonMark reader with tables: our own tags alone, all rows as wide as their head."""
    reader = pytest.importorskip("markdown_it").MarkdownIt("commonmark").enable("table")
    html = reader.render(_text(hostile))
    assert "<script" not in html and "javascript:" not in html
    assert set(re.findall(r"<h1>(.*?)</h1>", html)) == {"Model Eğitim Deneyimleri ve Öğrenilenler"}
    for table in re.findall(r"(?s)<table>.*?</table>", html):
        assert len({len(re.findall("<t[hd][ >]", row)) for row in re.findall(r"(?s)<tr>.*?</tr>", table)}) == 1


def _without_code(text: str) -> str:
    """The text without fenced blocks and code spans, as CommonMark pairs them."""
    text = re.sub(r"(?ms)^(> *|\s*)```python$.*?^(> *|\s*)```$", "", text)
    return re.sub(r"(?s)(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", text)


def test_hostile_configuration_is_still_python(hostile: Snapshot) -> None:
    """The ready-to-use block parses, and its text is the name that was found."""
    block = re.search(r"(?ms)^```python\n(# Deneme.*?)^```$", _text(hostile))
    assert block is not None
    tree = ast.parse(block[1])
    config = ast.literal_eval(tree.body[0].value)  # type: ignore[attr-defined]
    assert config["learning_rate"] == 1e-4 and config["model"].startswith("evil`|")


def test_hostile_names_in_charts(hostile: Snapshot) -> None:
    """Drawn without being read as mathematics or layout."""
    charts = charts_of(make_document(hostile), hostile)
    assert "memory" in charts
    for chart in charts.values():
        drawn = draw(chart, "seed").decode()
        assert "<svg" in drawn and "<script" not in drawn and "evil" not in drawn


def test_a_crowded_chart_keeps_the_most_used_and_says_so() -> None:
    """What is left out is the rarest, not the end of the scale."""
    sizes = [*range(1, 15), 14]
    bars = bars_of(make_document(snapshot(*(made(str(n), batch_size=size) for n, size in enumerate(sizes)))))
    assert bars["batch_sizes"].labels == (*map(str, range(1, 12)), "14")
    assert "12 / 14" in bars["batch_sizes"].unit


def test_one_cause_is_no_comparison() -> None:
    """A chart of a single bar says less than its sentence."""
    assert "failures" not in bars_of(make_document(snapshot(made("1", "failed", failure="oom_gpu"))))


def test_quotes_in_conditions(tmp_path: Path) -> None:
    """A name with quotes gives a condition that still selects its runs, and one that cannot be typed gives none."""
    found = snapshot(*(made(str(n), model='it\'s "a" $HOME `x`') for n in range(4)), made("5", model="a\nb"))
    out = _stored(found, tmp_path)
    rows = {str(row.subject): row.behind.query for row in _rows(found) if row.id == "by_model"}
    query = rows['it\'s "a" $HOME `x`']
    assert query is not None and len(_selected(out, query.where)) == 4
    assert rows["a\nb"] is None
    assert '\\"a\\" \\$HOME \\`x\\`' in _text(found)


@pytest.mark.parametrize(
    ("text", "span"),
    [("a", "`a`"), ("a`b", "``a`b``"), ("`a`", "`` `a` ``"), ("", '`""`'), ("a\nb", "`a b`"), ("\x07", "`\\x07`")],
)
def test_code_spans(text: str, span: str) -> None:
    """The fence is longer than what it holds."""
    assert escape.code(text) == span


def test_cells_keep_their_bars() -> None:
    """Neither a bar nor a backslash before one ends the cell."""
    assert escape.cell("a|b") == "`a\\|b`"
    assert escape.cell("a\\|b") == "`a\\x5c\\|b`"


def test_long_text_is_cut() -> None:
    """With a mark."""
    assert escape.visible("x" * 500, 10) == "xxxxxxxxx…"


# ------------------------------------------------------------------------------------------------------- writing


def test_same_input_same_bytes(tmp_path: Path) -> None:
    """Document and charts, twice, and again from the stored tables."""
    found = a_bit_of_everything()
    outs = [tmp_path / "1", tmp_path / "2", tmp_path / "3"]
    for out, given in zip(outs, (found, found, store.load(_stored(found, tmp_path / "3"))), strict=True):
        out.mkdir(exist_ok=True)
        assert report.write_report(given, Settings((), out), out) == out / "LEARNINGS.md"
    names = sorted(p.name for p in (outs[0] / "learnings/charts").iterdir())
    assert names == [
        f"{name}.svg"
        for name in ("batch_sizes", "failures", "learning_rates", "memory", "models", "outcomes", "targets")
    ]
    for out in outs[1:]:
        for name in ["LEARNINGS.md", *(f"learnings/charts/{n}" for n in names)]:
            assert (out / name).read_bytes() == (outs[0] / name).read_bytes(), name


def test_tables_without_learnings_are_one_clear_error(tmp_path: Path) -> None:
    """What an interrupted or older version stored is not rendered as zeros."""
    with pytest.raises(ReportError, match="scan again"):
        report.write_report(replace(a_bit_of_everything(), learnings=()), Settings((), tmp_path), tmp_path)


def test_every_chart_of_the_text_is_there(tmp_path: Path) -> None:
    """No dead picture, no chart that the text does not show; charts of an earlier scan go away."""
    for found in (a_bit_of_everything(), snapshot(made("1"))):
        text = report.write_report(found, Settings((), tmp_path), tmp_path).read_text("utf-8")
        shown = set(re.findall(r"\]\((learnings/charts/[a-z_]+\.svg)\)", text))
        assert shown == {str(p.relative_to(tmp_path)) for p in (tmp_path / "learnings/charts").iterdir()}


@pytest.mark.skipif(getattr(os, "geteuid", int)() == 0, reason="root may write everywhere, and Windows asks no mode")
def test_unwritable_folder_is_one_clear_error(tmp_path: Path) -> None:
    """A ReportError that names the way out."""
    tmp_path.chmod(0o500)
    with pytest.raises(ReportError, match="choose another --out"):
        report.write_report(snapshot(), Settings((), tmp_path), tmp_path)


def test_document_that_is_a_folder_is_one_clear_error(tmp_path: Path) -> None:
    """Nothing half-written stays behind."""
    (tmp_path / "LEARNINGS.md").mkdir()
    with pytest.raises(ReportError, match=r"LEARNINGS\.md.*choose another --out"):
        report.write_report(snapshot(), Settings((), tmp_path), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["LEARNINGS.md", "learnings"]


# ----------------------------------------------------------------------------------------------------- catalogue


def _constants(path: Path) -> set[str]:
    return {n.value for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Constant)
            and isinstance(n.value, str)}  # fmt: skip


def _first_texts(folder: str, callee: str, at: int) -> set[str]:
    """The literal texts given as the argument number `at` of a call."""
    found = set()
    for path in (ROOT / "scanner" / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == callee:
                argument = node.args[at] if len(node.args) > at else None
                if isinstance(argument, ast.Constant):
                    found.add(str(argument.value))
    return found


def _skip_reasons() -> set[str]:
    walk = tomllib.loads((ROOT / "scanner/knowledge/walk.toml").read_text("utf-8"))
    tables = (
        walk["folders"],
        walk["marks"],
        *(walk["files"][k] for k in ("skipped", "skipped_names", "skipped_paths")),
    )
    listed = {reason for table in tables for reason in table} | {"vendored", "own_output"}
    stated = _first_texts("intake", "Skip", 2) | _first_texts("intake", "DecodeError", 0)
    return listed | stated | _first_texts("intake", "_Failure", 0)


def test_every_id_has_its_words_and_no_more() -> None:
    """Failure classes, skip reasons, rules, fields and trackers: the catalogue holds exactly those that exist."""
    words = catalogue()
    assert set(words["failure"]) == set(failure_classes())
    assert set(words["skip"]) == _skip_reasons()
    assert set(words["field"]) == {*GAP_FIELDS, *RESULTS}
    assert set(words["tool"]) == set(TRACKERS)
    assert set(words["outcome"]) == {"success", "failed", "unknown"}
    classify = ROOT / "scanner/assembly/classify.py"
    assert {*words["rule"], *words["missing"]} <= _constants(classify)
    assert _first_texts("assembly", "_Verdict", 1) <= set(words["rule"])
    for row in words["failure"].values():
        assert row["title"] and row["explanation"] and row["advice"]


def test_no_word_is_missing_or_unused() -> None:
    """Words that templates and charts name are there; words that are there are named."""
    words = catalogue()
    named = set()
    for path in TEMPLATES.rglob("*.j2"):
        named |= set(re.findall(r"\bt\.(\w+)\.(\w+)", path.read_text("utf-8")))
    named |= {("chart", name) for name in _constants(ROOT / "scanner/report/charts.py")}
    for group in ("words", "chart"):
        assert {key for g, key in named if g == group} >= set(words[group])
    static = {(group, key) for group, key in named if group in words and key not in ("items", "get")}
    assert {(g, k) for g, k in static if g != "chart"} <= {(g, k) for g in words for k in words[g]}


def test_no_suffix_follows_a_variable() -> None:
    """Turkish suffixes depend on the word before them: none is glued to a value."""
    for path in TEMPLATES.rglob("*.md.j2"):
        assert not re.search(r"\}\}['’]|\}\}[a-zçğıöşü]", path.read_text("utf-8")), path.name


def test_no_turkish_in_the_code() -> None:
    """Prose stands in report_templates alone; only the locale's letters and months stand in its module."""
    for folder in ("learn", "report"):
        for path in (ROOT / "scanner" / folder).glob("*.py"):
            if path.name != "locale_tr.py":
                assert not re.search("[çğışöüÇĞİŞÖÜ]", path.read_text("utf-8")), path.name


def test_learn_is_pure() -> None:
    """The same runs give the same learnings, in the same order."""
    found = a_bit_of_everything()
    assert learn.learn(found.runs, found.outcomes, found.files, found.skips) == found.learnings
