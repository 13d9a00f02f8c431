"""Which model a Python source trains, on which data and device: from names that it hands to libraries.

model = AutoModelForCausalLM.from_pretrained("gpt2").to("cuda")
model = timm.create_model("resnet50")
train_loader = DataLoader(train_set, batch_size=64, shuffle=True)
load_dataset("imdb", split="train")
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from scanner.formats import _python_vocabulary as words
from scanner.formats._python_scopes import Call, dotted
from scanner.formats._python_settings import Context, Setting, enclosing_name


def pretrained(at: Context, call: Call) -> Iterator[Setting]:
    owner = call.receiver.rpartition(".")[2]
    given = {k.arg: k.value for k in call.node.keywords}
    if not owner[:1].isupper() or words.NO_MODEL_CLASS.search(owner):
        return
    # `model, tokenizer = FastLanguageModel.from_pretrained(...)`: the first name is the model's.
    if words.role_of(*call.targets[:1]) and not set(call.targets[:1]) & at.given_to_trainers:
        return
    first = call.node.args[0] if call.node.args else None
    for key in ("pretrained_model_name_or_path", "model_name", "model_name_or_path", "pretrained_model_name"):
        first = first or given.get(key)
    named = at.values.known(first)
    if named is not None and isinstance(named.value, str) and not _is_saved(named.value):
        yield from at.value("pretrained_model_name_or_path", "model", named, call.place)
    for key in ("load_in_4bit", "load_in_8bit", "max_seq_length"):
        yield from at.given(call, key, key, given.get(key))


def dataset(at: Context, call: Call) -> Iterator[Setting]:
    given = {k.arg: k.value for k in call.node.keywords}
    if is_for_evaluation(at, call, given):
        return
    named = at.values.known(call.node.args[0] if call.node.args else given.get("path"))
    if named is None:
        return
    if named.value in ("json", "csv", "text", "parquet", "imagefolder", "audiofolder", "arrow", "pandas"):
        files = given.get("data_files") or given.get("data_dir")
        record = at.values.record(files)
        yield from at.given(call, "dataset_path", "", record.fields.get("train") if record is not None else files)
    else:
        yield from at.value("dataset_name", "", named, call.place)


def is_for_evaluation(at: Context, call: Call, given: dict[str | None, ast.expr]) -> bool:
    split, train = at.values.known(given.get("split")), at.values.known(given.get("train"))
    return (
        (split is not None and words.EVALUATION.search(str(split.value)) is not None)
        or (train is not None and train.value is False)
        or any(words.EVALUATION.search(name) for name in call.targets)
    )


def moved(at: Context, call: Call) -> Iterator[Setting]:
    """`model.to("cuda")`, `model.cuda()`: of a model only, and with a literal."""
    receiver = dotted(call.node.func).rpartition(".")[0]
    if not words.MODEL_NAME.match(receiver) and not any(words.MODEL_NAME.match(target) for target in call.targets):
        return
    if call.tail == "cuda":
        yield Setting("device", "cuda", call.node.lineno, call.place, "device")
    elif call.node.args:
        found = at.values.known(call.node.args[0])
        if found is not None and isinstance(found.value, str):
            yield from at.value("device", "device", found, call.place)


def model(at: Context, call: Call, given: dict[str | None, ast.expr]) -> Iterator[Setting]:
    node, tail = call.node, call.tail
    if call.name in ("timm.create_model", "timm.models.create_model"):
        yield from at.given(call, "timm_model", "model", node.args[0] if node.args else given.get("model_name"))
        return
    if not any(words.MODEL_NAME.match(target) for target in call.targets) and not (
        words.ESTIMATORS.search(tail) and at.is_trained(call)
    ):
        return
    if tail in words.WRAPPERS or words.NO_ARCHITECTURE.search(tail) or words.role_of(tail):
        return
    if words.is_optimizer(call.name) or call.name.startswith(("torch.nn.", "nn.")) or tail in ("MODEL", "NET"):
        return
    of_zoo = call.name.startswith(("torchvision.models.", "models.")) or ".applications." in call.name
    if tail[:1].isupper() or (of_zoo and tail[:1].isalpha()):
        yield Setting("architecture", tail, node.lineno, call.place, "architecture")


def loader(at: Context, call: Call) -> Iterator[Setting]:
    given = {k.arg: k.value for k in call.node.keywords}
    names = [
        *call.targets,
        *(dotted(a) for a in call.node.args[:1]),
        dotted(given["dataset"]) if "dataset" in given else "",
    ]
    subset = at.values.known(given.get("subset"))
    if subset is not None:
        names.append(str(subset.value))
    if call.tail.startswith("flow_from") and call.node.args:
        folder = at.values.known(call.node.args[0])
        names.append(str(folder.value).rpartition("/")[2] if folder else "")
    trains = any(words.TRAINING_NAME.search(name) for name in names if name)
    if not trains and any(words.EVALUATION.search(name) for name in (*names, enclosing_name(call)) if name):
        return
    if any(words.EVALUATION.search(name) for name in call.targets):
        return
    shuffle = at.values.known(given.get("shuffle"))
    if not trains and shuffle is not None and shuffle.value is False:
        return
    size = given.get("batch_size")
    if size is None and call.tail.endswith("DataLoader") and len(call.node.args) > 1:
        size = call.node.args[1]
    yield from at.given(call, "batch_size", "batch", size)


def _is_saved(path: str) -> bool:
    """Whether a path is that of something this project saved (`./results/checkpoint-500`), not of a model by name."""
    text = path.lower().replace("\\", "/")
    return "checkpoint-" in text or text.startswith(("./results", "./output", "output", "results", "./saved", "saved"))
