"""The small words of training loops: what may stand before a measurement, and what it makes of it.

Which words measure is the knowledge's; these only say how a line is put together, in the languages people print in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

Naming = Callable[[str], str]


NOT_PROGRESS = frozenset(
    "num max total n number per every best warmup warm save log start resume resuming from early last target min "
    "since after until patience before toplam iyi at next first".split()
)
"""Words before `epoch` and `step` that make it something else than progress."""
AVERAGES = frozenset(
    "epoch avg average mean running total batch step current ortalama toplam minibatch cur iter iteration".split()
)
"""Words that name no split although they may stand before any measurement."""
FILLERS = frozenset("de del da do la le les der des den di du on of the for set data split na no em sur на auf".split())
"""Small words inside a name: `perte de validation`, `loss on val set`."""
NEUTRAL = (
    frozenset(
        "with and has got final end a at finished after ended ve ile son mit avec con com overall global smoothed this "
        "model network new results result metrics info finished completed done initial starting summary phase log "
        "stats best highest lowest en iyi yüksek düşük mejor melhor beste bester bestes meilleure meilleur then now so "
        "far in during max maximum".split()
    )
    | AVERAGES
    | FILLERS
)
"""Words before a key that change nothing in its meaning."""
SUPERLATIVES = re.compile(
    r"(?i)\b(?:best|max(?:imum)?|highest|lowest|en iyi|en yüksek|en düşük|meilleure?|beste[rs]?|mejor|melhor)\b"
    r"|最佳|最好|最高"
)
_LOSS = re.compile(r"(?i)loss|kay[ıi]|perte|perda|pérdida|verlust|потер|cost|nll|损失|損失|손실")
FRACTIONAL = re.compile(rf"{_LOSS.pattern}|(?i:err|hata)")
"""Measurements that programs print with decimals."""
_TRAINING = re.compile(r"(?i)tr|e[ğg]i|entren|обу|训|訓|学習|훈|학")
VERBS = frozenset("is was are reached equals to".split())
"""Words between a key and its number."""


def is_training_split(word: str) -> bool:
    """Whether a split word means the training data."""
    return _TRAINING.match(word) is not None


def is_loss(key: str) -> bool:
    """Whether a metric's key speaks of a loss."""
    return _LOSS.search(key) is not None


@lru_cache(maxsize=8192)
def is_split(naming: Naming, word: str) -> bool:
    """Whether a word names a split: it measures nothing itself, but does before a loss."""
    word = word.strip(" -.")
    if not word[:1].isalpha():
        return False
    return word.lower() not in AVERAGES and not naming(word) and naming(f"{word} loss") == "metric"
