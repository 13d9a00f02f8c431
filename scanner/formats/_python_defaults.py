"""Settings that a Python source gives names to: command-line defaults, configuration classes and dictionaries, and
constants.

    parser.add_argument("--lr", type=float, default=1e-3)
    class Config: batch_size = 32
    config = {"epochs": 10}
    NUM_EPOCHS = 20

A name that nothing reads, that is counted up, or that is assigned differing values states nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from scanner.formats import _python_vocabulary as words
from scanner.formats._python_known import Known
from scanner.formats._python_parameters import is_entry
from scanner.formats._python_scopes import LOOP, Binding, Place, Program, Scope, dotted
from scanner.formats._python_settings import Setting
from scanner.formats._python_training import Training
from scanner.formats._python_values import Values

_CONFIG_NAME = re.compile(
    r"(?i)^(?:self\.)?_?(?:\w+_)?(?:config|cfg|conf|params|hparams|hps|hyper_?params|hyper_?parameters|args|opt|"
    r"options|settings|(?:train|training|trainer|fit|optim\w*)_kwargs|hyp|arguments)$"
)
_FOREIGN_CONFIG = re.compile(
    r"(?i)eval|test|infer|gener|sampl|log|plot|tokeniz|data_?args|vision|serv|deploy|sweep|search|grid|space|dist|"
    r"reward|teacher|colou?r|font|style|rc_?params|wandb_?settings"
)
CONFIG_CLASS = re.compile(
    r"(?i)(?:config|cfg|conf|args|arguments|params|hparams|settings|options|hyper\w*|constants|opts?|flags)\d*$"
)
CONFIG_FILE = re.compile(
    r"(?i)(?:^|_)(?:config|configs|configuration|cfg|conf|settings|hparams|hyperparams|hyperparameters|params|"
    r"parameters|arguments|args|options|opts|constants|const|constant)(?:_\w+)?$"
)
_NOT_ASKED = frozenset(
    {
        "global_step",
        "world_size",
        "rank",
        "local_rank",
        "steps_done",
        "epochs_done",
        "n_gpu",
        "duration",
        "training_time",
        "gpu",
        "bits",
        "data",
        "nproc_per_node",
    }
)
"""Counters and places, not settings, whatever their value at the start."""
_PLAN = re.compile(r"(?i)^(?:learning_rate|lr|learn_rate|(?:num_|n_|max_)?(?:train_)?epochs?|max_steps|max_iters)$")
_QUANTIZED = re.compile(r"(?i)(?:4|8)_?bit|^fp16$|^bf16$")
"""Flags that a configuration carries for whoever reads them; alone they state nothing."""
_PARSER_METHODS = ("add_argument", "add_arg")
_ABSL = re.compile(r"^DEFINE_(?:float|integer|string|bool|boolean|enum)$")


def command_line_defaults(program: Program) -> dict[str, ast.expr]:
    """Name in the namespace -> its default, for argparse and absl; two differing definitions state none."""
    found: dict[str, ast.expr] = {}
    doubtful: set[str] = set()
    for call in program.calls:
        if call.tail in _PARSER_METHODS:
            named = _destination(call.node)
            default = next((k.value for k in call.node.keywords if k.arg == "default"), None)
        elif _ABSL.match(call.tail) and call.node.args and isinstance(call.node.args[0], ast.Constant):
            named = str(call.node.args[0].value)
            default = call.node.args[1] if len(call.node.args) > 1 else None
        elif call.tail == "set_defaults":
            found |= {k.arg: k.value for k in call.node.keywords if k.arg}
            continue
        else:
            continue
        if named is None or default is None:
            continue
        if named in found and ast.dump(found[named]) != ast.dump(default):
            doubtful.add(named)
        found[named] = default
    return {name: node for name, node in found.items() if name not in doubtful}


def _destination(node: ast.Call) -> str | None:
    """argparse's own rule: `dest`, else the first long option, else the first short one or the positional's name."""
    for keyword in node.keywords:
        if keyword.arg == "dest" and isinstance(keyword.value, ast.Constant):
            return str(keyword.value.value)
    options = [str(a.value) for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    if not options:
        return None
    chosen = next((option for option in options if option.startswith("--")), options[0])
    return chosen.lstrip("-").replace("-", "_")


def is_configuration(stem: str, program: Program) -> bool:
    """Whether a source that trains nothing holds settings for those that do: by its name, or because it holds nothing
    but constants and classes of constants."""
    if CONFIG_FILE.search(stem):
        return True
    if program.functions or not any(CONFIG_CLASS.search(name) for name in program.classes):
        return False
    return all(not isinstance(s, (ast.For, ast.While, ast.With, ast.Try)) for s, _ in program.statements)


class Named:
    """The settings of one program's names."""

    def __init__(self, program: Program, values: Values, training: Training) -> None:
        self.program = program
        self.values = values
        self.training = training

    def read(self) -> Iterator[Setting]:
        """All of them; for a source that trains, or that is a configuration."""
        yield from self._command_line()
        yield from self._decorated()
        rivals = self._rivals()
        for name, node in self.program.classes.items():
            if name not in rivals:
                yield from self._class(name, node)
        for scope in self._scopes():
            yield from self._scope(scope)

    def _scopes(self) -> Iterator[Scope]:
        yield self.program.module
        for scope in self.program.scopes.values():
            if scope.function is not None and (
                scope.function.name in self.training.functions or scope.function.name == "main"
            ):
                yield scope

    # Command lines

    def _command_line(self) -> Iterator[Setting]:
        place = Place(self.program.module, 0, ())
        for name, node in self.values.arguments.items():
            if name in _NOT_ASKED or not self._is_read(name):
                continue
            yield from self._setting(f"--{name}", self.values.known(node), place)

    def _decorated(self) -> Iterator[Setting]:
        """`@click.option("--lr", default=1e-3)`; parameters of what fire or typer run."""
        for functions in self.program.functions.values():
            for function in functions:
                options = [
                    d for d in function.decorator_list if isinstance(d, ast.Call) and dotted(d.func).endswith("option")
                ]
                place = Place(self.program.module, 0, ())
                for option in options:
                    name = _destination(option)
                    default = next((k.value for k in option.keywords if k.arg == "default"), None)
                    if name is not None and default is not None:
                        yield from self._setting(f"--{name}", self.values.known(default), place)
                if not options and is_entry(self.values, function):
                    arguments = function.args
                    positional = [*arguments.posonlyargs, *arguments.args]
                    pairs = [*zip(reversed(positional), reversed(arguments.defaults), strict=False)]
                    pairs += [
                        (a, d)
                        for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
                        if d is not None
                    ]
                    for argument, node in sorted(pairs, key=lambda pair: pair[0].lineno * 10000 + pair[0].col_offset):
                        if argument.arg not in _NOT_ASKED:
                            yield from self._setting(argument.arg, self.values.known(node), place)

    def _is_read(self, name: str) -> bool:
        """Whether anything reads the argument: by its name, or by handing the whole namespace on."""
        if name in self.program.loaded:
            return True
        wholes = {
            target
            for call in self.program.calls
            if call.tail in ("parse_args", "parse_known_args")
            for target in call.targets
        }
        return not wholes or bool(wholes & self.program.passed_on)

    # Configuration classes, dictionaries, constants

    def _rivals(self) -> set[str]:
        """Classes that each configure a training of their own: which of them counts is not known here."""
        found = {
            name
            for name, node in self.program.classes.items()
            if not _FOREIGN_CONFIG.search(name)
            and any(_PLAN.match(key.removeprefix("self.")) for key in self.program.scopes[id(node)].bindings)
            and (not self.training or name in self.program.loaded)
        }
        return found if len(found) > 1 else set()

    def _class(self, name: str, node: ast.ClassDef) -> Iterator[Setting]:
        is_data = any("dataclass" in dotted(_called(d)) for d in node.decorator_list)
        if not (CONFIG_CLASS.search(name) or is_data) or _FOREIGN_CONFIG.search(name):
            return
        prefix = "lora." if words.ADAPTERS.search(name) else ""
        for key, bindings in self.program.scopes[id(node)].bindings.items():
            plain = key.removeprefix("self.")
            if (
                "." in plain
                or plain in _NOT_ASKED
                or (self.training and plain not in self.program.loaded and not self._is_used(name))
            ):
                continue
            yield from self._agreed(prefix + plain, bindings)

    def _is_used(self, name: str) -> bool:
        return name in self.program.loaded

    def _scope(self, scope: Scope) -> Iterator[Setting]:
        for name, bindings in scope.bindings.items():
            base, dot, key = name.rpartition(".")
            if dot:
                if _CONFIG_NAME.match(base) and not _FOREIGN_CONFIG.search(base) and key not in _NOT_ASKED:
                    yield from self._agreed(key, bindings)
                continue
            if _CONFIG_NAME.match(name) and not _FOREIGN_CONFIG.search(name):
                for binding in bindings:
                    yield from self._dictionary(binding)
            elif self._is_constant(name):
                yield from self._agreed(name, bindings)

    def _is_constant(self, name: str) -> bool:
        if name.lower() in _NOT_ASKED or (self.training and name not in self.program.loaded):
            return False
        return (name.isupper() and len(name) > 1) or (bool(self.training) and words.PARAMETER.match(name) is not None)

    def _dictionary(self, binding: Binding) -> Iterator[Setting]:
        node = binding.value
        if isinstance(node, ast.Call):
            if dotted(node.func).rpartition(".")[2] not in (
                "dict",
                "EasyDict",
                "edict",
                "SimpleNamespace",
                "Namespace",
                "AttrDict",
                "DictConfig",
                "create",
            ):
                return
        elif not isinstance(node, ast.Dict):
            return
        stack: list[tuple[str, ast.expr]] = [("", node)]
        n = 0
        while stack and n < 2000:
            prefix, current = stack.pop()
            record = self.values.record(current)
            for key, value in (record.fields if record is not None else {}).items():
                n += 1
                if isinstance(value, ast.Dict):
                    stack.append((f"{prefix}{key}.", value))
                elif key.lower() not in _NOT_ASKED:
                    yield from self._setting(prefix + key, self.values.known(value), binding.place)

    def _agreed(self, key: str, bindings: list[Binding]) -> Iterator[Setting]:
        """The values of a name that is assigned once, or in straight order; none where a branch or loop decides."""
        alive = [b for b in bindings if self.values.open_arms(b.place) is not None]
        if self.training.last_order:
            alive = [
                b for b in alive if not b.place.scope.is_module or b.place.order <= self.training.last_order
            ] or alive[:1]
        if any(b.value is None or any(arm[1] == LOOP for arm in b.place.arms) for b in alive) or len(alive) > 20:
            return
        found = [(b, self.values.known(b.value) if b.part is None else None) for b in alive]
        if any(known is None for _, known in found):
            return
        if any(self.values.open_arms(b.place) for b in alive) and len({k.value for _, k in found if k}) > 1:
            return
        for binding, known in found:
            yield from self._setting(key, known, binding.place)

    def _setting(self, key: str, known: Known | None, place: Place) -> Iterator[Setting]:
        if known is None or known.value in (None, "") or known.value is False:
            return
        if not self.training and _QUANTIZED.search(key):
            return
        if isinstance(known.value, str) and (len(known.value) > 200 or "\n" in known.value):
            return
        assert known.value is not None
        yield Setting(key, known.value, known.line, place, f"name:{key}" if not place.scope.is_module else "")


def _called(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node
