"""Python sources as recipes: training scripts, the modules and configurations that they import, a notebook's cells.

    parser.add_argument("--lr", type=float, default=3e-4)
    model = AutoModelForCausalLM.from_pretrained("gpt2")
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    for epoch in range(3):
        for batch in DataLoader(train_set, batch_size=16, shuffle=True):
            loss = model(**batch).loss
            loss.backward()
            optimizer.step()

The source is parsed and its constants are followed; nothing of it is run. A source in which something updates weights
states `trains`, the framework whose loop it is, the settings of its calls and of its named constants. A source that
trains nothing states nothing, unless it is a configuration, or builds what only a training needs (an optimizer, a
training loader): it counts where a training script imports it.

Where branches, functions or models of one source contradict each other, neither is stated. In a script or notebook that
trains at the top level, what stands below the last training states nothing of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from scanner.formats import _python_calls as calls
from scanner.formats import _python_facts as facts
from scanner.formats import _python_schedules as schedules
from scanner.formats import _python_sections as sections
from scanner.formats import _python_trained as trained
from scanner.formats._base import Document, Stated
from scanner.formats._python_defaults import Named, command_line_defaults, is_configuration
from scanner.formats._python_hint import may_state
from scanner.formats._python_loops import Loops
from scanner.formats._python_makers import imports_any
from scanner.formats._python_scopes import Program
from scanner.formats._python_settings import Context, Setting
from scanner.formats._python_source import parse
from scanner.formats._python_training import Training, find_training, text_of
from scanner.formats._python_values import Values
from scanner.formats._python_walk import take_apart

ID = "python_script"
DESCRIPTION = "Python sources: training scripts, local modules, configurations, notebook cells"
SAMPLE = """optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
loss.backward()
optimizer.step()"""

MAX_LARGEST = 1e18
MAX_COMPARED = 100
SLOTS = {
    "rate": ("lr", "learning_rate", "base_lr", "init_lr", "initial_lr", "learningrate"),
    "batch": ("batch_size", "train_batch_size", "bs", "batchsize", "batch"),
    "epochs": ("epochs", "num_epochs", "n_epochs", "max_epochs", "num_epoch", "nb_epoch"),
    "weight_decay": ("weight_decay", "wd"),
}
"""Names of what known calls are given, by the slot of the call's setting."""
_CONFIGURATOR = ("open('configurator.py')", 'open("configurator.py")')
"""nanoGPT's way to let a file and the command line override the constants above."""
_MAX_FACTS = 30
_WORDS = (
    "fit",
    "train",
    "backward",
    "optim",
    "Adam",
    "SGD",
    "lr",
    "LR",
    "batch",
    "BATCH",
    "epoch",
    "EPOCH",
    "learning_rate",
    "Config",
)


def wants(document: Document) -> bool:
    """Python sources that mention any part of a training, in words of which something may be stated."""
    return document.kind == "python" and document.mentions(*_WORDS) and may_state(document)


def read(document: Document) -> Iterator[Stated]:
    """What the source states, in the order of its lines."""
    stem = document.name.rpartition(".")[0]
    program = take_apart(parse(document))
    if _is_unit_test(stem, program):
        return
    values = Values(program, command_line_defaults(program))
    training = find_training(program)
    found = list(_statements(document, stem, program, values, training))
    found.sort(key=lambda stated: stated.line)
    seen: set[tuple[str, str, object, int]] = set()
    for stated in found:
        mark = (stated.role, stated.key, stated.value, stated.line)
        if mark not in seen:
            seen.add(mark)
            yield stated


def _is_unit_test(stem: str, program: Program) -> bool:
    """Whether the source tests code: its trainings are of toys."""
    if stem.endswith(("_test", "_tests")):
        return True
    if not imports_any(program, "pytest", "unittest"):
        return False
    return any(name.startswith("test_") for name in program.functions) or bool(program.calls_of("main"))


def _statements(
    document: Document, stem: str, program: Program, values: Values, training: Training
) -> Iterator[Stated]:
    context = Context(program, values, training, document.is_embedded)
    settings = list(calls.read(context))
    settings += schedules.read(context)
    if training:
        settings += Loops(program, values, training).read()
        settings += sections.read(context)
        settings += trained.read(context)
    if training or is_configuration(stem, program):
        settings += _not_overruled(Named(program, values, training).read(), settings)
    for setting in settle(settings):
        if isinstance(setting.value, (int, float)) and abs(setting.value) > MAX_LARGEST:
            continue
        yield Stated(setting.key, setting.value, setting.line, raw=_raw(document, setting.line))
    if training:
        yield from _trains(document, program, training)
    elif document.is_embedded and not settings:
        yield from _does_otherwise(program)
    if stem == "__init__" and not settings:
        yield from facts.imports(program)
    elif training or settings or facts.launches_training(program):
        yield from facts.imports(program)
        yield from facts.files(program, values)


def _trains(document: Document, program: Program, training: Training) -> Iterator[Stated]:
    for call, _ in training.calls[:_MAX_FACTS]:
        line = call.node.lineno
        yield Stated("trains", text_of(call), line, "fact", raw=_raw(document, line))
    frameworks: dict[str, int] = {}
    for call, framework in training.calls:
        if framework is not None:
            frameworks.setdefault(framework, call.node.lineno)
    if "trl" in frameworks or "hf-trainer" in frameworks:
        made = [
            call
            for call in program.calls
            if call.name.startswith("unsloth.") or call.receiver.endswith("FastLanguageModel")
        ]
        if made and imports_any(program, "unsloth"):
            frameworks["unsloth"] = made[0].node.lineno
    if frameworks and document.mentions(*_CONFIGURATOR):
        frameworks["nanogpt"] = next(n for n, text in enumerate(document.lines, 1) if "configurator.py" in text)
    for framework, line in frameworks.items() if not training.has_rivals else ():
        yield Stated("framework", framework, line, raw=_raw(document, line))


def _does_otherwise(program: Program) -> Iterator[Stated]:
    """What a notebook's source does that trains nothing: evaluation and generation."""
    for call in program.calls:
        if call.tail in ("generate", "predict", "evaluate", "eval") and call.receiver:
            yield Stated("evaluates", text_of(call), call.node.lineno, "fact")
            return


def _not_overruled(named: Iterable[Setting], called: Sequence[Setting]) -> list[Setting]:
    """Named settings without those that the calls are seen to give otherwise: a literal at the call wins."""
    given: dict[str, set[object]] = defaultdict(set)
    for setting in called:
        given[setting.slot].add(setting.value)
    return [s for s in named if not (slot := _slot_of(s.key)) or not given[slot] or s.value in given[slot]]


def _slot_of(key: str) -> str:
    plain = key.rpartition(".")[2].lower().lstrip("-").replace("-", "_")
    return next((slot for slot, keys in SLOTS.items() if plain in keys), "")


def settle(settings: Iterable[Setting]) -> list[Setting]:
    """Those that no other one contradicts: values of one slot that stand in different functions, or in the two arms of
    a branch, leave open which of them counts."""
    by_slot: dict[str, list[Setting]] = defaultdict(list)
    kept: list[Setting] = []
    for setting in settings:
        if setting.slot:
            by_slot[setting.slot].append(setting)
        else:
            kept.append(setting)
    for group in by_slot.values():
        compared = group[:MAX_COMPARED]
        if not any(_excludes(one, other) for one in compared for other in compared):
            kept += [s for s in group if s.place.scope.is_module or not any(_rivals(s, other) for other in compared)]
    return kept


def _rivals(one: Setting, other: Setting) -> bool:
    """Whether they state different values in different functions."""
    return one.value != other.value and one.place.scope is not other.place.scope


def _excludes(one: Setting, other: Setting) -> bool:
    """Whether they state different values in two arms of one branch."""
    if one.value == other.value or one.place.scope is not other.place.scope:
        return False
    arms = dict(other.place.arms)
    return any(arm in (0, 1) and arms.get(number, arm) != arm for number, arm in one.place.arms)


def _raw(document: Document, line: int) -> str:
    return document.lines[line - 1].strip()[:200] if 0 < line <= len(document.lines) else ""
