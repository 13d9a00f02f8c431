"""Which calls of a Python source update weights, and whose loop it is.

    trainer.train()                          a trainer of transformers, trl, ...: its class tells which
    loss.backward() ... optimizer.step()     a hand-written loop
    model.fit(x, y, epochs=3)                Keras, scikit-learn, ...: by what made `model`
    train_one_epoch(model, loader)           a function of a local module that is named for it

`backward` without a step is no training (saliency maps, attacks); `model.train()` without arguments sets a mode.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass, field

from scanner.formats import _python_vocabulary as words
from scanner.formats._python_makers import Makers, base_names, imports_any, is_local
from scanner.formats._python_scopes import Call, Program, Scope, dotted

_NO_OPTIMIZER = re.compile(
    r"(?i)sched|env|lr_|writer|profil|prof$|warmup|sampler|timer|logger|world|sim$|simulator|meter"
)
_NO_MODEL_FIT = re.compile(
    r"(?i)dummy|scal|encod|token|vector|pca|transform|imput|kmeans|tsne|umap|cluster|select|binar|normal|tfidf|"
    r"explain|generator|datagen|smote|sampler"
)
_KERAS_FIT = frozenset(
    {"epochs", "batch_size", "validation_data", "validation_split", "callbacks", "steps_per_epoch", "nb_epoch"}
)
_SHALLOW = ("sklearn", "xgboost")


@dataclass(slots=True)
class Training:
    """What of a source updates weights."""

    calls: list[tuple[Call, str | None]] = field(default_factory=list)
    """Calls that update weights, with the framework whose loop they start (None: not told here)."""
    functions: set[str] = field(default_factory=set)
    """Functions and methods in which such a call stands, or that call one of these."""
    has_rivals: bool = False
    """Whether functions of the source train with different kinds of library: which of them runs is not known here."""
    last_order: int = 0
    """Number of the last statement of the module that trains; 0 when none does."""

    def __bool__(self) -> bool:
        return bool(self.calls)


def find_training(program: Program) -> Training:
    """The calls that update weights."""
    makers = Makers(program)
    found = Training()
    steps = [c for c in program.calls if c.tail == "step" and not _NO_OPTIMIZER.search(_written(c))]
    for call in program.calls:
        hit, framework = _updates(call, program, makers, bool(steps))
        if hit:
            found.calls.append((call, framework))
    operations = {target for call, _ in found.calls if call.tail == "minimize" for target in call.targets}
    for call in program.calls if operations else ():
        if call.tail == "run" and operations & {
            n.id for a in call.node.args for n in ast.walk(a) if isinstance(n, ast.Name)
        }:
            found.calls.append((call, "tensorflow"))  # `session.run([train_op, loss])` of TensorFlow 1
    _spread(found, program)
    inside = {framework in _SHALLOW for call, framework in found.calls if framework and not call.place.scope.is_module}
    found.has_rivals = len(inside) > 1
    return found


def text_of(call: Call) -> str:
    """The call as written, its arguments shortened."""
    written = _written(call)
    return f"{written}({'...' if call.node.args or call.node.keywords else ''})"


def _written(call: Call) -> str:
    return dotted(call.node.func) or call.name


def _updates(call: Call, program: Program, makers: Makers, steps: bool) -> tuple[bool, str | None]:
    """(whether the call updates weights, whose loop it starts)."""
    tail, node = call.tail, call.node
    if tail == "backward" and isinstance(node.func, ast.Attribute):
        return (steps, _loop_of(call, program)) if _is_backward(call) else (False, None)
    if tail == "manual_backward":
        return True, "lightning"
    if tail in ("apply_gradients", "apply_updates", "minimize"):
        return _gradients(call, program)
    if isinstance(node.func, ast.Name):
        return _plain(call, program)
    written = _written(call)
    receiver = written.rpartition(".")[0]
    made = [name for maker in makers.of(receiver, call.place) for name in base_names(maker.name, program)]
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Call):
        made = base_names(program.qualified(node.func.value.func), program)
    if tail == "run":
        return any("train" in name.lower() and is_local(name) for name in made), None
    if tail in ("train", "fit", "learn", "step", "train_model", "fit_loop"):
        return _trainer(call, receiver, made, program)
    if tail in ("fit_generator", "train_on_batch") and not receiver.startswith("self.scaler"):
        return True, "keras"
    if tail in ("fit_one_cycle", "fine_tune", "fit_flat_cos", "fit_sgdr"):
        return True, "fastai" if imports_any(program, "fastai") else None
    if words.is_training_name(tail) and tail.lstrip("_") not in ("fit", "train", "training", "trainer", "train_test"):
        return _named(call, receiver, made, program), None
    return False, None


def _is_backward(call: Call) -> bool:
    """`loss.backward()`, `scaler.scale(loss).backward()`, `accelerator.backward(loss)`, `engine.backward(loss)`."""
    receiver = _written(call).rpartition(".")[0]
    return receiver not in ("super", "ctx", "Function") and len(call.node.args) <= 1


def _loop_of(call: Call, program: Program) -> str:
    receiver = _written(call).rpartition(".")[0]
    if "accelerator" in receiver.lower() or "fabric" in receiver.lower():
        return "accelerate" if "accelerator" in receiver.lower() else "lightning"
    if program.calls_of("initialize") and imports_any(program, "deepspeed"):
        return "deepspeed"
    if imports_any(program, "paddle") and not imports_any(program, "torch"):
        return "paddle"
    return "pytorch"


def _gradients(call: Call, program: Program) -> tuple[bool, str | None]:
    if imports_any(program, "jax", "flax", "optax"):
        return call.tail != "minimize", "jax"
    if not imports_any(program, "tensorflow"):
        return False, None
    if call.tail == "minimize":
        inner = call.node.func.value if isinstance(call.node.func, ast.Attribute) else None
        made = program.qualified(inner.func) if isinstance(inner, ast.Call) else _written(call)
        return bool(re.search(r"(?i)optim|train", made)), "tensorflow"
    return call.tail == "apply_gradients", "tensorflow"


def _plain(call: Call, program: Program) -> tuple[bool, str | None]:
    """`train(model, loader)`, where `train` comes from a local module."""
    name = call.node.func.id if isinstance(call.node.func, ast.Name) else ""
    if name in program.functions or name not in program.imports or name[:1].isupper():
        return False, None
    origin = program.imports[name]
    if origin.startswith(("mmdet.", "mmseg.", "mmcls.", "mmpose.", "mmaction.")) and name.startswith("train_"):
        return True, "openmmlab"
    return is_local(origin) and words.is_training_name(name), None


def _named(call: Call, receiver: str, made: list[str], program: Program) -> bool:
    """`trainer.train_epoch(loader)` of an object whose class is local."""
    if call.tail in program.functions or receiver in ("self", "super"):
        return False
    head = receiver.split(".")[0]
    return is_local(program.imports.get(head, "local")) and (
        words.TRAINER_NAME.search(receiver) is not None
        or head in program.imports
        or any("." in name and is_local(name) for name in made)
    )


def _trainer(call: Call, receiver: str, made: list[str], program: Program) -> tuple[bool, str | None]:
    tail = call.tail
    framework = _framework_of(made)
    if tail == "step":
        return framework == "trl", "trl"
    if tail == "learn":
        return any(name.startswith(("stable_baselines3.", "sb3_contrib.")) for name in made), "other"
    if framework is not None and tail == "fit_loop":
        return True, framework
    if tail == "fit":
        return _fit(call, receiver, made, program)
    if call.name in ("xgboost.train", "lightgbm.train", "xgb.train", "lgb.train"):
        return True, "xgboost"
    if framework in ("hf-trainer", "trl", "detectron2", "openmmlab", "ultralytics"):
        return True, framework
    given = {keyword.arg for keyword in call.node.keywords}
    if tail == "train" and {"epochs", "data"} <= given:
        return True, "ultralytics" if imports_any(program, "ultralytics") else None
    if "trainer" in receiver.lower() and not made:
        return True, "hf-trainer" if imports_any(
            program, "transformers.Trainer", "transformers.Seq2SeqTrainer"
        ) else None
    is_local_trainer = words.TRAINER_NAME.search(receiver) is not None and receiver != "self"
    is_local_trainer = is_local_trainer or any(words.TRAINER_NAME.search(name) for name in made)
    return is_local_trainer and not (tail == "train" and tail in program.functions and receiver == "self"), None


def _framework_of(made: list[str]) -> str | None:
    for name in made:
        tail = name.rpartition(".")[2]
        if words.TRL_TRAINERS.match(tail):
            return "trl"
        if tail in ("YOLO", "RTDETR", "YOLOWorld") and ("ultralytics" in name or "." not in name):
            return "ultralytics"
        if name.startswith(("pytorch_lightning.", "lightning.", "pl.", "L.")) and tail == "Trainer":
            return "lightning"
        if name.startswith("detectron2.") or tail == "DefaultTrainer":
            return "detectron2"
        if name.startswith(("mmengine.", "mmcv.")) or (tail == "from_cfg" and "Runner" in name):
            return "openmmlab"
        if name.startswith(("transformers.", "sentence_transformers.", "setfit.", "adapters.")) and tail.endswith(
            "Trainer"
        ):
            return "hf-trainer"
        if tail in ("Seq2SeqTrainer", "SentenceTransformerTrainer"):
            return "hf-trainer"
    return None


def _fit(call: Call, receiver: str, made: list[str], program: Program) -> tuple[bool, str | None]:
    given = {keyword.arg for keyword in call.node.keywords}
    if _framework_of(made) == "lightning" or given & {"train_dataloaders", "train_dataloader", "datamodule"}:
        return True, "lightning"
    tails = [name.rpartition(".")[2] for name in made]
    if any(words.NATIVE_BOOSTERS.match(tail) for tail in tails):
        return True, "xgboost"
    if any(words.ESTIMATORS.search(tail) for tail in tails):
        return True, "sklearn"
    if _NO_MODEL_FIT.search(receiver) or any(_NO_MODEL_FIT.search(tail) for tail in tails):
        if not given & {"epochs", "nb_epoch"}:
            return False, None
    if given & _KERAS_FIT or imports_any(program, "keras", "tensorflow"):
        keras = imports_any(program, "keras", "tensorflow", "tf")
        if keras and (given & _KERAS_FIT or (made and not any(words.ESTIMATORS.search(tail) for tail in tails))):
            return True, "keras"
        return bool(given & {"epochs", "nb_epoch", "train_objectives"}), "keras" if keras else None
    if "train_objectives" in given:
        return True, "other"
    if words.TRAINER_NAME.search(receiver) and imports_any(program, "pytorch_lightning", "lightning"):
        return True, "lightning"
    if (
        not made
        and words.ESTIMATOR_NAME.match(receiver)
        and imports_any(program, "sklearn")
        and len(call.node.args) >= 2
    ):
        return True, "sklearn"
    return words.TRAINER_NAME.search(receiver) is not None and bool(call.node.args), None


def _spread(found: Training, program: Program) -> None:
    """Name the functions that train, directly or through one another, and the module's last statement that does."""
    by_tail: dict[str, list[Call]] = defaultdict(list)
    for call in program.calls:
        by_tail[call.tail].append(call)
    queue = [call for call, _ in found.calls]
    seen = {id(call.node) for call in queue}
    while queue:
        call = queue.pop()
        name = _enclosing(call.place.scope)
        if name is None:
            found.last_order = max(found.last_order, call.place.order)
            continue
        names = {name}
        if name == "__init__":
            owner = call.place.scope.parent
            names = {owner.node.name} if owner is not None and isinstance(owner.node, ast.ClassDef) else set()
        for each in names - found.functions:
            found.functions.add(each)
            for caller in by_tail.get(each, ()):
                if id(caller.node) not in seen:
                    seen.add(id(caller.node))
                    queue.append(caller)


def _enclosing(scope: Scope) -> str | None:
    """Name of the outermost function or method that a scope is in; None for the module."""
    name: str | None = None
    current: Scope | None = scope
    while current is not None:
        if current.function is not None:
            name = current.function.name
        current = current.parent
    return name
