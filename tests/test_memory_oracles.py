"""The trace against independent counters of real steps, and the emulation of CUDA against arithmetic."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reference_runs.memory import Predictor, TrainingShape, predict_all
from reference_runs.memory.models import named_models
from scanner.errors import ReplayError

pytest.importorskip("transformers")
pytest.importorskip("peft")

GIB = 2**30
CONFIGS = {
    "gpt2": {"n_embd": 128, "n_layer": 2, "n_head": 4, "n_positions": 256},
    "gpt_neo": {
        "hidden_size": 128,
        "num_layers": 2,
        "num_heads": 4,
        "attention_types": [[["global", "local"], 1]],
        "max_position_embeddings": 256,
        "window_size": 32,
    },
    "llama": {
        "hidden_size": 128,
        "intermediate_size": 344,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
    },
    "phi": {"hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 2, "num_attention_heads": 4},
    "bert": {"hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 2, "num_attention_heads": 4},
    "t5": {"d_model": 128, "d_kv": 32, "d_ff": 512, "num_layers": 2, "num_heads": 4},
}
CASES = [
    ("gpt2", {}),
    ("gpt2", {"gradient_checkpointing": True}),
    ("gpt2", {"lora_r": 8}),
    ("gpt_neo", {"gradient_accumulation_steps": 2}),
    ("llama", {}),
    ("llama", {"precision": "bf16"}),
    ("phi", {"lora_r": 8, "gradient_checkpointing": True}),
    ("bert", {"optimizer": "sgd_momentum"}),
    ("t5", {}),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config.json of a small model of each family."""
    found = tmp_path_factory.mktemp("models")
    for name, arguments in CONFIGS.items():
        text = json.dumps({"model_type": name, "vocab_size": 2000, **arguments})
        (found / f"{name}.json").write_text(text, "utf-8")
    return found


@pytest.fixture(scope="module")
def counted(folder: Path) -> list[dict[str, int]]:
    """What each counter says of each case; one process for all."""
    shapes = [{"model": f"{folder / m}.json", "batch_size": 4, "sequence_length": 128, **more} for m, more in CASES]
    program = [sys.executable, str(Path(__file__).with_name("memory_oracles.py"))]
    text = "\n".join(map(json.dumps, shapes))
    done = subprocess.run(program, input=text, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def predictor() -> Iterator[Predictor]:
    """One child process for all."""
    with Predictor() as found:
        yield found


@pytest.mark.parametrize("case", range(len(CASES)), ids=[f"{m}-{'-'.join(more) or 'plain'}" for m, more in CASES])
def test_the_trace_agrees_with_independent_counters(counted: list[dict[str, int]], case: int) -> None:
    """Within 1% of the allocator's own events in a real step, and of MemTracker where that can count."""
    found = dict(counted[case])
    trace = found.pop("trace")
    assert {name: trace == pytest.approx(peak, rel=0.01) for name, peak in found.items()} == dict.fromkeys(found, True)


def test_named_models_have_their_published_size() -> None:
    """Each weight once, with the head that predicts tokens."""
    program = [sys.executable, str(Path(__file__).with_name("memory_oracles.py")), "--count"]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    published = {model.name: model.parameters for model in named_models() if model.parameters}
    assert {name: found[name] for name in published} == published


def test_foreach_adamw_holds_five_copies_of_the_weights(folder: Path, predictor: Predictor) -> None:
    """Weights, gradients, two states and the passing copy of the foreach step, where nothing else is large."""
    found = predictor.predict(TrainingShape(str(folder / "llama.json"), 1, 8))
    copies = found.requested_gib / found.parts["weights"]
    assert found.phase == "optimizer"
    assert copies == pytest.approx(5, rel=0.02)


def test_nf4_holds_4_127_bits_a_weight(folder: Path, predictor: Predictor) -> None:
    """4 bits, an 8-bit scale of 64 weights and an fp32 scale of 256 scales; int8 holds 8 and an fp32 scale a row."""
    plain = TrainingShape(str(folder / "llama.json"), 1, 8, lora_r=4)
    shapes = [plain, replace(plain, quantization="nf4"), replace(plain, quantization="int8")]
    full, nf4, int8 = (predictor.predict(shape).parts["weights"] * GIB for shape in shapes)
    layers = [(128, 128), (128, 64), (128, 64), (128, 128), (128, 344), (128, 344), (344, 128)]
    n = 2 * sum(a * b for a, b in layers)
    rows = 2 * sum(b for _, b in layers)
    # Small buffers are rounded up to 512 bytes each.
    assert full - nf4 == pytest.approx(n * (32 - (4 + 8 / 64 + 32 / (64 * 256))) / 8, rel=0.02)
    assert full - int8 == pytest.approx(n * 3 - rows * 4, rel=0.02)


def test_8_bit_adam_holds_two_bytes_a_weight(folder: Path, predictor: Predictor) -> None:
    """Two states of a byte with an fp32 scale of 256; small tensors keep fp32."""
    plain = TrainingShape(str(folder / "gpt2.json"), 4, 128)
    full, eight = (
        predictor.predict(x).parts["optimizer"] * GIB
        for x in (replace(plain, optimizer="adamw_fused"), replace(plain, optimizer="adamw_8bit"))
    )
    assert eight / full == pytest.approx((2 + 8 / 256) / 8, rel=0.1)


def test_accumulation_adds_one_copy_of_the_gradients(folder: Path, predictor: Predictor) -> None:
    """More micro batches than two change nothing: gradients are added to in place."""
    plain = TrainingShape(str(folder / "gpt2.json"), 4, 128)
    one, two, eight = (
        predictor.predict(replace(plain, gradient_accumulation_steps=n)).requested_gib for n in (1, 2, 8)
    )
    weights = predictor.predict(plain).parts["weights"]
    assert two == eight
    assert one < two <= one + 1.02 * weights


def test_predictions_do_not_depend_on_what_was_predicted_before(folder: Path, predictor: Predictor) -> None:
    """A failure in between leaves nothing behind."""
    shape = TrainingShape(str(folder / "gpt2.json"), 2, 64, precision="bf16", lora_r=4)
    first = predictor.predict(shape)
    with pytest.raises(ReplayError, match="lora_targets q_proj: no such linear layer; this model has lm_head, c_attn"):
        predictor.predict(replace(shape, lora_targets=("q_proj",)))
    (again,) = predict_all([shape])
    assert (again.allocated_gib, again.reserved_gib, again.parts) == (
        first.allocated_gib,
        first.reserved_gib,
        first.parts,
    )
    assert math.isclose(sum(first.parts.values()), first.allocated_gib)


def test_a_process_that_dies_is_an_error_and_not_the_end(folder: Path) -> None:
    """The next question starts another process."""
    shape = TrainingShape(str(folder / "gpt2.json"), 1, 8)
    with Predictor() as own:
        first = own.predict(shape)
        assert own._process is not None
        own._process.kill()
        with pytest.raises(ReplayError, match="the predicting process died"):
            own.predict(replace(shape, batch_size=2))
        assert own.predict(replace(shape, batch_size=3)).n_parameters == first.n_parameters
