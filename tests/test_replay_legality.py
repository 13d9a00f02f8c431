"""Documented configurations and pieces of code, tried as written on tiny models. Needs the extra named replay."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reference_runs.claims import catalogue
from reference_runs.experiments import configurations, snippets
from reference_runs.hardware import at_hand
from reference_runs.records import Claim, Job, NotTestable, Result
from reference_runs.rules import decide
from reference_runs.settled import OFFLINE

os.environ.update(OFFLINE)  # read when transformers is imported
CLAIMS = {claim.id: claim for claim in catalogue()}


def _claim(identifier: str, source: Path | None = None) -> Claim:
    return replace(CLAIMS[identifier], source=source)


def _run(job: Job, folder: Path) -> Result:
    pytest.importorskip("torch", reason="needs the extra named replay")
    pytest.importorskip("peft", reason="needs the extra named replay")
    pytest.importorskip("bitsandbytes", reason="needs the extra named replay")
    from importlib import import_module

    folder.mkdir(parents=True)
    return Result(import_module(f"reference_runs.jobs.{job.kind}").run(job.settings, folder))


def _results(claim: Claim, folder: Path, experiment: Any = configurations) -> Mapping[str, Result]:
    jobs = experiment.jobs(claim, at_hand())
    return {name: _run(job, folder / name) for name, job in jobs.items()}


def test_the_8bit_configuration_needs_two_changes(tmp_path: Path) -> None:
    """A keyword that is gone, then a Trainer that refuses purely quantized weights; one change alone is not enough."""
    results = _results(_claim("K2"), tmp_path)
    finding = configurations.measure(_claim("K2"), results, at_hand())
    assert [name for name, _ in finding.errors] == ["gpt_neo", "gpt_neo + quantization_config"]
    assert "unexpected keyword argument 'load_in_8bit'" in finding.errors[0][1]
    assert finding.errors[1][1].startswith("ValueError: You cannot perform fine-tuning on purely quantized models")
    assert finding.remedies == ("quantization_config", "add_lora")
    assert set(results["gpt_neo"]["errors"]) == {"", "quantization_config", "add_lora"}
    assert decide(_claim("K2"), finding).status == "refuted"


def test_lora_modules_that_a_family_does_not_have(tmp_path: Path) -> None:
    """`q_proj` and `v_proj` are in some families; GPT-2 calls its own otherwise."""
    claim = _claim("K3")
    claim = replace(claim, settings={**claim.settings, "families": ["gpt2", "llama"]})
    finding = configurations.measure(claim, _results(claim, tmp_path), at_hand())
    assert [name for name, _ in finding.errors] == ["gpt2"]
    assert "Target modules {'q_proj', 'v_proj'} not found" in finding.errors[0][1].replace(
        "'v_proj', 'q_proj'", "'q_proj', 'v_proj'"
    )
    assert finding.remedies == ("target_modules",)
    assert finding.figures[1].value == 1


def test_a_configuration_that_runs_is_confirmed(tmp_path: Path) -> None:
    """Of another document: the verdict follows the source, not the catalogue."""
    source = tmp_path / "mine.md"
    source.write_text(
        '### Configuration #1: Mine\n```python\nconfig = {"model": "phi-2", "batch_size": 2, "warmup_steps": 1}\n```\n',
        "utf-8",
    )
    claim = _claim("K1", source)
    finding = configurations.measure(claim, _results(claim, tmp_path / "runs"), at_hand())
    assert (finding.errors, finding.remedies) == ((), ())
    assert finding.scope["families"] == "phi"
    assert decide(claim, finding).status == "confirmed"


def test_a_model_of_no_known_family_is_not_testable(tmp_path: Path) -> None:
    """Nothing is guessed: the reason is said. A source without such a configuration says so too."""
    source = tmp_path / "mine.md"
    source.write_text('### Configuration #1\n```python\nconfig = {"model": "RakamAgi"}\n```\n', "utf-8")
    with pytest.raises(NotTestable, match="unknown_model"):
        configurations.jobs(_claim("K1", source), at_hand())
    with pytest.raises(NotTestable, match="not_stated"):
        configurations.jobs(_claim("K2", source), at_hand())


def test_pieces_of_code(tmp_path: Path) -> None:
    """Keywords that are gone fail and have a replacement that was tried; what only warns is named."""
    claim = _claim("K4")
    finding = snippets.measure(claim, _results(claim, tmp_path, snippets), at_hand())
    assert [name for name, _ in finding.errors] == ["load_in_8bit", "load_in_4bit"]
    assert finding.remedies == ("quantization_config", "torch_amp")
    assert "torch.cuda.amp.autocast" in str(finding.scope["deprecated"])
    assert finding.figures[1].value == 5
    assert finding.figures[1].n == 7


def test_code_of_a_document_calls_nothing_else(tmp_path: Path) -> None:
    """A call that the replay does not know is not made, wherever it stands; a model's name reaches no hub."""
    canary = tmp_path / "canary"
    source = tmp_path / "mine.md"
    source.write_text(
        f'```python\nos.mkdir("{canary}")\nLoraConfig(r=os.mkdir("{canary}"))\nmodel.apply(1)\n```\n'
        '```python\nmodel = AutoModelForCausalLM.from_pretrained("somebody/else", trust_remote_code=True)\n```\n'
        '```python\nconfig = {"model": "gpt2"}\n```\n',
        "utf-8",
    )
    claim = _claim("K4", source)
    finding = snippets.measure(claim, _results(claim, tmp_path / "runs", snippets), at_hand())
    assert not canary.exists()
    assert finding.errors == ()
    assert finding.figures[1].n == 1
    assert finding.scope["not_tried"] == "os.mkdir, LoraConfig, model.apply"


def test_each_family_that_is_promised_can_be_made(tmp_path: Path) -> None:
    """The experiment's list is the job's, and each tiny model is of its family."""
    pytest.importorskip("transformers", reason="needs the extra named replay")
    from transformers import AutoConfig

    from reference_runs.jobs import _tiny

    assert tuple(sorted(_tiny.FAMILIES)) == configurations.TINY
    for family in configurations.TINY:
        saved = _tiny.save(family, tmp_path)
        assert AutoConfig.from_pretrained(saved).model_type == family
