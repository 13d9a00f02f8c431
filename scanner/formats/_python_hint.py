"""Whether a Python source can state anything at all, told from its words: most of a tree's sources are never parsed.

Each condition is a necessary one of what `python_script` states: a call that updates weights, an optimizer or loader
that a function builds, a schedule, a configuration, or a launch of a local module that trains. A source that meets none
of them yields nothing when it is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from scanner.formats import _python_vocabulary as words
from scanner.formats._base import Document
from scanner.formats._python_defaults import CONFIG_CLASS, CONFIG_FILE
from scanner.formats._python_makers import is_local
from scanner.formats._python_schedules import RATE

CALLS = frozenset({
    "manual_backward", "apply_gradients", "apply_updates", "DataLoader", *words.OPTIMIZERS, *words.SCHEDULERS,
})  # fmt: skip
"""Last names of calls that may update weights or build what only a training needs."""
METHODS = frozenset({
    "fit_loop", "fit_generator", "train_on_batch", "fit_one_cycle", "fine_tune", "fit_flat_cos", "fit_sgdr", "fit",
    "train_model",
})  # fmt: skip
"""The same of those that only an object's method is."""
GRADIENTS = ("jax", "flax", "optax", "tensorflow")
"""Packages of which an optimizer's `minimize` may be."""
SIGNS = ("decay_lr", "stable_baselines3", "sb3_contrib")
_TRAINERS = re.compile(
    r"(?i)trainer|learner|solver|runner|engine|finetuner|yolo|rtdetr|detectron2|mmengine|mmcv|xgb|lgb|lightgbm|epochs"
)
"""One of these stands where an object's `train` is more than a switch of its mode."""
_NAMED = ("train", "fit", "fine", "optimize_parameters")
"""One of these is in every name of a training's functions, in lower case."""
_LAUNCHER = ("trainer", "learner", "solver", "runner", "engine", "finetuner")
_LAUNCHED = frozenset({"main", "run", "Trainer"})
_NO_LETTERS = bytes(b if chr(b).isalnum() or b == 95 or b > 127 else 32 for b in range(256))
"""Everything but letters, digits and `_` as a blank; what is no ASCII counts as a letter."""
_WORD = re.compile(r"[^\W\d]\w*")
_OPENS = re.compile(r"[\"'\])\s\\]*\(")
"""What follows a call's last name: also `(f)(x)`, `table["f"](x)`."""
_HEAD = re.compile(r"([^\W\d]\w*)(?:\s*\.\s*\w+|\[[^\]\n]*\])*\s*\.\s*$")
MAX_HEAD = 200
"""Characters before a call's last name in which its first one stands."""
_IMPORTED = re.compile(r"import\b\s*(\([^)]*\)|[^\n]*(?:\\\n[^\n]*)*)")
_FROM = re.compile(r"\bfrom\b[\s\\]*([.\w]+)[\s\\]*$")
_ALONE = re.compile(r"(?:^|[\n;:])[ \t]*$")
_DEFINED = re.compile(r"def\b[\s\\]*(\w+)")
_CLASS = re.compile(r"(?m)^[ \t]*class[ \t]+(\w+)")
_FUNCTION = re.compile(r"(?m)^[ \t]*(?:async[ \t]+)?def[ \t]+\w+[ \t]*[(\[]")
_LONG_TEXT = re.compile(r"(\"\"\"|''')(?:.|\n)*?\1")


def may_state(document: Document) -> bool:
    """Whether parsing the source may yield anything."""
    stem = document.name.rpartition(".")[0]
    if document.is_embedded or stem == "__init__" or CONFIG_FILE.search(stem):
        return True
    source = _Source(document.text())
    return (
        any(sign in source.text for sign in SIGNS)
        or _trains(source)
        or _launches(source)
        or _builds(source)
        or ("class" in source.words and _configures(source.text))
    )


class _Source:
    """A source as text and as words."""

    def __init__(self, text: str) -> None:
        self.text = text
        blind = text.encode("utf-8", "surrogatepass").translate(_NO_LETTERS)
        self.listed = b"\n".join(set(blind.split())).decode("utf-8", "surrogatepass")
        """Every word once, one a line."""
        self.words = set(self.listed.split("\n"))

    def words_with(self, *parts: str) -> list[str]:
        """Its words that hold any of the parts, in whatever case."""
        lowered = self.listed.lower()
        parts = tuple(part for part in parts if part in lowered)
        return [w for w in self.words if any(part in w.lower() for part in parts)] if parts else []

    def calls(self, name: str) -> Iterator[int]:
        """Where the name may be a call's last one."""
        at = self.text.find(name)
        while at >= 0:
            end = at + len(name)
            if not self._goes_on(at - 1) and not self._goes_on(end) and _OPENS.match(self.text, end):
                if not self.text.endswith(("def ", "class "), 0, at):
                    yield at
            at = self.text.find(name, end)

    def _goes_on(self, at: int) -> bool:
        return 0 <= at < len(self.text) and (self.text[at].isalnum() or self.text[at] == "_")

    def reaches(self, name: str) -> bool:
        """Whether a call of it may be another than a plain name's: `a.f(x)`, `table["f"](x)`, `f(x)` behind `a.`"""
        before = (self.text[max(0, at - MAX_HEAD) : at].rstrip(" \t")[-1:] for at in self.calls(name))
        return any(sign in ("", ".", "\\", "\n", '"', "'") for sign in before)

    @cached_property
    def imported(self) -> tuple[set[str], set[str]]:
        """(every word of what is imported, those of it that may be names for something of a local module)."""
        imported: list[str] = []
        ours: list[str] = []
        for statement in _IMPORTED.finditer(self.text):
            if self._goes_on(statement.start() - 1):
                continue
            found = _WORD.findall(statement[1])
            imported += found
            before = self.text[max(0, statement.start() - MAX_HEAD) : statement.start()]
            module = _FROM.search(before)
            # `import a.b` gives no name to what it imports.
            if is_local(module[1]) if module is not None else "as" in found or _ALONE.search(before) is None:
                ours += found
        return set(imported), set(ours)

    def knows(self, name: str) -> bool:
        """Whether the name is called or imported."""
        return name in self.imported[0] or any(True for _ in self.calls(name))

    def launches(self, name: str) -> bool:
        """Whether something of a local module may be called by the name: itself, or a member of what is imported."""
        ours = self.imported[1]
        for at in self.calls(name) if ours else ():
            before = self.text[max(0, at - MAX_HEAD) : at]
            head = _HEAD.search(before)
            if head is not None:
                if head[1] in ours:
                    return True
                continue
            before = before.rstrip()
            # Without a head the name itself is imported; behind a call or a text stands nothing imported.
            if name in ours or (before[-1:] == "." and before[:-1].rstrip()[-1:] not in (")", "'", '"')):
                return True
        return False


def _trains(source: _Source) -> bool:
    """Whether a call may update weights."""
    known = source.words
    if {"backward", "step"} <= known and source.reaches("backward"):
        return True
    if any(source.reaches(name) for name in METHODS & known):
        return True
    if "minimize" in known and any(name in source.text for name in GRADIENTS) and source.knows("minimize"):
        return True
    named = [name for name in source.words_with(*_NAMED) if words.is_training_name(name)]
    for name in named:
        if name in source.imported[1]:
            return True
        if source.reaches(name) and (name != "train" or _TRAINERS.search(source.text) or source.launches(name)):
            return True
    if "run" in known and source.reaches("run"):
        return any("train" in name.lower() and source.knows(name) for name in named)
    return False


def _launches(source: _Source) -> bool:
    """Whether a local module that may train is called."""
    return any(map(source.launches, {*(_LAUNCHED & source.words), *source.words_with(*_LAUNCHER)}))


def _builds(source: _Source) -> bool:
    """Whether a call may build an optimizer, a schedule or a loader, or a function compute a rate."""
    known = source.words
    if any(map(source.knows, CALLS & known)):
        return True
    if any(source.reaches(name) or name in source.imported[0] for name in words.LOWER_OPTIMIZERS & known):
        return True
    if any(name.startswith("get_") and words.HF_SCHEDULE.match(name) and source.knows(name) for name in known):
        return True
    if "cos" not in known or not ("pi" in known or "PI" in known):
        return False
    return any(map(RATE.search, _DEFINED.findall(source.text))) and source.knows("cos")


def _configures(text: str) -> bool:
    """Whether it may be nothing but classes of constants."""
    if not any(map(CONFIG_CLASS.search, _CLASS.findall(text))):
        return False
    return _FUNCTION.search(_LONG_TEXT.sub("", text)) is None
