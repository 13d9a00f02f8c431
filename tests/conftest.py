"""Shared by all tests: `--regen` rewrites expected tables and goldens instead of comparing (review with git diff)."""

from __future__ import annotations

import pytest

collect_ignore = ["fixtures"]  # scripts there are read, never run


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switch."""
    parser.addoption("--regen", action="store_true", help="rewrite expected files from what the code says now")


@pytest.fixture
def regen(request: pytest.FixtureRequest) -> bool:
    """Whether expected files are to be rewritten."""
    return bool(request.config.getoption("--regen"))
