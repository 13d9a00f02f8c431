"""What trainers and their argument classes are given: transformers, trl, Lightning, Keras, Ultralytics, boosting.

TrainingArguments("out", learning_rate=2e-5, num_train_epochs=3)
pl.Trainer(max_epochs=10, precision="16-mixed", devices=2)
model.fit(x, y, epochs=20, batch_size=64)
YOLO("yolov8n.pt").train(data="coco8.yaml", epochs=50)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from scanner.formats import _python_vocabulary as words
from scanner.formats._python_known import Known
from scanner.formats._python_makers import base_names, imports_any
from scanner.formats._python_parameters import argument as argument_of
from scanner.formats._python_parameters import default_of
from scanner.formats._python_scopes import Call, dotted
from scanner.formats._python_settings import UNWANTED, Context, Setting

_FIT_KEYS = {"epochs": "epochs", "nb_epoch": "epochs", "batch_size": "batch"}
_LIGHTNING = ("max_epochs", "max_steps", "precision", "accumulate_grad_batches", "gradient_clip_val", "accelerator")
_YOLO = ("data", "epochs", "batch", "seed", "optimizer", "lr0", "weight_decay", "cos_lr", "dropout", "warmup_epochs")


def arguments(at: Context, call: Call) -> Iterator[Setting]:
    if words.FOREIGN_ARGUMENTS.search(call.tail):
        return
    yield from at.keywords(call, "")


def lightning_trainer(at: Context, call: Call) -> Iterator[Setting]:
    given = {k.arg: k.value for k in call.node.keywords}
    if not call.name.startswith(("pytorch_lightning.", "lightning.", "pl.", "L.")) and not set(given) & {
        "max_epochs",
        "accelerator",
    }:
        return
    yield from at.some(call, _LIGHTNING)
    devices = at.values.known(given.get("devices") or given.get("gpus"))
    if (
        devices is not None
        and isinstance(devices.value, int)
        and devices.value > 0
        and not isinstance(devices.value, bool)
    ):
        yield from at.value("num_devices", "devices", devices, call.place)
        if "gpus" in given:
            yield from at.value("device", "device", Known("gpu", devices.line), call.place)
    elif isinstance(given.get("devices"), ast.List):
        listed = given["devices"]
        assert isinstance(listed, ast.List)
        yield from at.value("num_devices", "devices", Known(len(listed.elts), listed.lineno), call.place)


def fit(at: Context, call: Call) -> Iterator[Setting]:
    receiver = dotted(call.node.func).rpartition(".")[0]
    made = [n for m in at.makers.of(receiver, call.place) for n in base_names(m.name, at.program)]
    if isinstance(call.node.func, ast.Attribute) and isinstance(call.node.func.value, ast.Call):
        made = [at.program.qualified(call.node.func.value.func)]
    if any(n.rpartition(".")[2] in ("YOLO", "RTDETR") for n in made):
        yield from _yolo(at, call)
    elif call.tail in ("fit", "fit_generator") and not any(words.ESTIMATORS.search(n) for n in made):
        for keyword in call.node.keywords:
            if keyword.arg in _FIT_KEYS:
                yield from at.given(call, keyword.arg, _FIT_KEYS[keyword.arg], keyword.value)
            elif keyword.arg is None:
                yield from at.expanded(call, keyword.value, "")
    elif call.tail in ("fit_one_cycle", "fine_tune") and imports_any(at.program, "fastai"):
        yield from at.given(call, "epochs", "epochs", call.node.args[0] if call.node.args else None)
        given = {k.arg: k.value for k in call.node.keywords}
        yield from at.given(call, "max_lr", "rate", given.get("lr_max") or given.get("base_lr"))
    elif call.name in ("xgboost.train", "lightgbm.train", "xgb.train", "lgb.train"):
        yield from _native_booster(at, call)


def _yolo(at: Context, call: Call) -> Iterator[Setting]:
    given = {k.arg: k.value for k in call.node.keywords}
    optimizer = at.values.known(given.get("optimizer"))
    is_auto = optimizer is None or str(optimizer.value).lower() == "auto"
    for key in _YOLO:
        if key in given and not (is_auto and key in ("lr0", "optimizer")):
            if key == "cos_lr":
                cosine = at.values.known(given[key])
                if cosine is not None and cosine.value is True:
                    yield from at.value("lr_scheduler", "scheduler", Known("cosine", cosine.line), call.place)
            else:
                yield from at.given(call, key, {"batch": "batch", "epochs": "epochs"}.get(key, key), given[key])
    device = at.values.known(given.get("device"))
    if device is not None:
        is_index = isinstance(device.value, int) or str(device.value).replace(",", "").isdigit()
        yield from at.value("device", "device", Known("cuda", device.line) if is_index else device, call.place)


def _native_booster(at: Context, call: Call) -> Iterator[Setting]:
    given = {k.arg: k.value for k in call.node.keywords}
    params = given.get("params") or (call.node.args[0] if call.node.args else None)
    record = at.values.record(params)
    for key in ("learning_rate", "eta"):
        if record is not None and key in record.fields:
            yield from at.given(call, key, "rate", record.fields[key])
    rounds = given.get("num_boost_round") or (call.node.args[2] if len(call.node.args) > 2 else None)
    yield from at.given(call, "num_boost_round", "steps", rounds)
    yield Setting(
        "architecture", "LightGBM" if call.name.startswith("l") else "XGBoost", call.node.lineno, call.place, ""
    )


def local_call(at: Context, call: Call) -> Iterator[Setting]:
    """`train(model, epochs=3, lr=1e-4)`: what a call of a training function gives for its parameters, or leaves to
    their defaults where the function stands here."""
    for keyword in call.node.keywords:
        if keyword.arg is not None and keyword.arg not in UNWANTED:
            yield from at.given(call, keyword.arg, f"name:{keyword.arg}", keyword.value)
    functions = at.program.functions.get(call.tail, ())
    if len(functions) != 1:
        return
    arguments = functions[0].args
    named = {keyword.arg for keyword in call.node.keywords}
    for argument in (*arguments.args, *arguments.kwonlyargs):
        if argument.arg not in named and words.PARAMETER.match(argument.arg):
            found = argument_of(at.values, call, functions[0], argument.arg, default_of(functions[0], argument.arg))
            if isinstance(found, Known):
                yield from at.value(argument.arg, f"name:{argument.arg}", found, call.place)


def booster(at: Context, call: Call) -> Iterator[Setting]:
    yield Setting("architecture", call.tail, call.node.lineno, call.place, "architecture")
    yield from at.some(call, ("n_estimators", "iterations", "learning_rate", "random_state"))


def compiled(at: Context, call: Call) -> Iterator[Setting]:
    """`model.compile(optimizer="adam")`; an optimizer that is called stands for itself."""
    given = {k.arg: k.value for k in call.node.keywords}
    first = given.get("optimizer") or (call.node.args[0] if call.node.args else None)
    if isinstance(first, ast.Call) or not imports_any(at.program, "keras", "tensorflow"):
        return
    named = at.values.known(first)
    if (
        named is not None
        and isinstance(named.value, str)
        and not words.role_of(*(dotted(call.node.func).split(".")[:-1]))
    ):
        yield from at.value("optimizer", "optimizer", named, call.place)
