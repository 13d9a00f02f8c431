"""Whether a Python source can state anything at all, told from its words: most of a tree's sources are never parsed.

Each condition is a necessary one of what `python_script` states: a call that updates weights, an optimizer or loader
that a function builds, a schedule, a configuration, or a launch of a local module that trains. A source that meets none
of them yields nothing when it is parsed.
"""

from __future__ import annotations

import re

from scanner.formats import _python_vocabulary as words
from scanner.formats._base import Document
from scanner.formats._python_defaults import CONFIG_CLASS, CONFIG_FILE
from scanner.formats._python_schedules import RATE

_WORD = re.compile(r"[^\W\d]\w*")
_CALLED = re.compile(r"\b([^\W\d]\w*)[\"'\])\s\\]*\(")
"""What a call's last name may be: also `(f)(x)`, `table["f"](x)`."""
_IMPORTED = re.compile(r"\bimport\b\s*(\([^)]*\)|[^\n]*(?:\\\n[^\n]*)*)")
_CALLS = frozenset({
    "manual_backward", "apply_gradients", "apply_updates", "minimize", "fit_loop", "fit_generator",
    "train_on_batch", "fit_one_cycle", "fine_tune", "fit_flat_cos", "fit_sgdr", "train", "fit", "train_model",
    "DataLoader", *words.OPTIMIZERS, *words.LOWER_OPTIMIZERS, *words.SCHEDULERS,
})  # fmt: skip
"""Last names of calls that may update weights or build what only a training needs."""
_NAMED = re.compile(r"(?i)train|fit|fine|optimize_parameters|schedule")
"""What every name has that is one of a training's functions, or of a schedule's."""
_LAUNCHER = re.compile(r"(?i)trainer|learner|solver|runner|engine|finetuner")
_LAUNCHED = frozenset({"main", "run", "Trainer"})
_LAUNCH = re.compile(r"\b(?:main|run|Trainer|\w*(?i:trainer|learner|solver|runner|engine|finetuner)\w*)[\"'\])\s\\]*\(")
_HEAD = re.compile(r"([^\W\d]\w*)(?:\s*\.\s*\w+|\[[^\]\n]*\])*\s*\.\s*$")
MAX_HEAD = 200
"""Characters before a call's last name in which its first one stands."""
_CLASS = re.compile(r"(?m)^[ \t]*class[ \t]+(\w+)")
_FUNCTION = re.compile(r"(?m)^[ \t]*(?:async[ \t]+)?def[ \t]+\w+[ \t]*[(\[]")
_LONG_TEXT = re.compile(r"(\"\"\"|''')(?:.|\n)*?\1")


def may_state(document: Document) -> bool:
    """Whether parsing the source may yield anything."""
    stem = document.name.rpartition(".")[0]
    if document.is_embedded or stem == "__init__" or CONFIG_FILE.search(stem):
        return True
    text = document.text()
    called = set(_CALLED.findall(text))
    if "backward" in called or "decay_lr" in text or "stable_baselines3" in text or "sb3_contrib" in text:
        return True
    imported = set(_WORD.findall(" ".join(_IMPORTED.findall(text))))
    named = called | imported
    if not named.isdisjoint(_CALLS):
        return True
    joined = "\n".join(named)
    if _NAMED.search(joined) and any(words.is_training_name(name) or _is_schedule(name) for name in named):
        return True
    if (not named.isdisjoint(_LAUNCHED) or _LAUNCHER.search(joined)) and _launches(text, imported):
        return True
    if "cos" in named and ("pi" in text or "PI" in text) and any(map(RATE.search, _WORD.findall(text))):
        return True
    if "class" in text and any(map(CONFIG_CLASS.search, _CLASS.findall(text))):
        return _FUNCTION.search(_LONG_TEXT.sub("", text)) is None
    return False


def _is_schedule(name: str) -> bool:
    return name.startswith("get_") and words.HF_SCHEDULE.match(name) is not None


def _launches(text: str, imported: set[str]) -> bool:
    """Whether something imported may be called by a name that a training's module or class has."""
    for found in _LAUNCH.finditer(text):
        before = text[max(0, found.start() - MAX_HEAD) : found.start()]
        head = _HEAD.search(before)
        if head is not None:
            if head[1] in imported:
                return True
        elif before.rstrip()[-1:] != "." or before.rstrip()[:-1].rstrip()[-1:] not in (")", "'", '"'):
            # Without a head the name itself is imported; behind a call or a text stands nothing imported.
            name = _WORD.match(found.group())
            if name is None or name.group() in imported or before.rstrip()[-1:] == ".":
                return True
    return False
