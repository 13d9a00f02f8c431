"""Settings that known calls of a Python source state: which reader each kind of call has.

A source that trains is read wholly; another one for what only a training needs: an optimizer that a function builds,
a training loader.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from scanner.formats import _python_models as models
from scanner.formats import _python_optimizers as optimizers
from scanner.formats import _python_trainers as trainers
from scanner.formats import _python_vocabulary as words
from scanner.formats._python_scopes import Call, dotted
from scanner.formats._python_settings import Context, Setting, enclosing_name


def read(at: Context) -> Iterator[Setting]:
    """In the order of the text; a source that trains is read wholly, another for what only training needs."""
    for call in at.program.calls:
        if at.values.open_arms(call.place) is None or _is_optional_factory(call):
            continue
        if at.training.has_rivals and not call.place.scope.is_module:
            continue
        if at.training:
            if not call.place.scope.is_module or call.place.order <= (at.training.last_order or call.place.order):
                yield from _call(at, call)
        else:
            yield from _library_call(at, call)


def _library_call(at: Context, call: Call) -> Iterator[Setting]:
    if call.place.scope.is_module:
        return
    if words.is_optimizer(call.name):
        yield from optimizers.optimizer(at, call)
    elif words.is_scheduler(call.name):
        yield from optimizers.scheduler(at, call)
    elif call.tail == "DataLoader" and words.TRAINING_NAME.search(" ".join(call.targets) or enclosing_name(call)):
        yield from models.loader(at, call)


def _call(at: Context, call: Call) -> Iterator[Setting]:
    tail = call.tail
    if tail in at.training.functions or id(call.node) in at.unnamed:
        yield from trainers.local_call(at, call)
    if words.is_optimizer(call.name):
        yield from optimizers.optimizer(at, call)
    elif words.is_scheduler(call.name) or tail in ("get_scheduler", "create_scheduler"):
        yield from optimizers.scheduler(at, call)
    elif tail.endswith("DataLoader") or tail in (
        "flow_from_directory",
        "flow_from_dataframe",
        "image_dataset_from_directory",
        "flow",
    ):
        yield from models.loader(at, call)
    elif tail == "batch" and call.node.args and words.TRAINING_NAME.search(" ".join(call.targets)):
        yield from at.given(call, "batch_size", "batch", call.node.args[0])
    elif tail == "from_pretrained":
        yield from models.pretrained(at, call)
    elif tail in ("get_peft_model",) or words.ADAPTERS.search(tail):
        yield from at.keywords(call, "lora.")
    elif words.BITS.match(tail):
        yield from at.keywords(call, "")
    elif words.ARGUMENT_CLASSES.search(tail) or words.TRL_TRAINERS.match(tail):
        yield from trainers.arguments(at, call)
    elif tail == "Trainer":
        yield from trainers.lightning_trainer(at, call)
    elif tail == "Accelerator":
        yield from at.some(call, ("mixed_precision", "gradient_accumulation_steps"))
    elif tail in ("fit", "fit_generator", "fit_one_cycle", "fine_tune", "train", "learn"):
        yield from trainers.fit(at, call)
    else:
        yield from _others(at, call)


def _others(at: Context, call: Call) -> Iterator[Setting]:
    tail, node = call.tail, call.node
    given = {k.arg: k.value for k in node.keywords}
    if tail in ("clip_grad_norm_", "clip_grad_norm"):
        yield from at.given(
            call, "max_norm", "clip", given.get("max_norm") or (node.args[1] if len(node.args) > 1 else None)
        )
    elif tail == "autocast":
        dtype = given.get("dtype") or (node.args[1] if len(node.args) > 1 else None)
        yield from _dtype(at, call, dtype)
    elif tail in ("set_global_policy", "set_policy", "set_experimental_policy"):
        policy = at.values.known(node.args[0] if node.args else given.get("policy"))
        if policy is not None and "float16" in str(policy.value):
            yield from at.value("mixed_precision", "precision", policy, call.place)
    elif (key := words.SEEDERS.get(tail) or words.SEEDERS.get(".".join(call.name.split(".")[-2:]))) is not None:
        yield from at.given(call, key, "", node.args[0] if node.args else given.get("seed"))
    elif tail == "compile":
        yield from trainers.compiled(at, call)
    elif tail == "load_dataset":
        yield from models.dataset(at, call)
    elif call.name.startswith("torchvision.datasets.") or (call.receiver.endswith("datasets") and tail[:1].isupper()):
        if tail not in ("ImageFolder", "DatasetFolder", "FakeData") and not models.is_for_evaluation(at, call, given):
            yield Setting("dataset", tail, node.lineno, call.place, "")
    elif tail == "load_data" and ".datasets." in call.name:
        yield Setting("dataset", call.receiver.rpartition(".")[2], node.lineno, call.place, "")
    elif tail in ("to", "cuda"):
        yield from models.moved(at, call)
    elif tail == "YOLO":
        yield from at.given(call, "model", "model", node.args[0] if node.args else given.get("model"))
    elif words.BOOSTERS.match(tail) and at.is_trained(call):
        yield from trainers.booster(at, call)
    elif tail == "gradient_checkpointing_enable":
        yield Setting("gradient_checkpointing", True, node.lineno, call.place, "")
    elif "tokenize" in tail.lower() and _prepares(at, call):
        yield from at.given(call, "max_length", "length", given.get("max_length"))
    else:
        yield from models.model(at, call, given)


def _prepares(at: Context, call: Call) -> bool:
    """Whether a tokenizer's call stands where the training's data are made: in the training, or in what maps them."""
    name = enclosing_name(call)
    return name in at.training.functions or any(
        word in name for word in ("tokenize", "preprocess", "encode", "collate", "__getitem__")
    )


def _dtype(at: Context, call: Call, node: ast.expr | None) -> Iterator[Setting]:
    name = dotted(node) if node is not None else ""
    if name.rpartition(".")[2] in ("bfloat16", "float16", "half"):
        yield Setting("amp_dtype", name.rpartition(".")[2], call.node.lineno, call.place, "precision")


def _is_optional_factory(call: Call) -> bool:
    """`peft: Optional[LoraConfig] = field(default_factory=lambda: LoraConfig(...))`: may or may not be used."""
    scope = call.place.scope
    if not isinstance(scope.node, ast.ClassDef):
        return False
    return any(
        isinstance(s, ast.AnnAssign)
        and s.lineno <= call.node.lineno <= (s.end_lineno or s.lineno)
        and "Optional" in ast.dump(s.annotation)
        for s in scope.node.body
    )
