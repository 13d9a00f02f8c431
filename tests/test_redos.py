"""No line of a log holds up its reader: what other people's lines are matched against has no exponential cost."""

from __future__ import annotations

import sys

import pytest

from tests.redos import LIMIT_S, attacks, patterns, seconds

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a search is stopped by a signal of POSIX")
PATTERNS = list(patterns())


def test_there_is_something_to_try() -> None:
    """All formats' patterns and all line rules."""
    assert len(PATTERNS) > 400


@pytest.mark.parametrize("part", range(8))
def test_no_pattern_tries_everything(part: int) -> None:
    """Of 200 characters made to choke each pattern none takes the two seconds after which a search is stopped."""
    slow = [
        (name, attack.text[:40])
        for name, pattern in PATTERNS[part::8]
        for attack in attacks(name, pattern, 200)
        if seconds(attack) >= LIMIT_S
    ]
    assert slow == []
