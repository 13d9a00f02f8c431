"""Named networks that an expression of a Python source is, or is built around.

    VGG16(weights="imagenet", include_top=False)      one of Keras' applications; torchvision and timm likewise
    Model(base.input, Dense(1)(base.output))          what its layers stand on
    build(base)                                       what the function gives back for this call
    SmallNet().to(device)                             a class of this source, of a local module

Assignments, parameters, returned values, wrappers and layers are followed.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from typing import NamedTuple

from scanner.formats import _python_vocabulary as words
from scanner.formats._python_parameters import argument_node, has_parameter
from scanner.formats._python_scopes import LOOP, Binding, Call, Function, Place, Scope, dotted
from scanner.formats._python_settings import Context

MAX_STEPS = 4_000
"""Expressions that are looked at for all trainings of one source."""
MAX_DEPTH = 30

_SAME_OBJECT = frozenset({"to", "cuda", "cpu", "float", "half", "double", "bfloat16", "train", "eval", "requires_grad_",
    "compile", "prepare", "get_peft_model", "DataParallel", "DistributedDataParallel", "DDP", "deepcopy",
    "prepare_model_for_kbit_training", "module", "clone_model"})  # fmt: skip
"""Calls that give back the model that they are called on or given."""
_GIVEN = frozenset({"prepare", "DataParallel", "DistributedDataParallel", "get_peft_model", "deepcopy", "clone_model"})
"""Those among them that are given it, though they are written as a method of something else."""
_ASSEMBLED = frozenset({"Sequential", "Model", "Functional"})
"""Keras' models that are put together from layers."""
_BUILT_IN = re.compile(r"^(?:torch\.nn|nn|keras\.layers|tensorflow\.keras\.layers|tf\.keras\.layers|layers)\.")
_ZOO = re.compile(
    r"(?:^|\.)(?:applications|torchvision\.models)\.(?:\w+\.)*(?P<name>[A-Za-z]\w+)$|^models\.(?P<short>[a-z]\w*\d\w*)$"
)
_NO_ZOO = re.compile(r"(?i)preprocess|decode_|_weights$|weights$")
_NETWORK = re.compile(r"(?:^|\.)(?:Module|Model|LightningModule|PreTrainedModel|\w*ForSequenceClassification)$")
_NAMELESS = re.compile(r"^(?:My|Our|Custom|The|Lit|Base)*(?:Net|NN|Network|NeuralNetwork|Model|Module|Classifier)$")
"""Classes whose name says no more than that they are networks: what they are built around names them."""


class Frame(NamedTuple):
    """A function that is being run, and by which call."""

    function: Function
    call: Call
    outer: Frame | None


class Found(NamedTuple):
    """A named network and the line that names it."""

    name: str
    line: int


class Networks:
    """Answers which named networks an expression of one source is built around."""

    def __init__(self, at: Context) -> None:
        self.at = at
        self.program = at.program
        self._left = MAX_STEPS
        self._returns: dict[int, list[tuple[ast.expr, Place]]] = defaultdict(list)
        """id of a function -> what it returns."""
        for statement, place in at.program.statements:
            if isinstance(statement, ast.Return) and statement.value is not None:
                self._returns[id(place.scope.node)].append((statement.value, place))

    def of(self, node: ast.expr, frame: Frame | None) -> set[Found]:
        """The named networks that an expression is or is built around; more than one or none: it has no name."""
        place = self._place(node)
        found = self._networks(node, place, frame, 0, set()) if place is not None else None
        return found if found is not None and len({f.name for f in found}) == 1 else set()

    def _place(self, node: ast.expr) -> Place | None:
        while True:
            place = self.program.places.get(id(node))
            if place is not None:
                return place
            inner = next((c for c in ast.iter_child_nodes(node) if isinstance(c, ast.expr)), None)
            if inner is None:
                return None
            node = inner

    def _networks(
        self, node: ast.expr, place: Place, frame: Frame | None, depth: int, seen: set[int]
    ) -> set[Found] | None:
        """None: something could not be followed."""
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            return None
        if isinstance(node, ast.Call):
            return self._made(node, place, frame, depth, seen)
        if isinstance(node, ast.Subscript) or (
            isinstance(node, ast.Attribute) and not dotted(node).startswith("self.")
        ):
            return self._networks(node.value, place, frame, depth + 1, seen)
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self._named(dotted(node), place, frame, depth, seen)
        if isinstance(node, (ast.List, ast.Tuple, ast.Dict, ast.BinOp, ast.Starred, ast.IfExp, ast.ListComp)):
            parts = [c for c in ast.iter_child_nodes(node) if isinstance(c, ast.expr)]
            return self._all(parts, place, frame, depth, seen)
        return set()

    def _all(
        self, nodes: list[ast.expr], place: Place, frame: Frame | None, depth: int, seen: set[int]
    ) -> set[Found] | None:
        found: set[Found] = set()
        for node in nodes:
            inner = self._networks(node, place, frame, depth + 1, seen)
            if inner is None:
                return None
            found |= inner
        return found

    def _named(self, name: str, place: Place, frame: Frame | None, depth: int, seen: set[int]) -> set[Found] | None:
        """What a name holds at a place: its last assignments there, else a parameter, else a global's."""
        scope: Scope | None = place.scope
        use = place
        while scope is not None:
            before = [b for b in scope.bindings.get(name, ()) if scope is not use.scope or b.place.order < use.order]
            function = scope.function
            if before:
                return self._bound(before, name, use, frame, depth, seen)
            if function is not None and has_parameter(function, name):
                return self._given(function, name, frame, depth, seen)
            if function is not None and frame is not None and frame.function is function:
                use, scope, frame = frame.call.place, frame.call.place.scope, frame.outer
                continue
            scope = scope.parent
            use = use if scope is None or use.scope is scope else Place(scope, 1 << 60, ())
        return set()

    def _bound(
        self, before: list[Binding], name: str, use: Place, frame: Frame | None, depth: int, seen: set[int]
    ) -> set[Found] | None:
        found: set[Found] = set()
        for binding in reversed(before[-12:]):
            arms = self.at.values.open_arms(binding.place)
            if arms is None:
                continue
            if binding.value is None:
                return None
            if id(binding.value) not in seen:
                seen.add(id(binding.value))
                inner = self._networks(binding.value, binding.place, frame, depth + 1, seen)
                added = self._added(name, binding, use, frame, depth, seen)
                if inner is None or added is None:
                    return None
                found |= inner | added
            if all(arm in use.arms or arm[1] == LOOP for arm in arms):
                break
        return found

    def _added(
        self, name: str, binding: Binding, use: Place, frame: Frame | None, depth: int, seen: set[int]
    ) -> set[Found] | None:
        """The layers that `model.add(...)` puts on a Sequential between its assignment and its use."""
        if not isinstance(binding.value, ast.Call) or dotted(binding.value.func).rpartition(".")[2] != "Sequential":
            return set()
        scope = binding.place.scope
        last = use.order if use.scope is scope else 1 << 60
        nodes = [
            argument
            for call in self.program.calls_of("add")
            if call.place.scope is scope and call.receiver == name and binding.place.order < call.place.order <= last
            for argument in call.node.args[:1]
        ]
        return self._all(nodes, binding.place._replace(order=last), frame, depth, seen)

    def _given(
        self, function: Function, name: str, frame: Frame | None, depth: int, seen: set[int]
    ) -> set[Found] | None:
        """What a function's parameter was given by the call that is being followed."""
        if frame is None or frame.function is not function:
            return None  # what it is called with is not seen from here
        node = argument_node(frame.call, function, name)
        if node is None:
            return set()
        return self._networks(node, frame.call.place, frame.outer, depth + 1, seen)

    def _made(self, node: ast.Call, place: Place, frame: Frame | None, depth: int, seen: set[int]) -> set[Found] | None:
        qualified = self.program.qualified(node.func)
        tail = qualified.rpartition(".")[2]
        if (name := self._zoo(node, qualified)) is not None:
            return {Found(name, node.lineno)}
        if tail in _SAME_OBJECT:
            is_method = isinstance(node.func, ast.Attribute) and tail not in _GIVEN and qualified != "torch.compile"
            inside = node.func.value if is_method and isinstance(node.func, ast.Attribute) else first_argument(node)
            return self._networks(inside, place, frame, depth + 1, seen) if inside is not None else None
        if tail in self.program.classes:
            return self._instance(tail, node, place, depth, seen)
        if tail in self.program.functions and isinstance(node.func, ast.Name):
            return self._returned(tail, node, place, frame, depth, seen)
        if tail == "from_pretrained" or tail == "load_model":
            return None
        arguments = [*node.args, *(k.value for k in node.keywords if k.arg != "weights")]
        if tail in _ASSEMBLED or _BUILT_IN.match(qualified) or isinstance(node.func, ast.Call):
            # `Model(base.input, x)`; `Dense(8)(x)`: a layer is called with what it stands on.
            heads = [node.func] if isinstance(node.func, ast.Call) else []
            return self._all([*heads, *arguments], place, frame, depth, seen)
        if isinstance(node.func, (ast.Name, ast.Attribute)) and tail[:1].islower():
            is_ours = isinstance(node.func, ast.Name) and not self.program.imports.get(node.func.id)
            if is_ours:  # `base(x)`: a network that is called like a layer
                return self._all([node.func, *arguments], place, frame, depth, seen)
            return None if tail not in ("Input",) else set()
        return set() if not _may_be_network(qualified) else {Found(tail, node.lineno)}

    def _zoo(self, node: ast.Call, qualified: str) -> str | None:
        """The network of Keras' applications, torchvision or timm that a call makes."""
        if qualified in ("timm.create_model", "timm.models.create_model"):
            given = next((k.value for k in node.keywords if k.arg == "model_name"), first_argument(node))
            known = self.at.values.known(given)
            return str(known.value) if known is not None else None
        found = _ZOO.search(qualified)
        name = (found["name"] or found["short"]) if found else None
        return name if name is not None and not _NO_ZOO.search(name) else None

    def _instance(self, name: str, node: ast.Call, place: Place, depth: int, seen: set[int]) -> set[Found] | None:
        """A class of this source: its own name, or that of the network inside where its own says nothing."""
        bases = [self.program.qualified(base) for base in self.program.classes[name].bases]
        if not any(_NETWORK.search(base) or base in self.program.classes for base in bases):
            return set()
        if name not in words.WRAPPERS and not _NAMELESS.match(name):
            return {Found(name, node.lineno)}
        scope = self.program.scopes[id(self.program.classes[name])]
        inside = [
            Found(zoo, b.value.lineno)
            for key, bindings in scope.bindings.items() if key.startswith("self.")
            for b in bindings if isinstance(b.value, ast.Call)
            and (zoo := self._zoo(b.value, self.program.qualified(b.value.func))) is not None
        ]  # fmt: skip
        return set(inside)

    def _returned(
        self, name: str, node: ast.Call, place: Place, frame: Frame | None, depth: int, seen: set[int]
    ) -> set[Found] | None:
        """What a function of this source gives back for a call."""
        functions = self.program.functions[name]
        call = next((c for c in self.program.calls_of(name) if c.node is node), None)
        if len(functions) != 1 or call is None:
            return None
        inner = Frame(functions[0], call, frame)
        results = [
            (value, where)
            for value, where in self._returns.get(id(functions[0]), ())
            if self.at.values.open_arms(where) is not None
        ]
        found: set[Found] = set()
        for result, where in results[:8]:
            each = self._networks(result, where, inner, depth + 1, set())
            if each is None:
                return None
            found |= each
        return found


def _may_be_network(qualified: str) -> bool:
    """Whether a call of a class from elsewhere may make the trained network."""
    tail = qualified.rpartition(".")[2]
    return (
        tail[:1].isupper()
        and not tail.isupper()
        and tail not in words.WRAPPERS
        and not words.NO_ARCHITECTURE.search(tail)
        and not words.role_of(tail)
        and not words.is_optimizer(qualified)
        and not qualified.startswith(("torch.", "keras.", "tensorflow.", "tf.", "numpy.", "np.", "nn.", "layers."))
    )


def first_argument(node: ast.Call) -> ast.expr | None:
    return node.args[0] if node.args else None
