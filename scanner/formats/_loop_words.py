"""What a word of a training loop's line is: a split, the training split, a loss.

The words themselves are the knowledge's and come with the document (`Document.naming`).
"""

from __future__ import annotations

from functools import lru_cache

from scanner.formats._base import Vocabulary


def is_training_split(naming: Vocabulary, word: str) -> bool:
    """Whether a split word means the training data."""
    return naming.training.match(word) is not None


def is_loss(naming: Vocabulary, key: str) -> bool:
    """Whether a metric's key speaks of a loss."""
    return naming.loss.search(key) is not None


@lru_cache(maxsize=8192)
def is_split(naming: Vocabulary, word: str) -> bool:
    """Whether a word names a split: it measures nothing itself, but does before a loss."""
    word = word.strip(" -.")
    if not word[:1].isalpha():
        return False
    return word.lower() not in naming.averages and not naming(word) and naming(f"{word} loss") == "metric"
