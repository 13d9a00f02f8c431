"""What of `may_state` can be asked of the bytes of a Python source in one pass: necessary conditions, as patterns.

The patterns are of the kind that an automaton takes: no look-around, no captures. A byte that is no ASCII counts as a
letter: outside texts and comments it is one.
"""

from __future__ import annotations

from collections.abc import Collection

from scanner.formats import _python_vocabulary as words
from scanner.formats._python_defaults import CONFIG_FILE
from scanner.formats._python_hint import CALLS, GRADIENTS, METHODS, SIGNS

_END = r"""["'\])\s\\]*\("""
_BEFORE = r"""[.\\\n"'][ \t]*"""
_IMPORT = r"\bimport\b(?:\s*\([^)]*|[^\n]*(?:\\\n[^\n]*)*)"
_TRAINS = r"(?i:_?(?:run_?|do_?|start_?|launch_?)?(?:train|fine_?tune|pretrain|fit|optimize_parameters))"
_LAUNCHER = r"(?i:trainer|learner|solver|runner|engine|finetuner)"


def _any(names: Collection[str]) -> str:
    return f"(?:{'|'.join(sorted(names))})"


PATTERNS = {
    "word": _any(SIGNS),
    "backward": f"{_BEFORE}backward{_END}",
    "step": "step",
    "reached": f"{_BEFORE}{_any(METHODS)}{_END}",
    "minimize": "minimize",
    "gradients": _any(GRADIENTS),
    "named": rf"{_BEFORE}{_TRAINS}\w*{_END}",
    "imported": rf"{_IMPORT}\b{_TRAINS}",
    "run": f"{_BEFORE}run{_END}",
    "train": rf"(?i:train)\w*{_END}|{_IMPORT}(?i:train)",
    "launch": rf"\.[\s\\]*(?:main|run|Trainer){_END}|{_LAUNCHER}\w*{_END}|{_IMPORT}(?:\bmain\b|\brun\b|{_LAUNCHER})",
    "call": _any(CALLS),
    "lower": rf"\b{_any(words.LOWER_OPTIMIZERS)}\b",
    "schedule": r"get_(?:linear|cosine|constant|polynomial|inverse_sqrt|wsd)\w*schedule",
    "cos": "cos",
    "pi": "pi|PI",
    "rate": r"\bdef\b[\s\\]*\w*(?i:lr|rate|sched)",
    "class": (
        r"(?im)^[ \t]*class[ \t]+\w*"
        r"(?:config|cfg|conf|args|arguments|params|settings|options|hyper\w*|constants|opts?|flags)\d*\b"
    ),
    "assigned": r"(?m)^(?:model|optimizer|optim_wrapper|runner|train_cfg|_base_) = ",
}
"""By the name by which `could_state` is told of them; the last one is a configuration's of OpenMMLab."""

_ENOUGH = (
    {"word"}, {"backward", "step"}, {"reached"}, {"minimize", "gradients"}, {"named"}, {"imported"}, {"run", "train"},
    {"launch"}, {"call"}, {"lower"}, {"schedule"}, {"cos", "pi", "rate"}, {"class"}, {"assigned"},
)  # fmt: skip
"""Patterns that must stand in a source together."""


def could_state(name: str, found: Collection[str]) -> bool:
    """Whether a source of that file name in which these of the patterns occur has to be looked at."""
    stem = name.lower().rpartition(".")[0]
    if stem == "__init__" or CONFIG_FILE.search(stem):
        return True
    return any(together <= set(found) for together in _ENOUGH)
