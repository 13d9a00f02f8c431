"""What the document says of verdicts and forecasts: every number, and never a prediction as a measurement."""

from __future__ import annotations

import ast
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from scanner import store
from scanner.cli import main
from scanner.records import Figure, Snapshot, Verdict
from scanner.report.claims import amount, placeholders, words
from scanner.report.render import render
from scanner.report.view import make_document
from tests.made_runs import a_bit_of_everything, snapshot
from tests.made_verdicts import FORECAST, VERDICTS
from tests.test_report import HOSTILE, SECTIONS

ROOT = Path(__file__).parent.parent
GOLDEN = Path(__file__).parent / "golden" / "claims.md"
CLAIMS = [f"{letter}{n}" for letter, most in (("M", 12), ("V", 4), ("L", 6), ("S", 3), ("O", 4), ("D", 2), ("P", 3),
                                              ("K", 4), ("Q", 3), ("X", 2)) for n in range(1, most + 1)]  # fmt: skip
FILES = sorted((ROOT / "reference_runs/claims").glob("*.toml"))


def _with(*verdicts: Verdict) -> Snapshot:
    return replace(a_bit_of_everything(), verdicts=verdicts, forecasts=(FORECAST,))


def _text(found: Snapshot, style: str = "seed") -> str:
    return render(make_document(found), frozenset(), style)


def _section(text: str) -> str:
    return text[text.index("## İddia Defteri") : text.index("## Katkıda Bulunanlar")]


def test_golden(regen: bool) -> None:
    """The whole section, word for word."""
    found = _section(_text(_with(*VERDICTS)))
    if regen:
        GOLDEN.write_text(found, encoding="utf-8")
    assert found == GOLDEN.read_text("utf-8")


@pytest.mark.parametrize("status", ["confirmed", "refuted", "inconclusive"])
def test_a_prediction_never_looks_measured(status: str) -> None:
    """Wherever it stands it has its own mark and its own words, and no mark of a measured verdict."""
    predicted = replace(VERDICTS[1], status=status)
    text = _text(_with(predicted))
    lines = [line for line in text.split("\n") if re.search(r"^(\||-) `M7` ", line) and "|---" not in line]
    assert len(lines) >= 3
    for line in lines:
        assert "🔮" in line and f"{words()['status'][status]} (öngörü)" in line
        assert not set("✅❌❔") & set(line)


def test_predicted_and_measured_are_counted_apart() -> None:
    """Each basis has a column of its own in the totals."""
    section = _section(_text(_with(*VERDICTS)))
    assert "| Sonuç | Ölçüldü | Hesaplandı | 🔮 Öngörüldü |" in section
    assert "| Çürütüldü | 1 | 0 | 1 |" in section and "| Doğrulandı | 0 | 1 | 0 |" in section
    assert "Sınanan iddia: 4; bu donanımda sınanamayan: 1." in section


def test_what_fails_as_written_comes_with_its_error_and_its_remedy() -> None:
    """Word for word; a test of ours that stopped is no failure of the claim."""
    stopped = replace(VERDICTS[3], status="inconclusive", reason="run_failed", errors=(("job", "timeout"),), figures=())
    section = _section(_text(_with(VERDICTS[0], stopped)))
    broken = section[section.index("### Yazıldığı Gibi Çalışmayanlar") : section.index("### Yarıda Kalan Sınamalar")]
    assert "`ValueError: You cannot perform fine-tuning on purely quantized models.`" in broken
    assert words()["remedy"]["add_lora"] in broken and "timeout" not in broken
    assert "`O1`: `timeout`" in section


def test_advice_says_what_verdicts_say_of_it() -> None:
    """Refuted advice says so where it stands; a claim that only says how much does not refute it."""
    l2 = Verdict("L2", "NaN", None, "confirmed", "measured", "exists", "", (Figure("learning_rate", 5e-5),),
                 (Figure("runs", True),))  # fmt: skip
    text = _text(_with(l2, *VERDICTS))
    nan = text[text.index("NaN Loss\n") :]
    nan = nan[: nan.index("\n### ")]
    assert "`L2` ✅ doğrulandı, **yukarıdaki öneriyle çelişiyor**" in nan and "`5e-5`" in nan
    hardware = text[text.index("## Device & Hardware") : text.index("## Learning Rate Stratejileri")]
    assert "`M7` 🔮 çürütüldü (öngörü): " in hardware and "çelişiyor" not in hardware
    assert "📒" not in _text(a_bit_of_everything())


def test_forecasts_stand_beside_the_gpu_and_are_marked() -> None:
    """Need, memory, answer, the change that fits, and what was assumed; only of runs that ran out of memory."""
    other = replace(FORECAST, run_id="gpt2-1", answer="fits")
    text = _text(replace(a_bit_of_everything(), forecasts=(other, FORECAST)))
    (row,) = (line for line in text.split("\n") if line.startswith("| `gpt2-oom-1` |"))
    assert row.split(" | ")[3:6] == ["16", "26.76 – 29.06", "sığmazdı"]
    assert "batch size: 4, gradient accumulation: 4 → 7.75 – 8.40 GiB, sığardı" in row
    assert "🔮 **Öngörüldü (ölçülmedi)**" in text and "| `gpt2-1`" not in text
    assert "Denemede belirtilmediği için varsayılan: sequence length, precision" in text


def test_unknown_ids_stand_for_themselves() -> None:
    """A claim, figure, reason, rule and remedy that nobody gave words to."""
    strange = Verdict("Z9", "Bir iddia", None, "refuted", "measured", "new_rule", "new_reason", (Figure("new_q", 1.5),),
                      (Figure("new_f", 2.5), Figure("new_g", "x")), (("a", "E: b"),), ("new_remedy",),
                      (("new_field", 3),))  # fmt: skip
    section = _section(_text(_with(strange)))
    for name in ("new_rule", "new_reason", "new_q", "new_f", "new_g", "new_remedy", "new_field", "Z9", "Z"):
        assert f"`{name}`" in section
    assert "`new_f`: 2.5" in section and "`new_q`: 1.5" in section


def test_hostile_text_stays_text() -> None:
    """Errors and the source's words come from elsewhere: no table breaks, no markup, no heading."""
    evil = Verdict("M7", HOSTILE, None, "refuted", "measured", HOSTILE, HOSTILE, (Figure(HOSTILE, HOSTILE),),
                   (Figure(HOSTILE, HOSTILE),), ((HOSTILE, HOSTILE),), (HOSTILE,), ((HOSTILE, HOSTILE),),
                   ((HOSTILE, HOSTILE),), ((HOSTILE, HOSTILE),), (HOSTILE,))  # fmt: skip
    text = _text(_with(evil))
    assert re.findall(r"(?m)^## (.+)$", text) == SECTIONS
    assert all(c.isprintable() or c == "\n" for c in text)
    for table in re.findall(r"(?m)(?:^\|.*\|\n)+", text):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.strip().split("\n")}) == 1, table


def test_number_style() -> None:
    """Stated quantities and findings follow the document's style."""
    section = _section(_text(_with(VERDICTS[1]), "cldr"))
    assert "azalma: %47 (%28 – %58, n = 6)" in section and "belleğini %30 azaltır" in section


# ------------------------------------------------------------------------------------------------------- the words


def test_every_claim_has_its_words() -> None:
    """All claims of the catalogue, in themes that have a title, with units that exist."""
    own = words()["claim"]
    assert set(own) == {*CLAIMS, "C"}
    assert {name.rstrip("0123456789") for name in own} <= set(words()["theme"])
    assert {row["unit"] for row in own.values()} <= set(words()["unit"])
    assert {row["unit"] for row in words()["figure"].values()} <= {"", *words()["unit"]}
    asked = {name for place in words()["advice"].values() for side in place.values() for name in side}
    assert asked <= set(own)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_words_ask_for_quantities_that_the_claim_states(path: Path) -> None:
    """Every placeholder is a key of the claim's [quantity], in a unit that exists."""
    quantity = tomllib.loads(path.read_text("utf-8"))["quantity"]
    row = words()["claim"][path.stem]
    for name, unit in placeholders(row["test"]):
        assert name in quantity, f"report_templates/claims.toml: {path.stem}: {{{name}}}; stated: {sorted(quantity)}"
        assert unit is None or unit in words()["unit"]


def test_no_suffix_follows_a_quantity() -> None:
    """Turkish suffixes depend on the word before them."""
    for name, row in words()["claim"].items():
        assert not re.search(r"\}['’a-zçğıöşü]", row["test"]), name


def test_advice_is_asked_for_where_it_stands() -> None:
    """Each place with claims is a place in the templates, and the other way round."""
    named = set()
    for path in (ROOT / "report_templates/sections").glob("*.j2"):
        named |= set(re.findall(r"m\.tested\(d, '(\w+)'\)", path.read_text("utf-8")))
    assert {place for place in words()["advice"] if not place.startswith("failure_")} == named


# --------------------------------------------------------------------------------------------------------- explain


def test_explain_a_verdict(tmp_path: Path) -> None:
    """All numbers, rule, scope, hardware, versions and run folders, without any scan; a prediction says so."""
    store.save_verdicts(tmp_path, VERDICTS)
    done = CliRunner().invoke(main, ["explain", "M7", "--out", str(tmp_path)])
    assert done.exit_code == 0
    for text in ("M7: refuted by prediction", "PREDICTED", "LEARNINGS.md:94", "saving = 0.47  (0.28 to 0.58, n = 6)",
                 "never_heard_of = 3", "rule: inside", "batch_size = 8", "n_cores = 2", "torch 2.13.0",
                 "learnings/replay/runs/aaaaaaaaaaaa/"):  # fmt: skip
        assert text in done.output
    listed = CliRunner().invoke(main, ["explain", "claims", "--out", str(tmp_path)])
    assert [line.partition(":")[0] for line in listed.output.split("\n")[:-1]] == ["K2", "M7", "M10", "O1", "X1"]


def test_explain_a_run_with_a_forecast(tmp_path: Path) -> None:
    """The forecast comes after what the files say, and says that nothing was measured."""
    found = a_bit_of_everything()
    rows = store.intake_rows(found.files, found.skips, (), ()) | store.run_rows(found.runs, found.outcomes, {}, 1)
    store.save(tmp_path, rows | store.learning_rows(found.learnings), found.roots)
    store.save_forecasts(tmp_path, [FORECAST])
    done = CliRunner().invoke(main, ["explain", "gpt2-oom-1", "--out", str(tmp_path)])
    assert done.exit_code == 0
    _, _, forecast = done.output.partition("forecast (PREDICTED, not measured): does_not_fit")
    assert "26.76 GiB allocated" in forecast and "batch_size = 4" in forecast and "assumed" in forecast
    where = "run_id in (select run_id from forecasts where answer = 'does_not_fit')"
    listed = CliRunner().invoke(main, ["runs", "--out", str(tmp_path), "--where", where, "--columns", "run_id"])
    assert listed.output.split() == ["run_id", "-" * 10, "gpt2-oom-1"]


def test_no_verdict_is_one_clear_line(tmp_path: Path) -> None:
    """With the way out."""
    done = CliRunner().invoke(main, ["explain", "claims", "--out", str(tmp_path)])
    assert done.exit_code == 2 and "scan-trainings replay" in done.output
    assert "📒" not in _text(snapshot())


def _figure_names() -> set[str]:
    """The literal names of figures that the experiments make."""
    found = set()
    for path in (ROOT / "reference_runs/experiments").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Figure":
                name = node.args[0] if node.args else None
                if isinstance(name, ast.Constant):
                    found.add(str(name.value))
    return found


def test_figures_of_experiments_have_words() -> None:
    """The names that would stand in backticks."""
    without = sorted(name for name in _figure_names() if amount(Figure(name, 1), "number").title == f"`{name}`")
    assert not without, f"report_templates/claims.toml, [figure]: no words for {', '.join(without)}"
