"""The dictionaries that the Trainer logs, as text: `{'loss': 2.3, 'learning_rate': 4.9e-05, 'epoch': 0.1}`.

Values are numbers, since version 5 texts of them, or numpy's and torch's scalars. The keys tell a training's log from
an evaluation's, the closing summary, and what only TRL's trainers measure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from scanner.formats._base import LOOSE_NUMBER

_DICT = re.compile(r"\{'[^'{}]{1,80}': [^{}]*\}")
_OLD_DICT = re.compile(r'\{"[^"{}]{1,80}": [^{}]*\}')
_PAIR = re.compile(
    r"(?P<mark>['\"])(?P<key>[^'\"{}]{1,80})(?P=mark): (?:np\.float\d+\(|tensor\()?"
    rf"['\"]?(?P<value>{LOOSE_NUMBER})['\"]?"
    r"(?:, (?:device|dtype)=[^()]{1,40})?\)?(?=[,}])"
)
_OLD_KEYS = frozenset({"loss", "learning_rate", "epoch", "step"})
_PROGRESS = re.compile(r"'global_step/max_steps': '(?P<step>\d+)/(?P<total>\d+)'")
_TRL = re.compile(
    r"^(?:eval_)?(?:rewards?/|rewards?_std$|logps/|logits/|completions?/|completion_length|objective/"
    r"|num_tokens$|mean_token_accuracy$|kl$|frac_reward_zero_std$|clip_ratio)"
)
_WITHOUT_SPLIT = frozenset({"loss", "learning_rate", "grad_norm", "step", "global_step", "reward"})


def find_metrics(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """(the dictionary's text, its numbers) of every logged dictionary in a text."""
    if "{'" in text:
        for found in _DICT.finditer(text):
            yield found.group(), _pairs(found.group())
    elif '{"' in text and '"epoch"' in text and '"step"' in text:
        for found in _OLD_DICT.finditer(text):
            pairs = _pairs(found.group())
            # Version 2 printed JSON. Other programs do, too: only its very keys are read.
            if set(pairs) == _OLD_KEYS or (set(pairs) & _OLD_KEYS == {"epoch", "step"} and "eval_loss" in pairs):
                yield found.group(), pairs


def find_places(text: str) -> Iterator[tuple[dict[str, str], dict[str, tuple[int, int]]]]:
    """Of every logged dictionary of the present form its numbers, and where in the text each of them stands."""
    for found in _DICT.finditer(text):
        places = {m["key"]: m.span("value") for m in _PAIR.finditer(found.group())}
        begin = found.start()
        yield _pairs(found.group()), {key: (begin + a, begin + b) for key, (a, b) in places.items()}


def _pairs(text: str) -> dict[str, str]:
    pairs = {m["key"]: m["value"] for m in _PAIR.finditer(text)}
    progress = _PROGRESS.search(text)
    if progress:
        pairs["step"] = progress["step"]
    return pairs


def is_closing(pairs: Collection[str]) -> bool:
    """The summary after the last step; its `train_loss` is the mean over the run."""
    return "train_runtime" in pairs


def is_evaluation(pairs: Collection[str]) -> bool:
    """The result of an evaluation during training."""
    return any(key.startswith(("eval_", "eval/")) for key in pairs)


def is_training(pairs: Collection[str]) -> bool:
    """A training's log line: a loss with an epoch, or with the rate."""
    return "loss" in pairs and ("epoch" in pairs or "learning_rate" in pairs)


def is_by_trainer(pairs: dict[str, str]) -> bool:
    """Whether the keys together are those that transformers' Trainer logs."""
    keys = list(pairs)
    if "epoch" not in pairs:
        return False
    if is_closing(pairs) or "eval_runtime" in pairs:
        return True
    return keys[0] == "loss" and "learning_rate" in pairs


def is_by_trl(keys: Iterable[str]) -> bool:
    """Whether something is measured that only TRL's trainers measure."""
    return sum(_TRL.match(key) is not None for key in keys) >= 2


def names_of(keys: Collection[str]) -> dict[str, str]:
    """The keys, with their split where a training's log line leaves it out (`mean_token_accuracy`)."""
    of_training = is_training(keys) and not is_evaluation(keys)
    return {key: f"train/{key}" if of_training and key not in _WITHOUT_SPLIT else key for key in keys}
