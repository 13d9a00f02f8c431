"""A setting that a Python source states, and the building of settings from the arguments of its calls.

Each is a key as the call writes it (its class before it where the class tells what is meant: `lora.r`), the
value, and the line of the value. What a call leaves to its library's defaults is not stated.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from scanner.formats._python_known import Known, Record
from scanner.formats._python_makers import Makers
from scanner.formats._python_scopes import Call, Place, Program, dotted
from scanner.formats._python_training import Training
from scanner.formats._python_values import Values


class Setting(NamedTuple):
    """A setting with what is needed to weigh it against others of the same source."""

    key: str
    value: str | float | int | bool
    line: int
    place: Place
    slot: str
    """What it is about ("optimizer", "rate", "batch", ...), for telling contradictions; "" where none is looked for."""


UNWANTED = frozenset(
    "model tokenizer args train_dataset eval_dataset dataset optimizers data_collator callbacks".split()
)
"""Keywords that hand objects on."""


class Context:
    """One source, and how its calls' arguments become settings."""

    def __init__(self, program: Program, values: Values, training: Training, is_notebook: bool = False) -> None:
        self.program = program
        self.values = values
        self.training = training
        self.is_notebook = is_notebook
        """Whether it is run cell by cell, so that what stands further down may not have happened."""
        self.makers = Makers(program)
        self.unnamed = {id(call.node) for call, framework in training.calls if framework is None}
        """Calls of functions that other modules define."""
        self.trained_models = {
            dotted(call.node.func).rpartition(".")[0] for call, _ in training.calls if call.tail in ("fit", "train")
        }
        self.given_to_trainers = {
            dotted(given)
            for call in program.calls
            if call.tail.endswith("Trainer") and set(call.targets) & self.trained_models
            for given in (*call.node.args[:1], *(k.value for k in call.node.keywords if k.arg == "model"))
        } - {""}
        """Names of what a trainer that trains was given as its model."""

    def some(self, call: Call, names: Sequence[str]) -> Iterator[Setting]:
        for keyword in call.node.keywords:
            if keyword.arg is not None and keyword.arg in names:
                yield from self.given(call, keyword.arg, keyword.arg, keyword.value)
            elif keyword.arg is None:
                yield from self.expanded(call, keyword.value, "", names)

    def keywords(self, call: Call, prefix: str) -> Iterator[Setting]:
        later = self._replaced(call)
        for keyword in call.node.keywords:
            if keyword.arg is None:
                yield from self.expanded(call, keyword.value, prefix)
            elif keyword.arg in later:
                continue
            elif keyword.arg not in UNWANTED or (keyword.arg == "model" and isinstance(keyword.value, ast.Constant)):
                yield from self.given(call, prefix + keyword.arg, "", keyword.value)

    def _replaced(self, call: Call) -> set[str]:
        """Keywords that a later call of the same class gives from where it cannot be followed."""
        if self.is_notebook:
            return set()
        return {
            keyword.arg
            for later in self.program.calls_of(call.tail)[:100]
            if later.place.order > call.place.order
            for keyword in later.node.keywords
            if keyword.arg is not None and self.values.thing(keyword.value) is None
        }

    def expanded(self, call: Call, node: ast.expr, prefix: str, names: Sequence[str] = ()) -> Iterator[Setting]:
        """`**training_args`."""
        record = self.values.record(node)
        for key, value in (record.fields if isinstance(record, Record) else {}).items():
            if not names or key in names:
                yield from self.given(call, prefix + key, "", value)

    def given(self, call: Call, key: str, slot: str, node: ast.expr | None) -> Iterator[Setting]:
        yield from self.value(key, slot, self.values.known(node), call.place)

    def value(self, key: str, slot: str, known: Known | None, place: Place) -> Iterator[Setting]:
        if known is not None and known.value is not None and known.line:
            yield Setting(key, known.value, known.line, place, slot)

    def is_number(self, node: ast.expr) -> bool:
        found = self.values.known(node)
        return found is not None and isinstance(found.value, (int, float))

    def is_trained(self, call: Call) -> bool:
        return not call.targets or bool(set(call.targets) & self.trained_models)


def enclosing_name(call: Call) -> str:
    """Name of the function that a call stands in, "" at the top."""
    function = call.place.scope.function
    return function.name if function is not None else ""
