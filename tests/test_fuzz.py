"""A short run of every fuzzing target; `make fuzz MINUTES=60` is the long one."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.seeds import mutated, window
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
