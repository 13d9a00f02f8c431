"""Claims that arithmetic or counting decides, and how another stated quantity turns them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from reference_runs.claims import catalogue
from reference_runs.configs import documented
from reference_runs.experiments import arithmetic, inference, out_of_memory, parameters
from reference_runs.hardware import at_hand
from reference_runs.records import Claim, Hardware, NotTestable, Result
from reference_runs.rules import decide

CLAIMS = {claim.id: claim for claim in catalogue("quick")}
NO_GPU = Hardware("cpu", 2, 8.0, bf16_unit=False, gpu="", gpu_memory_gib=0.0, versions=())


def _status(claim: Claim) -> str:
    return decide(claim, arithmetic.measure(claim, {}, NO_GPU)).status


@pytest.mark.parametrize(
    ("changed", "status"),
    [({}, "confirmed"), ({"success": 88}, "refuted"), ({"total": 3964}, "refuted"), ({"rate": 0.104}, "refuted")],
)
def test_counts_and_rate_of_the_document(changed: Mapping[str, float], status: str) -> None:
    """87 of 841 are 10.3%, and with 3,124 they are 3,965; any other number does not agree."""
    claim = replace(CLAIMS["X1"], quantity=dict(CLAIMS["X1"].quantity) | changed)
    assert _status(claim) == status


def test_warmup_share_is_read_from_the_source(tmp_path: Path) -> None:
    """100 of 1,000 in ours; another document has its own numbers, or none."""
    assert _status(CLAIMS["S3"]) == "confirmed"
    assert _status(replace(CLAIMS["S3"], quantity={"ratio": 0.2})) == "refuted"
    text = "```python\nget_cosine_schedule_with_warmup(o, num_warmup_steps={}, num_training_steps=1000)\n```\n"
    source = tmp_path / "mine.md"
    recipe = '```python\nconfig = {"model": "gpt2"}\n```\n'
    source.write_text(text.format(50) + recipe, "utf-8")
    assert _status(replace(CLAIMS["S3"], source=source)) == "refuted"
    source.write_text(text.format("steps // 10") + recipe, "utf-8")
    with pytest.raises(NotTestable, match="not_stated"):
        _status(replace(CLAIMS["S3"], source=source))


def test_parameters_that_lora_trains(tmp_path: Path) -> None:
    """Counted on real shapes: two factors of rank 16 for each target, far below a percent of a large model."""
    pytest.importorskip("peft", reason="needs the extra named replay")
    from reference_runs.jobs import count

    jobs = parameters.jobs(CLAIMS["P1"], at_hand())
    results = {name: Result(count.run(job.settings, tmp_path)) for name, job in jobs.items()}
    assert results["TinyLlama-1.1B"].values == {
        "n_parameters": 1_100_048_384,
        "n_trainable": 22 * 16 * ((2048 + 2048) + (2048 + 256)),
        "targets": ["q_proj", "v_proj"],
    }
    finding = parameters.measure(CLAIMS["P1"], results, NO_GPU)
    assert decide(CLAIMS["P1"], finding).status == "refuted"
    assert decide(replace(CLAIMS["P1"], quantity={"share": 0.003}), finding).status == "confirmed"


def test_what_only_a_gpu_can_show() -> None:
    """The reason is said; nothing is put in its place."""
    for experiment, identifier in ((out_of_memory, "M11"), (inference, "Q2")):
        with pytest.raises(NotTestable, match="no_gpu"):
            experiment.jobs(CLAIMS[identifier], NO_GPU)


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total ...", "confirmed"),
        ("RuntimeError: CUDA error: out of memory", "refuted"),
    ],
)
def test_the_message_of_a_full_gpu(message: str, status: str) -> None:
    """It must read as documented."""
    finding = out_of_memory.measure(CLAIMS["M11"], {"message": Result({"message": message})}, replace(NO_GPU, gpu="T4"))
    assert decide(CLAIMS["M11"], finding).status == status


def test_every_claim_stands_at_its_line_in_the_source() -> None:
    """The words are the document's own, and the line is where they are found."""
    source = documented.read()
    for claim in CLAIMS.values():
        place = source.locate(claim.written)
        assert (claim.id, place and place.start_line) == (claim.id, claim.line)
