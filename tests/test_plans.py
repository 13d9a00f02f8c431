"""The user's plan: an item is ticked by the runs that fulfil its query, and by nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner import pipeline, store
from scanner.export.listing import list_runs
from scanner.records import Snapshot
from scanner.report.catalogue import template_text
from scanner.report.plans import GROUPS, Wanted, as_sql, fulfils, plan
from scanner.report.render import render
from scanner.report.view import make_document
from scanner.settings import Settings
from scanner.store.schema import FIELDS
from tests.made_runs import made, snapshot


def _text(found: Snapshot) -> str:
    return render(make_document(found), frozenset(), "seed")


def test_items_are_ticked_by_runs() -> None:
    """With the runs named; a failed try, a recipe or another model ticks nothing."""
    lora = made("lora", "success", model="m", lora_r=8)
    mixtral = made("mix", "success", model="mistralai/Mixtral-8x7B-v0.1", quantization="4bit")
    failed = made("mix2", "failed", failure="oom_gpu", model="mixtral", quantization="4bit")
    recipe = made("mix3", "declared", model="mixtral", quantization="4bit")
    text = _text(snapshot(failed, recipe))
    assert "1. [ ] **Mixtral 8x7B** with extreme quantization – karşılayan deneme henüz yok" in text
    assert "[x]" not in text
    text = _text(snapshot(failed, recipe, mixtral, lora))
    assert "1. [x] **Mixtral 8x7B** with extreme quantization – ✅ **📏 Ölçüldü**: `mix/train.log:1` (`mix`)" in text
    assert "- [x] Parameter-Efficient Tuning methods" in text
    assert "2. [ ] **GPT-4 distillation** küçük modellere\n" in text


@pytest.mark.parametrize(
    "where",
    [
        *(item["where"] for group in GROUPS for item in plan()[group] if "where" in item),
        {"model": "*_x"},
        {"model": "50%*"},
        {"model": "it's [a]?*"},
        {"lora_r": False},
        {"quantization": ["4bit", "8bit"], "outcome": "success"},
    ],
)
def test_a_query_selects_what_its_printed_condition_selects(where: dict[str, Wanted], tmp_path: Path) -> None:
    """Run by run, also with marks that SQL and patterns read as wildcards."""
    names = [
        "Mixtral-8x7B",
        "openai/clip-vit",
        "eclipse",
        "a_x",
        "abx",
        "50% off",
        "500",
        "it's [a]?b",
        "it's ab",
        "llava",
    ]
    runs = [
        made(f"r{n}{kind}", status, model=name, **({"quantization": "4bit"} if n % 2 else {"lora_r": 8}))
        for n, name in enumerate(names)
        for kind, status in (("s", "success"), ("d", "declared"))
    ]
    found = snapshot(*runs)
    rows = store.intake_rows(found.files, (), (), ()) | store.run_rows(found.runs, found.outcomes, {}, 1)
    store.save(tmp_path, rows | store.learning_rows(found.learnings), found.roots)
    wanted = {run.run_id for run, outcome in runs if run.kind == "executed" and fulfils((run, outcome), where)}
    assert set(list_runs(tmp_path, as_sql(where), ["run_id"], "csv").split("\n")[1:]) - {""} == wanted


def test_the_plan_asks_for_columns_that_exist() -> None:
    """A spelling mistake in a query would leave an item open for ever."""
    for group in GROUPS:
        for item in plan()[group]:
            assert set(item.get("where", ())) <= {*FIELDS, "outcome"}, item


def test_the_users_own_words_are_all_there() -> None:
    """In the order of the user's document."""
    titles = [item["title"] for group in GROUPS for item in plan()[group]]
    assert titles == sorted(titles, key=template_text("plans.toml").index) and len(titles) == 10


# ------------------------------------------------------------------------------------------- the user's own queries


def _planned(tmp_path: Path, *lines: str) -> str:
    """A stored scan whose document carries a plan, rendered again."""
    found = snapshot(
        made("lora", "success", model="m", lora_r=8, batch_size=2),
        made("mix", "success", model="mistralai/Mixtral-8x7B", quantization="4bit"),
        made("tarif", "declared", model="mixtral", quantization="4bit"),
    )
    rows = store.intake_rows(found.files, (), (), ()) | store.run_rows(found.runs, found.outcomes, {}, 1)
    store.save(tmp_path, rows | store.learning_rows(found.learnings), found.roots)
    settings = Settings((), tmp_path)
    document = pipeline.rerender(settings)
    begin = "<!-- scan-trainings:plans begin -->\n"
    document.write_text(document.read_text("utf-8").replace(begin, begin + "".join(f"{x}\n" for x in lines)), "utf-8")
    assert pipeline.rerender(settings) == document
    assert not pipeline.verify(settings).differences
    return document.read_text("utf-8")


def test_an_own_item_is_ticked_by_its_query(tmp_path: Path) -> None:
    """With the runs named below the plan, recipes left out; what the user wrote stays, word for word."""
    lines = (
        "- [ ] Mixtral, **4 bit** <!-- where: quantization = '4bit' and model ilike '%mixtral%' -->",
        "2. LoRA <!-- where: lora_r >= 64 -->",
        "- no query here <!-- a note -->",
    )
    text = _planned(tmp_path, *lines)
    assert "\n".join(lines) in text
    assert "- [x] `Mixtral, **4 bit**` – ✅ `mix/train.log:2` (`mix`)\n" in text
    assert "- [ ] `LoRA` – karşılayan deneme henüz yok\n" in text and "`no query here`" not in text


@pytest.mark.parametrize(
    "where",
    [
        "quantisation = '4bit'",
        "quantization = ",
        "true; drop table runs",
        "run_id in (select content from read_text('/etc/passwd'))",
        "lora_r = 'x'",
        "true) union (select 1",
    ],
)
def test_a_wrong_query_is_one_remark(where: str, tmp_path: Path) -> None:
    """The document is written, the item stays open, and its line says what is wrong; nothing else is read."""
    text = _planned(tmp_path, f"- [ ] Deneme <!-- where: {where} -->", "- LoRA <!-- where: lora_r = 8 -->")
    (line,) = (line for line in text.split("\n") if line.startswith("- [ ] `Deneme`"))
    assert line.startswith("- [ ] `Deneme` – ⚠️ sorgu çalıştırılamadı: `")
    assert "- [x] `LoRA` – ✅ `lora/train.log:2` (`lora`)" in text and "root:" not in text
