"""Trackers' words for how a run ended."""

from __future__ import annotations

from scanner.knowledge._read import normalize_key, read_toml


def status_of(word: str) -> str | None:
    """The state (finished, failed, killed, running) behind a tracker's word such as `mlflow:4`; None: unknown word."""
    tracker, _, state = word.partition(":")
    found = read_toml("statuses").get(tracker, {}).get(normalize_key(state))
    return str(found) if found is not None else None
