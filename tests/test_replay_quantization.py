"""Claims about quantization: bytes measured with bitsandbytes, accuracy on held-out text."""

from __future__ import annotations

import os
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from reference_runs.claims import catalogue
from reference_runs.experiments import optimizer_state, quantization, quantized_quality
from reference_runs.hardware import at_hand
from reference_runs.records import Claim, Finding, Result
from reference_runs.rules import decide
from reference_runs.settled import OFFLINE

os.environ.update(OFFLINE)  # read when transformers is imported
CLAIMS = {claim.id: claim for claim in catalogue("quick")}


def _found(experiment: Any, claim: Claim, folder: Path) -> Finding:
    pytest.importorskip("torch", reason="needs the extra named replay")
    pytest.importorskip("transformers", reason="needs the extra named replay")
    pytest.importorskip("bitsandbytes", reason="needs the extra named replay")
    results = {}
    for at, (name, job) in enumerate(experiment.jobs(claim, at_hand()).items()):
        own = folder / str(at)
        own.mkdir()
        results[name] = Result(import_module(f"reference_runs.jobs.{job.kind}").run(job.settings, own))
    return experiment.measure(claim, results, at_hand())  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("identifier", "bits", "whole"),
    [("M4", 8 + 8 * 4 / 1024, 0.340), ("M5", 4.129, 0.506)],
    ids=["int8", "nf4"],
)
def test_bytes_of_quantized_weights(identifier: str, bits: float, whole: float, tmp_path: Path) -> None:
    """8 bits and a scale a row; 4 bits, an 8-bit scale for 64 weights and its own scale for 256 of those."""
    claim = replace(CLAIMS[identifier], settings=dict(CLAIMS[identifier].settings) | {"models": ["gpt2"]})
    finding = _found(quantization, claim, tmp_path)
    assert finding.figures[0].value == pytest.approx(1 - bits / 16, abs=0.002)
    assert finding.figures[2].value == pytest.approx(whole, abs=0.002)  # GPT-2's embeddings are a third of it
    assert decide(claim, finding).status == "confirmed"
    assert decide(replace(claim, quantity={"saving": 0.30}), finding).status == "refuted"


def test_bytes_of_optimizer_states(tmp_path: Path) -> None:
    """Two states of a byte each and their scales, where AdamW holds two of four bytes."""
    finding = _found(optimizer_state, CLAIMS["M12"], tmp_path)
    assert finding.figures[0].value == pytest.approx(2 + 2 * 4 / 256, abs=0.01)
    assert finding.figures[1].value == pytest.approx(8, abs=0.001)
    assert decide(CLAIMS["M12"], finding).status == "confirmed"
    assert decide(replace(CLAIMS["M12"], quantity={"bytes": 4}), finding).status == "refuted"


def test_accuracy_after_quantization(tmp_path: Path) -> None:
    """A trained base loses little; what is stated decides, not what was expected."""
    settings = dict(CLAIMS["Q1"].settings) | {"blocks": 60}
    claim = replace(CLAIMS["Q1"], settings=settings, quantity={"low": -0.05, "high": 0.05})
    finding = _found(quantized_quality, claim, tmp_path)
    lost, before, rise = finding.figures
    assert lost.low is not None and lost.high is not None and lost.low <= float(lost.value or 0) <= lost.high
    assert float(before.value or 0) > 0.1
    assert 0 < float(rise.value or 0) < 0.1
    assert decide(claim, finding).status == "confirmed"
    assert decide(replace(claim, quantity={"low": 0.2, "high": 0.5}), finding).status == "refuted"


def test_the_loss_of_accuracy_is_paired_by_block() -> None:
    """A quarter of what was right before is wrong after."""
    correct = {"fp32": [8, 8, 8], "int8": [8, 8, 8], "nf4": [6, 6, 6]}
    values = {
        "correct": correct, "loss": {name: [2.0] * 3 for name in correct}, "length": 63, "n_parameters": 1,
        "quantized_share": 0.5,
    }  # fmt: skip
    finding = quantized_quality.measure(CLAIMS["Q1"], {"quality": Result(values)}, at_hand())
    assert finding.figures[0][1:4] == (0.25, 0.25, 0.25)
    assert decide(CLAIMS["Q1"], finding).status == "refuted"
    eight = quantized_quality.measure(CLAIMS["Q3"], {"quality": Result(values)}, at_hand())
    assert eight.figures[0].value == 0
