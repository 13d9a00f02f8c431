"""A short run of every fuzzing target; `make fuzz MINUTES=60` is the long one."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner import pipeline, store
from scanner.formats import _yaml
from scanner.settings import Settings
from tests.fuzz.seeds import mutated, seeds, window
from tests.fuzz.targets import TARGETS, draw
from tests.trees import hf_log, lay_out

SHORT = {"rendering": 2, "assembling": 20}


@pytest.mark.parametrize("name", TARGETS)
def test_broken_files_break_no_promise(name: str) -> None:
    """Mutated fixtures, always the same ones."""
    chance = random.Random(20261125)
    for _ in range(SHORT.get(name, 200)):
        seed, other = draw(chance)
        is_text = seed.candidate.kind not in ("binary", "weights")
        data = mutated(chance, window(chance, seed.data) if is_text else seed.data, other.data)
        TARGETS[name][0](seed, data)


@pytest.mark.parametrize("name", sorted(TARGETS.keys() - {"rendering", "assembling"}))
@given(data=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")),
       number=st.integers(0, 10**6))  # fmt: skip
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_any_bytes_break_no_promise(name: str, data: bytes, number: int) -> None:
    """Bytes and texts that hypothesis finds."""
    TARGETS[name][0](draw(random.Random(number))[0], data)


@pytest.mark.parametrize("digits", [b"0", b"9" * 19, b"9" * 400, b"9" * 5000], ids=["0", "19 digits", "400", "5000"])
def test_counts_that_are_none_break_no_reader(digits: bytes) -> None:
    """Some number of each fixture becomes 0, or one that no table, no float, or not even int() takes."""
    chance = random.Random(4)
    for seed in seeds():
        places = list(re.finditer(rb"\d+", seed.data[:12_000]))
        if seed.candidate.kind not in ("binary", "weights"):
            for place in chance.sample(places, min(3, len(places))):
                data = seed.data[: place.start()] + digits + seed.data[place.end() : 12_000]
                TARGETS["formats"][0](seed, data)


@pytest.mark.parametrize("other", ["\r", "\x85", "\u2028", "\u2029"])
def test_lines_of_yaml_are_an_editor_s(other: str) -> None:
    """What ends a line for YAML alone moves no place."""
    text = f"model: gpt2 #{other}\n# İ {other}\nlr: 0.1\ndata: 'a{other}b'\nseed: 7\n"
    assert [(leaf.path[0], leaf.line) for leaf in _yaml.leaves(text)] == [
        ("model", 1), ("lr", 3), ("data", 4), ("seed", 5),
    ]  # fmt: skip


@pytest.mark.parametrize("total", ["9999999999999999999", "9" * 400, "1e999", "nan", "0", "-1"])
@pytest.mark.parametrize(
    "line",
    [
        "Epoch 2/{} loss 0.7\n",
        "epoch 1 step 3/{} loss: 0.5\n",
        "Step {} loss: 0.25 epoch: 1\n",
        "  Total optimization steps = {}\n  Gradient Accumulation steps = {}\n",
    ],
)
def test_a_plan_that_is_no_plan_breaks_no_scan(tmp_path: Path, line: str, total: str) -> None:
    """One printed number costs neither the memory of the machine nor the other files' tables."""
    log = hf_log(losses=[2.0, 1.5], epochs=2) + line.replace("{}", total) * 3
    lay_out(tmp_path / "tree", {"a.log": log, "b.log": line.replace("{}", total) * 3})
    pipeline.scan(Settings((tmp_path / "tree",), tmp_path / "out"), lambda _: None)
    snapshot = store.load(tmp_path / "out")
    assert [file.path for file in snapshot.files] == ["a.log", "b.log"]
    for run in snapshot.runs:
        for name in ("epochs", "max_steps", "steps_done", "epochs_done"):
            assert name not in run.values or 0 <= float(run.values[name].value) < 1e13


@pytest.mark.parametrize("scalar", [b"x", b"7", b"- x", b"{}", b"null"])
def test_a_scalar_beside_a_document_breaks_no_reader(scalar: bytes) -> None:
    """A YAML file may hold several documents, and any of them may be no mapping."""
    for seed in seeds():
        if seed.candidate.kind == "yaml":
            TARGETS["formats"][0](seed, scalar + b"\n---\n" + seed.data)
            TARGETS["formats"][0](seed, seed.data + b"\n---\n" + scalar + b"\n")
