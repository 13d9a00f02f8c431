"""Settings that known calls of a Python source state: optimizers, schedules, loaders, trainers' arguments, models.

    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.01)
    args = TrainingArguments("out", learning_rate=2e-5, num_train_epochs=3)
    peft_config = LoraConfig(r=16, lora_alpha=32)
    model.fit(x, y, epochs=20, batch_size=64)

Each is a key as the call writes it (its class before it where the class tells what is meant: `lora_config.r`), the
value, and the line of the value. What a call leaves to its library's defaults is not stated.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from scanner.formats import _python_vocabulary as words
from scanner.formats._python_scopes import Call, Place, Program, dotted
from scanner.formats._python_training import Training, base_names, imports_any, makers_of
from scanner.formats._python_values import Known, Record, Values, default_of


class Setting(NamedTuple):
    """A setting with what is needed to weigh it against others of the same source."""

    key: str
    value: str | float | int | bool
    line: int
    place: Place
    slot: str
    """What it is about ("optimizer", "rate", "batch", ...), for telling contradictions; "" where none is looked for."""


_RATES = frozenset({"lr", "learning_rate"})
_UNWANTED = frozenset({"model", "tokenizer", "args", "train_dataset", "eval_dataset", "dataset", "optimizers", "data_collator", "callbacks"})
_FIT_KEYS = {"epochs": "epochs", "nb_epoch": "epochs", "batch_size": "batch"}
_LIGHTNING = ("max_epochs", "max_steps", "precision", "accumulate_grad_batches", "gradient_clip_val", "accelerator")
_YOLO = ("data", "epochs", "batch", "seed", "optimizer", "lr0", "weight_decay", "cos_lr", "dropout", "warmup_epochs")


class KnownCalls:
    """The settings of one program's calls."""

    def __init__(self, program: Program, values: Values, training: Training) -> None:
        self.program = program
        self.values = values
        self.training = training
        self.makers = makers_of(program)
        self.unnamed = {id(call.node) for call, framework in training.calls if framework is None}
        """Calls of functions that other modules define."""
        self.trained_models = {
            dotted(call.node.func).rpartition(".")[0] for call, _ in training.calls if call.tail in ("fit", "train")
        }

    def read(self) -> Iterator[Setting]:
        """In the order of the text; a source that trains is read wholly, another for what only training needs."""
        for call in self.program.calls:
            if self.values.open_arms(call.place) is None or _is_optional_factory(call):
                continue
            if self.training:
                if not call.place.scope.is_module or call.place.order <= (self.training.last_order or call.place.order):
                    yield from self._call(call)
            else:
                yield from self._library_call(call)

    def _library_call(self, call: Call) -> Iterator[Setting]:
        if call.place.scope.is_module:
            return
        if words.is_optimizer(call.name):
            yield from self._optimizer(call)
        elif words.is_scheduler(call.name):
            yield from self._scheduler(call)
        elif call.tail == "DataLoader" and words.TRAINING_NAME.search(" ".join(call.targets) or _enclosing_name(call)):
            yield from self._loader(call)

    def _call(self, call: Call) -> Iterator[Setting]:
        tail = call.tail
        if tail in self.training.functions or id(call.node) in self.unnamed:
            yield from self._local(call)
        if words.is_optimizer(call.name):
            yield from self._optimizer(call)
        elif words.is_scheduler(call.name) or tail in ("get_scheduler", "create_scheduler"):
            yield from self._scheduler(call)
        elif tail.endswith("DataLoader") or tail in ("flow_from_directory", "flow_from_dataframe", "image_dataset_from_directory", "flow"):
            yield from self._loader(call)
        elif tail == "batch" and call.node.args and words.TRAINING_NAME.search(" ".join(call.targets)):
            yield from self._given(call, "batch_size", "batch", call.node.args[0])
        elif tail == "from_pretrained":
            yield from self._pretrained(call)
        elif tail in ("get_peft_model",) or words.ADAPTERS.search(tail):
            yield from self._keywords(call, "lora_config.")
        elif words.BITS.match(tail):
            yield from self._keywords(call, "")
        elif words.ARGUMENT_CLASSES.search(tail) or words.TRL_TRAINERS.match(tail):
            yield from self._arguments(call)
        elif tail == "Trainer":
            yield from self._trainer(call)
        elif tail == "Accelerator":
            yield from self._some(call, ("mixed_precision", "gradient_accumulation_steps"))
        elif tail in ("fit", "fit_generator", "fit_one_cycle", "fine_tune", "train", "learn"):
            yield from self._fit(call)
        else:
            yield from self._others(call)

    # What each kind of call states

    def _optimizer(self, call: Call) -> Iterator[Setting]:
        first = dotted(_strip(call.node.args[0])) if call.node.args else ""
        if self._plays_another_part(call, first):
            return
        yield Setting("optimizer", call.tail, call.node.lineno, call.place, "optimizer")
        for keyword in call.node.keywords:
            if keyword.arg in _RATES:
                yield from self._rate(call, keyword.arg or "lr", keyword.value)
            elif keyword.arg in ("weight_decay", "weight_decay_rate"):
                yield from self._given(call, keyword.arg, "weight_decay", keyword.value)
            elif keyword.arg in ("clipnorm", "global_clipnorm"):
                yield from self._given(call, "clip_norm", "clip", keyword.value)
            elif keyword.arg is None:
                record = self.values.record(keyword.value)
                for key in ("lr", "learning_rate", "weight_decay"):
                    if record is not None and key in record.fields:
                        yield from self._given(call, key, "rate" if key in _RATES else key, record.fields[key])
        rate_first = bool(words.RATE_FIRST.search(call.name)) or call.tail in words.LOWER_OPTIMIZERS
        if not any(keyword.arg in _RATES for keyword in call.node.keywords):
            index = 0 if rate_first or (call.node.args and self._is_number(call.node.args[0])) else 1
            if len(call.node.args) > index:
                yield from self._rate(call, "lr", call.node.args[index])
            if not rate_first and call.node.args:
                yield from self._groups(call, call.node.args[0])

    def _plays_another_part(self, call: Call, first: str) -> bool:
        """A discriminator's or teacher's optimizer beside the main one."""
        if not words.role_of(first, *call.targets):
            return False
        others = [c for c in self.program.calls if words.is_optimizer(c.name) and c.node is not call.node]
        return any(not words.role_of(dotted(_strip(c.node.args[0])) if c.node.args else "", *c.targets) for c in others)

    def _groups(self, call: Call, node: ast.expr) -> Iterator[Setting]:
        """`Adam([{"params": a, "lr": 1e-4}, {"params": b, "lr": 1e-4}])`: a rate that all groups share."""
        if not isinstance(node, ast.List) or not all(isinstance(part, ast.Dict) for part in node.elts):
            return
        rates = []
        for part in node.elts[:20]:
            record = self.values.record(part)
            found = self.values.known(record.fields["lr"]) if record is not None and "lr" in record.fields else None
            rates.append(found)
        if rates and all(r is not None and r.value == rates[0].value for r in rates if rates[0] is not None):
            yield from self._value("lr", "rate", rates[0], call.place)

    def _rate(self, call: Call, key: str, node: ast.expr) -> Iterator[Setting]:
        """A rate, or the first rate of a schedule that stands in its place."""
        schedule = node if isinstance(node, ast.Call) else None
        if schedule is None:
            made = [m for m in self.makers.get(dotted(node), ()) if m.place.scope is call.place.scope]
            schedule = made[-1].node if made else None
        if schedule is not None and words.is_scheduler(self.program.qualified(schedule.func)):
            given = {k.arg: k.value for k in schedule.keywords}
            first = given.get("initial_learning_rate") or given.get("peak_value") or given.get("init_value")
            if first is None and schedule.args and "warmup" not in dotted(schedule.func):
                first = schedule.args[0]
            yield from self._given(call, "initial_learning_rate", "rate", first)
        else:
            yield from self._given(call, key, "rate", node)

    def _scheduler(self, call: Call) -> Iterator[Setting]:
        others = [c.tail for c in self.program.calls if words.is_scheduler(c.name)]
        if call.tail in words.WARMUPS and any(name not in words.WARMUPS for name in others):
            return
        if words.role_of(*call.targets):
            return
        given = {k.arg: k.value for k in call.node.keywords}
        if call.tail in ("get_scheduler", "create_scheduler"):
            first = given.get("name", call.node.args[0] if call.node.args else None)
            yield from self._given(call, "lr_scheduler_type", "scheduler", first)
        else:
            yield Setting("lr_scheduler", call.tail, call.node.lineno, call.place, "scheduler")
        for key in ("num_warmup_steps", "warmup_steps", "warmup_epochs"):
            if key in given and key != "warmup_epochs":
                yield from self._given(call, key, "warmup", given[key])

    def _loader(self, call: Call) -> Iterator[Setting]:
        given = {k.arg: k.value for k in call.node.keywords}
        names = [*call.targets, *(dotted(a) for a in call.node.args[:1]), dotted(given["dataset"]) if "dataset" in given else ""]
        subset = self.values.known(given.get("subset"))
        if subset is not None:
            names.append(str(subset.value))
        if call.tail.startswith("flow_from") and call.node.args:
            folder = self.values.known(call.node.args[0])
            names.append(str(folder.value).rpartition("/")[2] if folder else "")
        trains = any(words.TRAINING_NAME.search(name) for name in names if name)
        if not trains and any(words.EVALUATION.search(name) for name in (*names, _enclosing_name(call)) if name):
            return
        if any(words.EVALUATION.search(name) for name in call.targets):
            return
        shuffle = self.values.known(given.get("shuffle"))
        if not trains and shuffle is not None and shuffle.value is False:
            return
        size = given.get("batch_size")
        if size is None and call.tail.endswith("DataLoader") and len(call.node.args) > 1:
            size = call.node.args[1]
        yield from self._given(call, "batch_size", "batch", size)

    def _pretrained(self, call: Call) -> Iterator[Setting]:
        owner = call.receiver.rpartition(".")[2]
        given = {k.arg: k.value for k in call.node.keywords}
        if not owner[:1].isupper() or words.NO_MODEL_CLASS.search(owner) or words.role_of(*call.targets):
            return
        first = call.node.args[0] if call.node.args else None
        for key in ("pretrained_model_name_or_path", "model_name", "model_name_or_path", "pretrained_model_name"):
            first = first or given.get(key)
        named = self.values.known(first)
        if named is not None and isinstance(named.value, str) and not _is_saved(named.value):
            yield from self._value("pretrained_model_name_or_path", "model", named, call.place)
        for key in ("load_in_4bit", "load_in_8bit", "max_seq_length"):
            yield from self._given(call, key, key, given.get(key))

    def _arguments(self, call: Call) -> Iterator[Setting]:
        if words.FOREIGN_ARGUMENTS.search(call.tail):
            return
        yield from self._keywords(call, "")

    def _trainer(self, call: Call) -> Iterator[Setting]:
        given = {k.arg: k.value for k in call.node.keywords}
        if not call.name.startswith(("pytorch_lightning.", "lightning.", "pl.", "L.")) and not set(given) & {"max_epochs", "accelerator"}:
            return
        yield from self._some(call, _LIGHTNING)
        devices = self.values.known(given.get("devices") or given.get("gpus"))
        if devices is not None and isinstance(devices.value, int) and devices.value > 0 and not isinstance(devices.value, bool):
            yield from self._value("num_devices", "devices", devices, call.place)
            if "gpus" in given:
                yield from self._value("device", "device", Known("gpu", devices.line), call.place)
        elif isinstance(given.get("devices"), ast.List):
            listed = given["devices"]
            assert isinstance(listed, ast.List)
            yield from self._value("num_devices", "devices", Known(len(listed.elts), listed.lineno), call.place)

    def _fit(self, call: Call) -> Iterator[Setting]:
        receiver = dotted(call.node.func).rpartition(".")[0]
        made = [n for m in self.makers.get(receiver, ()) for n in base_names(m.name, self.program)]
        if isinstance(call.node.func, ast.Attribute) and isinstance(call.node.func.value, ast.Call):
            made = [self.program.qualified(call.node.func.value.func)]
        if any(n.rpartition(".")[2] in ("YOLO", "RTDETR") for n in made):
            yield from self._yolo(call)
        elif call.tail in ("fit", "fit_generator") and not any(words.ESTIMATORS.search(n) for n in made):
            for keyword in call.node.keywords:
                if keyword.arg in _FIT_KEYS:
                    yield from self._given(call, keyword.arg, _FIT_KEYS[keyword.arg], keyword.value)
                elif keyword.arg is None:
                    yield from self._expanded(call, keyword.value, "")
        elif call.tail in ("fit_one_cycle", "fine_tune") and imports_any(self.program, "fastai"):
            yield from self._given(call, "epochs", "epochs", call.node.args[0] if call.node.args else None)
            given = {k.arg: k.value for k in call.node.keywords}
            yield from self._given(call, "max_lr", "rate", given.get("lr_max") or given.get("base_lr"))
        elif call.name in ("xgboost.train", "lightgbm.train", "xgb.train", "lgb.train"):
            yield from self._native_booster(call)

    def _yolo(self, call: Call) -> Iterator[Setting]:
        given = {k.arg: k.value for k in call.node.keywords}
        optimizer = self.values.known(given.get("optimizer"))
        is_auto = optimizer is None or str(optimizer.value).lower() == "auto"
        for key in _YOLO:
            if key in given and not (is_auto and key in ("lr0", "optimizer")):
                if key == "cos_lr":
                    cosine = self.values.known(given[key])
                    if cosine is not None and cosine.value is True:
                        yield from self._value("lr_scheduler", "scheduler", Known("cosine", cosine.line), call.place)
                else:
                    yield from self._given(call, key, {"batch": "batch", "epochs": "epochs"}.get(key, key), given[key])
        device = self.values.known(given.get("device"))
        if device is not None:
            is_index = isinstance(device.value, int) or str(device.value).replace(",", "").isdigit()
            yield from self._value("device", "device", Known("cuda", device.line) if is_index else device, call.place)

    def _native_booster(self, call: Call) -> Iterator[Setting]:
        given = {k.arg: k.value for k in call.node.keywords}
        params = given.get("params") or (call.node.args[0] if call.node.args else None)
        record = self.values.record(params)
        for key in ("learning_rate", "eta"):
            if record is not None and key in record.fields:
                yield from self._given(call, key, "rate", record.fields[key])
        rounds = given.get("num_boost_round") or (call.node.args[2] if len(call.node.args) > 2 else None)
        yield from self._given(call, "num_boost_round", "steps", rounds)
        yield Setting("architecture", "LightGBM" if call.name.startswith("l") else "XGBoost", call.node.lineno, call.place, "")

    def _others(self, call: Call) -> Iterator[Setting]:
        tail, node = call.tail, call.node
        given = {k.arg: k.value for k in node.keywords}
        if tail in ("clip_grad_norm_", "clip_grad_norm"):
            yield from self._given(call, "max_norm", "clip", given.get("max_norm") or (node.args[1] if len(node.args) > 1 else None))
        elif tail == "autocast":
            dtype = given.get("dtype") or (node.args[1] if len(node.args) > 1 else None)
            yield from self._dtype(call, dtype)
        elif tail in ("set_global_policy", "set_policy", "set_experimental_policy"):
            policy = self.values.known(node.args[0] if node.args else given.get("policy"))
            if policy is not None and "float16" in str(policy.value):
                yield from self._value("mixed_precision", "precision", policy, call.place)
        elif (key := words.SEEDERS.get(tail) or words.SEEDERS.get(".".join(call.name.split(".")[-2:]))) is not None:
            yield from self._given(call, key, "", node.args[0] if node.args else given.get("seed"))
        elif tail == "compile":
            yield from self._compiled(call)
        elif tail == "load_dataset":
            yield from self._dataset(call)
        elif call.name.startswith("torchvision.datasets.") or call.receiver.endswith("datasets") and tail[:1].isupper():
            if tail not in ("ImageFolder", "DatasetFolder", "FakeData") and not self._is_for_evaluation(call, given):
                yield Setting("dataset", tail, node.lineno, call.place, "")
        elif tail == "load_data" and ".datasets." in call.name:
            yield Setting("dataset", call.receiver.rpartition(".")[2], node.lineno, call.place, "")
        elif tail in ("to", "cuda"):
            yield from self._moved(call)
        elif tail == "YOLO":
            yield from self._given(call, "model", "model", node.args[0] if node.args else given.get("model"))
        elif words.BOOSTERS.match(tail) and self._is_trained(call):
            yield from self._booster(call)
        elif tail == "gradient_checkpointing_enable":
            yield Setting("gradient_checkpointing", True, node.lineno, call.place, "")
        elif "tokenize" in tail.lower() and self._prepares(call):
            yield from self._given(call, "max_length", "length", given.get("max_length"))
        else:
            yield from self._model(call, given)

    def _prepares(self, call: Call) -> bool:
        """Whether a tokenizer's call stands where the training's data are made: in the training, or in what maps them."""
        name = _enclosing_name(call)
        return name in self.training.functions or any(word in name for word in ("tokenize", "preprocess", "encode", "collate", "__getitem__"))

    def _local(self, call: Call) -> Iterator[Setting]:
        """`train(model, epochs=3, lr=1e-4)`: what a call of a training function gives for its parameters, or leaves to
        their defaults where the function stands here."""
        for keyword in call.node.keywords:
            if keyword.arg is not None and keyword.arg not in _UNWANTED:
                yield from self._given(call, keyword.arg, f"name:{keyword.arg}", keyword.value)
        functions = self.program.functions.get(call.tail, ())
        if len(functions) != 1:
            return
        arguments = functions[0].args
        named = {keyword.arg for keyword in call.node.keywords}
        for argument in (*arguments.args, *arguments.kwonlyargs):
            if argument.arg not in named and words.PARAMETER.match(argument.arg):
                found = self.values.argument(call, functions[0], argument.arg, default_of(functions[0], argument.arg))
                if isinstance(found, Known):
                    yield from self._value(argument.arg, f"name:{argument.arg}", found, call.place)

    def _booster(self, call: Call) -> Iterator[Setting]:
        yield Setting("architecture", call.tail, call.node.lineno, call.place, "architecture")
        yield from self._some(call, ("n_estimators", "iterations", "learning_rate", "random_state"))

    def _compiled(self, call: Call) -> Iterator[Setting]:
        """`model.compile(optimizer="adam")`; an optimizer that is called stands for itself."""
        given = {k.arg: k.value for k in call.node.keywords}
        first = given.get("optimizer") or (call.node.args[0] if call.node.args else None)
        if isinstance(first, ast.Call) or not imports_any(self.program, "keras", "tensorflow"):
            return
        named = self.values.known(first)
        if named is not None and isinstance(named.value, str) and not words.role_of(*(dotted(call.node.func).split(".")[:-1])):
            yield from self._value("optimizer", "optimizer", named, call.place)

    def _dataset(self, call: Call) -> Iterator[Setting]:
        given = {k.arg: k.value for k in call.node.keywords}
        if self._is_for_evaluation(call, given):
            return
        named = self.values.known(call.node.args[0] if call.node.args else given.get("path"))
        if named is None:
            return
        if named.value in ("json", "csv", "text", "parquet", "imagefolder", "audiofolder", "arrow", "pandas"):
            files = given.get("data_files") or given.get("data_dir")
            record = self.values.record(files)
            yield from self._given(call, "dataset_path", "", record.fields.get("train") if record is not None else files)
        else:
            yield from self._value("dataset_name", "", named, call.place)

    def _is_for_evaluation(self, call: Call, given: dict[str | None, ast.expr]) -> bool:
        split, train = self.values.known(given.get("split")), self.values.known(given.get("train"))
        return (
            (split is not None and words.EVALUATION.search(str(split.value)) is not None)
            or (train is not None and train.value is False)
            or any(words.EVALUATION.search(name) for name in call.targets)
        )

    def _moved(self, call: Call) -> Iterator[Setting]:
        """`model.to("cuda")`, `model.cuda()`: of a model only, and with a literal."""
        receiver = dotted(call.node.func).rpartition(".")[0]
        if not words.MODEL_NAME.match(receiver):
            return
        if call.tail == "cuda":
            yield Setting("device", "cuda", call.node.lineno, call.place, "device")
        elif call.node.args:
            found = self.values.known(call.node.args[0])
            if found is not None and isinstance(found.value, str):
                yield from self._value("device", "device", found, call.place)

    def _model(self, call: Call, given: dict[str | None, ast.expr]) -> Iterator[Setting]:
        node, tail = call.node, call.tail
        if call.name in ("timm.create_model", "timm.models.create_model"):
            yield from self._given(call, "timm_model", "model", node.args[0] if node.args else given.get("model_name"))
            return
        if not any(words.MODEL_NAME.match(target) for target in call.targets) and not (
            words.ESTIMATORS.search(tail) and self._is_trained(call)
        ):
            return
        if tail in words.WRAPPERS or words.is_optimizer(call.name) or tail.startswith("_"):
            return
        of_zoo = call.name.startswith("torchvision.models.") or ".applications." in call.name or call.name.startswith("models.")
        if (tail[:1].isupper() and tail not in ("MODEL", "NET")) or (of_zoo and tail[:1].isalpha() and tail not in ("load_model", "get_model")):
            if tail.endswith(("Config", "SearchCV", "Pipeline", "Loader", "Dataset", "Trainer")) or tail.isupper() and len(tail) < 3:
                return
            yield Setting("architecture", tail, node.lineno, call.place, "architecture")

    def _is_trained(self, call: Call) -> bool:
        return not call.targets or bool(set(call.targets) & self.trained_models)

    def _dtype(self, call: Call, node: ast.expr | None) -> Iterator[Setting]:
        name = dotted(node) if node is not None else ""
        if name.rpartition(".")[2] in ("bfloat16", "float16", "half"):
            yield Setting("amp_dtype", name.rpartition(".")[2], call.node.lineno, call.place, "precision")

    # Building settings

    def _some(self, call: Call, names: Sequence[str]) -> Iterator[Setting]:
        for keyword in call.node.keywords:
            if keyword.arg in names:
                yield from self._given(call, keyword.arg, keyword.arg, keyword.value)
            elif keyword.arg is None:
                yield from self._expanded(call, keyword.value, "", names)

    def _keywords(self, call: Call, prefix: str) -> Iterator[Setting]:
        for keyword in call.node.keywords:
            if keyword.arg is None:
                yield from self._expanded(call, keyword.value, prefix)
            elif keyword.arg not in _UNWANTED or (keyword.arg == "model" and isinstance(keyword.value, ast.Constant)):
                yield from self._given(call, prefix + keyword.arg, "", keyword.value)

    def _expanded(self, call: Call, node: ast.expr, prefix: str, names: Sequence[str] = ()) -> Iterator[Setting]:
        """`**training_args`."""
        record = self.values.record(node)
        for key, value in (record.fields if isinstance(record, Record) else {}).items():
            if not names or key in names:
                yield from self._given(call, prefix + key, "", value)

    def _given(self, call: Call, key: str, slot: str, node: ast.expr | None) -> Iterator[Setting]:
        yield from self._value(key, slot, self.values.known(node), call.place)

    def _value(self, key: str, slot: str, known: Known | None, place: Place) -> Iterator[Setting]:
        if known is not None and known.value is not None and known.line:
            yield Setting(key, known.value, known.line, place, slot)

    def _is_number(self, node: ast.expr) -> bool:
        found = self.values.known(node)
        return found is not None and isinstance(found.value, (int, float))


def _is_saved(path: str) -> bool:
    """Whether a path is that of something this project saved (`./results/checkpoint-500`), not of a model by name."""
    text = path.lower().replace("\\", "/")
    return "checkpoint-" in text or text.startswith(("./results", "./output", "output", "results", "./saved", "saved"))


def _strip(node: ast.expr) -> ast.expr:
    """`netD.parameters()` -> `netD`."""
    while isinstance(node, ast.Call):
        node = node.func.value if isinstance(node.func, ast.Attribute) else (node.args[0] if node.args else node.func)
        if isinstance(node, ast.Name):
            break
    return node


def _enclosing_name(call: Call) -> str:
    function = call.place.scope.function
    return function.name if function is not None else ""


def _is_optional_factory(call: Call) -> bool:
    """`peft: Optional[LoraConfig] = field(default_factory=lambda: LoraConfig(...))`: may or may not be used."""
    scope = call.place.scope
    if not isinstance(scope.node, ast.ClassDef):
        return False
    return any(
        isinstance(s, ast.AnnAssign) and s.lineno <= call.node.lineno <= (s.end_lineno or s.lineno) and "Optional" in ast.dump(s.annotation)
        for s in scope.node.body
    )
