"""A short run of every fuzzing target; `make fuzz MINUTES=60` is the long one."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.formats import _yaml
from tests.fuzz.seeds import mutated, seeds, window
from tests.fuzz.targets import TARGETS, draw

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


@pytest.mark.parametrize("digits", [b"9" * 400, b"9" * 5000], ids=["400 digits", "5000 digits"])
def test_counts_past_all_numbers_break_no_reader(digits: bytes) -> None:
    """Some number of each fixture becomes one that no float, or not even int(), takes."""
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
