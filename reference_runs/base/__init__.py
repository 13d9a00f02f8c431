"""The two small base models that come with the package; `MADE.md` says how they were made."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Base = Literal["quick", "full"]


def folder(base: Base) -> Path:
    """Where the weights, the configuration and the tokenizer of a base lie."""
    return Path(__file__).parent / base


TOKENIZER = Path(__file__).parent / "tokenizer.json"
"""Byte-level BPE with 4,096 entries, trained on the prose; both bases use it. Entry 0 stands between documents."""
END_OF_DOCUMENT = 0
