"""From what a run states to a shape, a forecast and advice; what cannot be known is said, not guessed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from reference_runs.memory import TrainingShape, answer
from reference_runs.memory.advice import _first, _largest, _micro_batches, settings_of
from reference_runs.memory.forecast import memory_of, read_settings
from reference_runs.memory.models import find_named, get_model
from scanner.cli import main
from scanner.errors import ReplayError
from scanner.intake.named_file import settings_in
from scanner.records import Fit, Scalar
from tests.made_runs import made, stated

GPT2 = TrainingShape("gpt2", 16, 1024)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("gpt2", "gpt2"),
        ("openai-community/gpt2-medium", "gpt2-medium"),
        ("EleutherAI/gpt-neo-125M", "gpt-neo-125M"),
        ("EleutherAI/gpt-neo-1.3B", "gpt-neo-1.3B"),
        ("TinyLlama/TinyLlama-1.1B-Chat-v1.0", "TinyLlama-1.1B"),
        ("microsoft/phi-2", "phi-2"),
        ("dbmdz/bert-base-turkish-cased", "bert-base-turkish"),
        ("meta-llama/Llama-2-7b-hf", "Llama-2-7B"),
        ("Qwen/Qwen2.5-1.5B-Instruct", "Qwen2-1.5B"),
    ],
)
def test_names_as_people_write_them_are_known(written: str, name: str) -> None:
    """The owner and the suffixes of a hub name do not matter."""
    found = find_named(written)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "written", ["yolov8n.pt", "resnet50", "ytu-ce-cosmos/turkish-gpt2", "TheBloke/Llama-2-7B-GPTQ", "./config.json"]
)
def test_other_names_are_not_taken_for_a_known_shape(written: str) -> None:
    """A vision model, another vocabulary, other weights, a path: nothing is known of them."""
    assert find_named(written) is None


def test_an_unknown_model_is_one_clear_error() -> None:
    """The error names the model and the way out."""
    with pytest.raises(ReplayError, match=r"model nobody/nothing: shape not known; give a path of its config\.json"):
        get_model("nobody/nothing")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 0}, "batch_size 0: must be a whole number of at least 1"),
        ({"precision": "fp8"}, "precision 'fp8': not known; one of fp32"),
        ({"lora_r": 0}, "lora_r 0: must be"),
        ({"quantization": "nf4"}, "quantization nf4 without lora_r: quantized weights cannot be trained"),
        ({"lora_targets": ("c_attn",)}, "lora_targets without lora_r"),
    ],
)
def test_a_shape_refuses_what_cannot_be(settings: dict[str, object], message: str) -> None:
    """One clear error that names the field."""
    with pytest.raises(ReplayError, match=message):
        replace(GPT2, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("allocated", "reserved", "gib", "expected"),
    [
        (4.0, 5.0, 7.1, "fits"),  # 1.3 x 5.0 + 0.6
        (4.0, 5.0, 7.0, "borderline"),
        (4.0, 5.0, 4.3, "borderline"),  # 4.0 + 0.3
        (4.0, 5.0, 4.2, "does_not_fit"),
    ],
)
def test_the_answer_has_a_band(allocated: float, reserved: float, gib: float, expected: Fit) -> None:
    """Between what fits for certain and what does not for certain lies what other software decides."""
    assert answer(allocated, reserved, gib) == expected


def test_what_a_run_states_is_taken_and_the_rest_is_named() -> None:
    """Stated fields become the shape; fields that the shape needs and nobody stated are listed."""
    found = read_settings({"model": "gpt2", "batch_size": 4, "precision": "fp16", "optimizer": "PagedAdamW8bit"})
    assert found.shape == TrainingShape("gpt2", 4, 512, precision="fp16", optimizer="adamw_8bit")
    assert found.assumed == ("sequence_length", "gradient_accumulation_steps", "gradient_checkpointing")


def test_quantized_weights_imply_adapters() -> None:
    """A run that loads in 4 bits trains adapters; their rank is assumed when it is not stated."""
    found = read_settings({"model": "microsoft/phi-2", "batch_size": 1, "quantization": "4bit", "sequence_length": 256})
    assert found.shape is not None
    assert (found.shape.quantization, found.shape.lora_r) == ("nf4", 16)
    assert "lora_r" in found.assumed


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"batch_size": 4}, "no model is stated"),
        ({"model": "yolov8n.pt", "batch_size": 16}, "the shape of yolov8n.pt is not known"),
        ({"model": "gpt2"}, "no batch_size is stated"),
        ({"model": "gpt2", "batch_size": 4, "framework": "deepspeed"}, "deepspeed spreads a training over devices"),
        ({"model": "gpt2", "batch_size": 4, "device": "mps"}, "it trains on mps"),
        ({"model": "gpt2", "batch_size": 4, "precision": "fp8"}, "fp8 is not modelled"),
    ],
)
def test_it_abstains_with_a_reason(values: dict[str, Scalar], reason: str) -> None:
    """No shape is made up."""
    found = read_settings(values)
    assert (found.shape, found.reason) == (None, reason)


@pytest.mark.parametrize(
    ("name", "gib"),
    [
        ("Tesla T4", 14.7),
        ("NVIDIA A100-SXM4-80GB", 79.1),
        ("NVIDIA GeForce RTX 3090", 23.6),
        ("NVIDIA GeForce RTX 3070", 7.7),
        ("NVIDIA GeForce RTX 4060 Ti", None),  # sold with 8 and with 16
        ("NVIDIA GeForce RTX 4090 Laptop GPU", None),
    ],
)
def test_a_gpu_is_known_by_its_name_where_that_leaves_no_doubt(name: str, gib: float | None) -> None:
    """Names that exist with several sizes give none."""
    assert memory_of(made("a", gpu_name=name)[0]) == gib


@pytest.mark.parametrize(
    "raw",
    [
        "CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 14.75 GiB total capacity; 13.1 GiB already allocated)",
        "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 14.75 GiB of which 1 GiB",
    ],
)
def test_the_message_that_memory_ran_out_names_the_memory(raw: str) -> None:
    """Both wordings of torch state the capacity."""
    run = replace(made("a")[0], signals=(stated("failure:oom_gpu", True, "a/train.log", 3, raw),))
    assert memory_of(run) == 14.75


def test_micro_batches_keep_the_effective_batch() -> None:
    """Smaller micro batches divide the batch; accumulation makes up for it."""
    found = _micro_batches(TrainingShape("gpt2", 6, 128, gradient_accumulation_steps=2))
    assert [(x.batch_size, x.gradient_accumulation_steps) for x in found] == [(6, 2), (3, 4), (2, 6), (1, 12)]


@pytest.mark.parametrize("limit", [0, 1, 2, 7, 64, 100])
def test_the_largest_is_found_by_bisection(limit: int) -> None:
    """The largest batch for which the answer holds, with about two questions a doubling."""
    asked = []

    def holds(n: int) -> bool:
        asked.append(n)
        return n <= limit

    assert _largest(holds) == limit
    assert len(asked) <= 2 * max(1, limit).bit_length() + 1


def test_the_first_size_that_does_is_found() -> None:
    """Of descending sizes the largest that fits; none when not even the last does."""
    sizes = _micro_batches(TrainingShape("gpt2", 16, 128))
    found = _first(sizes, lambda shape: shape.batch_size <= 5)
    assert found is not None
    assert found.batch_size == 4
    assert _first(sizes, lambda shape: False) is None


def test_a_change_names_the_fields_that_differ() -> None:
    """Settings are fields of a run, written as a run states them."""
    changed = replace(GPT2, batch_size=4, gradient_accumulation_steps=4, lora_r=16, quantization="nf4")
    assert settings_of(changed, GPT2) == (
        ("batch_size", 4),
        ("gradient_accumulation_steps", 4),
        ("lora_r", 16),
        ("quantization", "4bit"),
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.json", json.dumps({"model": "gpt2", "batch_size": 8, "fp16": True})),
        ("c.yaml", "model: gpt2\nbatch_size: 8\nfp16: true\n"),
        ("c.toml", 'model = "gpt2"\nbatch_size = 8\nfp16 = true\n'),
    ],
)
def test_a_named_file_is_read_whatever_it_is_called(tmp_path: Path, name: str, text: str) -> None:
    """Somebody who names a configuration has said that it is one."""
    (tmp_path / name).write_text(text, "utf-8")
    assert settings_in(tmp_path / name) == {"model": "gpt2", "batch_size": 8, "precision": "fp16"}


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("{", ["--gpu-memory", "8"], "cannot be read as json"),
        ('{"model": "gpt2"}', ["--gpu-memory", "8"], "nothing can be predicted: no batch_size is stated"),
        ('{"model": "gpt2", "batch_size": 8}', [], "the memory of the GPU is not stated; give --gpu-memory 8"),
        ('{"model": "gpt2", "batch_size": 8}', ["--failed"], "name a configuration file or a run, or give --failed"),
    ],
)
def test_bad_input_is_one_line_and_2(tmp_path: Path, text: str, arguments: list[str], message: str) -> None:
    """No traceback, and no process is started."""
    pytest.importorskip("transformers")
    path = tmp_path / "c.json"
    path.write_text(text, "utf-8")
    done = CliRunner().invoke(main, ["fit", str(path), *arguments])
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    assert message in done.output
