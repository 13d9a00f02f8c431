"""Documented configurations out of a LEARNINGS.md: typed, each with its line, and nothing of it is ever run."""

from __future__ import annotations

from pathlib import Path

import pytest

from reference_runs.configs import documented
from reference_runs.configs.config_reader import LeftOut, locate, parse
from reference_runs.configs.encoding import unmangle
from reference_runs.configs.literals import Call, Setting, Symbol
from scanner.errors import ReplayError
from scanner.records import Locator

OURS = documented.read()


def _mangled(text: str) -> str:
    """The text as a program shows it that takes its UTF-8 for the Turkish code page; some bytes are lost."""
    return text.encode("utf-8").decode("cp1254", errors="ignore")


@pytest.mark.parametrize("form", [str, _mangled], ids=["utf8", "mojibake"])
def test_the_three_documented_configurations(form: type[str]) -> None:
    """Values, types and lines are the same in the document's proper and in its mangled form."""
    document = parse(form(OURS.text))
    first, second, third = document.recipes
    assert {one.key: one.value for one in first.settings} == {
        "model": "gpt2",
        "batch_size": 8,
        "gradient_accumulation_steps": 4,
        "learning_rate": 5e-5,
        "epochs": 3,
        "optimizer": "AdamW",
        "scheduler": "cosine_with_warmup",
        "warmup_ratio": 0.1,
    }
    assert first.settings[0] == Setting("model", "gpt2", 277)
    assert (first.comment("Model"), first.comment("Sonuç")) == ("GPT-2 (124M)", "✅ 2 saat, good accuracy")
    assert (second.get("load_in_8bit"), second.get("warmup_steps")) == (True, 500)
    lora = Call(
        "LoraConfig",
        (),
        {
            "r": 16,
            "lora_alpha": 32,
            "target_modules": ("q_proj", "v_proj"),
            "lora_dropout": 0.05,
            "bias": "none",
            "task_type": "CAUSAL_LM",
        },
        321,
        "lora_config",
    )
    assert third.calls == (lora,)
    assert third.get("lora") == lora
    assert third.settings[3] == Setting("learning_rate", 1e-4, 334, "LoRA için biraz daha yüksek OK")


def test_snippets_and_tables() -> None:
    """Fences inside a list, calls with names of a library's own, and tables keep their lines."""
    document = OURS.document
    memory = next(one for one in document.snippets if one.get("load_in_8bit"))
    assert memory.settings[0] == Setting("load_in_8bit", True, 101, "%50 memory tasarrufu")
    quantized = next(call for one in document.snippets if (call := one.call("BitsAndBytesConfig")))
    assert quantized.named["bnb_4bit_compute_dtype"] == Symbol("torch.bfloat16")
    vram, sizes = document.tables
    assert vram.columns == ("GPU VRAM", "Model Size", "Önerilen Batch Size")
    assert vram.rows[0] == (156, ("4GB", "Small (<500M)", "1-2"))
    assert sizes.rows[2][1] == ("Large (3B+)", "50,000", "500,000+")


OUR_REPORT = """# Model Eğitim Deneyimleri

### Configuration #1: `GPT2LMHeadModel`

```python
# Deneme: b4a3927cf7c3 (proje: turkce-gpt)
config = {
    "model": "GPT2LMHeadModel",  # train.py:56
    "learning_rate": 0.003,  # run.sh:5
    "gradient_checkpointing": True,  # out/args (x)
}

# Sonuç: ✅ planlanan epoch ya da adım sayısına ulaşıldı  (log:7)
```
"""


def test_our_own_report() -> None:
    """A document that this tool wrote reads like a hand-written one; the place of a value is its note."""
    (recipe,) = parse(OUR_REPORT).recipes
    assert recipe.settings[1] == Setting("learning_rate", 0.003, 9, "run.sh:5")
    assert recipe.comment("Deneme") == "b4a3927cf7c3 (proje: turkce-gpt)"


def test_yaml_and_json_fences() -> None:
    """Nested keys become paths; a tag constructs nothing."""
    text = """
```yaml
# Model: neo
training:
  learning_rate: 5e-5
  stages: [1, 2]
  other: !!python/object/apply:os.system ["touch canary"]
```

```json
{"model": "gpt2", "fp16": true}
```
"""
    first, second = parse(text).recipes
    assert [(one.key, one.value, one.line) for one in first.settings] == [
        ("training.learning_rate", 5e-5, 5),
        ("training.stages", (1, 2), 6),
        ("training.other", ("touch canary",), 7),
    ]
    assert first.comment("Model") == "neo"
    assert {one.key: one.value for one in second.settings} == {"model": "gpt2", "fp16": True}


def test_code_is_never_run(tmp_path: Path) -> None:
    """What is no literal is named and left out, the rest of the fence is kept."""
    canary = tmp_path / "canary"
    text = f"""```python
import os
open({str(canary)!r}, "w").write("x")
[os.mkdir({str(canary)!r}) for _ in (1,)]
config = {{
    "model": "gpt2",
    "learning_rate": 5e-5 * 2,
    "seed": 7,
}}
def train(): pass
```
```python
this is no code
```
"""
    document = parse(text)
    assert not canary.exists()
    assert [(one.key, one.value) for one in document.recipes[0].settings] == [("model", "gpt2"), ("seed", 7)]
    assert [one.line for one in document.left_out] == [3, 4, 7, 10, 13]
    assert document.left_out[2:] == (
        LeftOut(7, "5e-05 * 2"),
        LeftOut(10, "def train(): pass"),
        LeftOut(13, "a block that is no Python"),
    )


def test_a_file_without_any_configuration(tmp_path: Path) -> None:
    """One line names the file and what a configuration looks like."""
    file = tmp_path / "notes.md"
    file.write_text("# Notlar\n\n```python\nx = f(1) + 2\n```\n", "utf-8")
    with pytest.raises(
        ReplayError, match=r"notes\.md: no documented configuration \(1 pieces of code are no literals\)"
    ):
        documented.read(file)
    with pytest.raises(ReplayError, match="No such file"):
        documented.read(tmp_path / "missing.md")


@pytest.mark.parametrize("form", [str, _mangled], ids=["utf8", "mojibake"])
def test_where_a_claim_stands(form: type[str]) -> None:
    """Spaces, list marks and mangled letters make no difference; a claim that stands nowhere has no place."""
    text = form(OURS.text)
    assert locate("Production için çok yavaş", text) == 79
    assert locate("load_in_8bit=True  # %50 memory tasarrufu", text) == 101
    assert locate("LOAD_IN_8BIT = True  # %50 memory tasarrufu", text) == 101
    assert locate("GPUs are always faster", text) is None
    assert locate("çığ", text) is None


def test_the_place_names_the_file_as_given(tmp_path: Path) -> None:
    """A user's own document is named by its path, the packaged one by its name."""
    file = tmp_path / "mine.md"
    file.write_bytes(OUR_REPORT.encode("utf-8"))
    assert documented.read(file).locate('"learning_rate": 0.003') == Locator(file.as_posix(), 9, 9)
    assert OURS.locate("Sabır testi!") == Locator("LEARNINGS.md", 134, 134)


def test_proper_text_is_left_alone() -> None:
    """Turkish, typographic marks and pictures are no sign of mangling, nor is a lone accented word."""
    for text in ("Eğitim “tamam” → ✅", "Şişli'de çığ düştü", "naïve café", "plain"):
        assert unmangle(text) == text
    assert unmangle("EÄŸitim sÃ¼reci â†’ iyi") == "Eğitim süreci → iyi"
