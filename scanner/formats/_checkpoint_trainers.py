"""What each trainer adds to the dictionary that is its checkpoint, told apart by the keys that it alone writes.

    Lightning    pytorch-lightning_version, optimizer_states, lr_schedulers, hyper_parameters, loops, callbacks
    Ultralytics  train_args, train_metrics, train_results; the older trainer: best_fitness, updates, opt
    timm         arch, args, epoch (of the epoch just ended, from 0), metric
    detectron2   iteration (of the step just ended, from 0), optimizer, scheduler
    fairseq      extra_state, optimizer_history, args or cfg
    Transformers optimizer.pt {"state", "param_groups"}, scheduler.pt {"base_lrs", "last_epoch"}
    a loop       optimizer_state_dict, args: keys that many programs use; their epoch may count from 0 or 1 and is left

A checkpoint that has stepped its optimizer says so by the mark `optimizer_state`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from scanner.formats import _checkpoint_parts as parts
from scanner.formats import _ultralytics_args as yolo
from scanner.formats._base import Document, Stated, to_whole
from scanner.formats._checkpoint_parts import Optimizer, fact, mark, number, say
from scanner.formats._hf_folder import run_folder
from scanner.formats._pickle_objects import Record
from scanner.formats._torch_file import TorchFile, leaves, mapping

_VERSION = re.compile(r"(?:^|/)version_[\w-]{1,40}$")
_TRACKER_ID = re.compile(r"(?:^|/)[a-z0-9]{8}$")
_ACCELERATE = re.compile(r"(?:^|/)(?:epoch|step)_\d+$")
_DEEPSPEED = re.compile(r"/global_step\d+$")
MAX_ROWS = 20_000
_OPTIMIZERS = (
    "optimizer_states optimizer_state_dict optimizer optimizer_state optim_state_dict optim opt_state_dict opt "
    "last_optimizer_state optimizers"
).split()
_BAGS = (
    "args config cfg hparams hyper_parameters opt train_args training_args options hyperparameters ds_config".split()
)
_COUNTERS = ("global_step", "global_steps", "num_updates", "iter_num")


def stated(document: Document, root: dict[Any, Any], saved: TorchFile) -> Iterator[Stated]:
    """What the trainer that wrote the dictionary recorded."""
    if "pytorch-lightning_version" in root:
        yield from _lightning(document, root, saved)
    elif isinstance(root.get("train_args"), dict) or {"best_fitness", "updates"} <= set(root):
        yield from _ultralytics(document, root)
    elif parts.optimizer_of(root) is not None:
        yield from _bare_optimizer(document, root)
    elif "base_lrs" in root and "last_epoch" in root:
        yield from _bare_scheduler(document, root)
    else:
        yield from _dictionary(document, root)


def optimizers_of(root: dict[Any, Any]) -> tuple[list[Optimizer], str]:
    """The optimizers of a dictionary, and the key under which they stand."""
    for key in _OPTIMIZERS:
        value = root.get(key)
        several = list(value.values()) if isinstance(value, dict) and _holds_states(value) else [value]
        several = value if isinstance(value, list) else several
        found = [optimizer for one in several if (optimizer := parts.optimizer_of(one)) is not None]
        if found:
            return found, key
    return [], ""


def _holds_states(value: dict[Any, Any]) -> bool:
    return bool(value) and all(parts.optimizer_of(one) is not None for one in list(value.values())[:8])


def _lightning(document: Document, root: dict[Any, Any], saved: TorchFile) -> Iterator[Stated]:
    folder, _, last = document.folder.rpartition("/")
    if last == "checkpoints" and (_VERSION.search(folder) or _TRACKER_ID.search(folder)):
        yield fact("run_folder", folder)
    else:
        yield from parts.shared_place(document)
    yield say("framework", "lightning", "pytorch-lightning_version")
    optimizers, key = optimizers_of(root)
    given = parts.settings(root.get("hyper_parameters"), "hyper_parameters", is_certain=True)
    yield from parts.without_decay(given, optimizers)
    yield from parts.stated_by(optimizers, f"{key}/0", parts.has_rate(given))
    step = number(root.get("global_step"))
    epoch = _lightning_epoch(root)
    if optimizers and step:
        yield mark("optimizer_state", to_whole(step), key)
    if epoch is not None:
        yield mark("first_epoch", 0, "epoch")
    if step:
        yield Stated("global_step", to_whole(step), 0, "metric", step, epoch, "reported", "global_step")
    yield from _monitored(root, saved, step, epoch)


def _lightning_epoch(root: dict[Any, Any]) -> float | None:
    """The last epoch whose batches are done, from 0; before version 1.5, without loops, `epoch` is their number."""
    progress: Any = root.get("loops")
    for key in ("fit_loop", "epoch_progress", "current", "processed"):
        progress = progress.get(key) if isinstance(progress, dict) else None
    done = number(progress)
    if done is not None:
        return done - 1 if done > 0 else None
    epoch = number(root.get("epoch"))
    return epoch - 1 if epoch and "loops" not in root else epoch


def _monitored(root: dict[Any, Any], saved: TorchFile, step: float | None, epoch: float | None) -> Iterator[Stated]:
    """The watched metric as it was when this checkpoint was saved."""
    for name, state in (mapping(root.get("callbacks")) or {}).items():
        if not isinstance(name, str) or not isinstance(state, dict) or not name.startswith("ModelCheckpoint"):
            continue
        monitor, value = state.get("monitor"), saved.number(state.get("current_score"))
        if isinstance(monitor, str) and value is not None and step:
            yield Stated(
                monitor, value, 0, "metric", step, epoch, "reported", "callbacks/ModelCheckpoint/current_score"
            )


def _ultralytics(document: Document, root: dict[Any, Any]) -> Iterator[Stated]:
    folder, _, last = document.folder.rpartition("/")
    is_new = isinstance(root.get("train_args"), dict)
    key = "train_args" if is_new else "opt"
    arguments = {path[-1]: yolo.Argument(scalar, 0) for path, scalar in leaves(root.get(key)) if len(path) < 3}
    if last == "weights" and (_names(arguments, folder) or {"best.pt", "last.pt"} <= document.siblings):
        yield fact("run_folder", folder)
    else:
        yield from parts.shared_place(document)
    yield say("framework", "ultralytics", key)
    for found in yolo.stated(arguments):
        if found.role == "setting":
            yield found._replace(pointer=key)
    if (
        last == "weights"
        and is_new
        and arguments.get("mode", yolo.Argument("", 0)).value == "train"
        and _names(arguments, folder)
    ):
        yield fact("training_program", f"mode=train task={arguments.get('task', arguments['mode']).value}", key)
    epoch = number(root.get("epoch"))
    has_stepped = epoch is not None and epoch >= 0 and bool(optimizers_of(root)[0])
    if is_new and last == "weights" and _names(arguments, folder):
        yield from _table(root.get("train_results"))
    if epoch is None or epoch < 0:
        return  # stripped after the last epoch
    if has_stepped:
        yield mark("optimizer_state", to_whole(epoch), "epoch")
    if not is_new:
        yield mark("first_epoch", 0, "epoch")
    yield Stated("epoch", epoch + is_new, 0, "metric", None, epoch + is_new, "reported", "epoch")
    for name, value in (mapping(root.get("train_metrics")) or {}).items():
        if isinstance(name, str) and name != "fitness" and number(value) is not None:
            yield Stated(name, number(value) or 0.0, 0, "metric", None, epoch + 1, "reported", f"train_metrics/{name}")


def _table(results: Any) -> Iterator[Stated]:
    """The training's `results.csv`, which newer versions keep in the checkpoint: columns by name."""
    columns = mapping(results) or {}
    epochs = columns.get("epoch")
    if not isinstance(epochs, list) or len(epochs) > MAX_ROWS:
        return
    for name, column in columns.items():
        if name in ("epoch", "time") or not isinstance(name, str) or not isinstance(column, list):
            continue
        for epoch, value in zip(epochs, column, strict=False):
            if number(epoch) is not None and number(value) is not None:
                pointer = f"train_results/{name}"
                yield Stated(name, number(value) or 0.0, 0, "metric", None, number(epoch), "reported", pointer)


def _names(arguments: dict[str, yolo.Argument], folder: str) -> bool:
    """Whether the arguments name the folder: it was made by this training, not fetched."""
    name = arguments.get("name")
    return name is not None and str(name.value) == folder.rpartition("/")[2]


def _bare_optimizer(document: Document, root: dict[Any, Any]) -> Iterator[Stated]:
    """`optimizer.pt` of a checkpoint folder; elsewhere an optimizer alone says too little."""
    optimizer, folder = parts.optimizer_of(root), _above_checkpoint(document.folder)
    if optimizer is None or folder == document.folder:
        return
    yield fact("run_folder", folder)
    yield from parts.stated_by([optimizer], "")
    if optimizer.has_state:
        yield mark("optimizer_state", True, "state")


def _above_checkpoint(folder: str) -> str:
    """The folder around a checkpoint's: of the Trainer, of accelerate (`epoch_2`, `step_500`), of DeepSpeed within."""
    plain = _DEEPSPEED.sub("", folder)
    above = run_folder(plain)
    return above if above != plain else plain.rpartition("/")[0] if _ACCELERATE.search(plain) else folder


def _bare_scheduler(document: Document, root: dict[Any, Any]) -> Iterator[Stated]:
    rates = root["base_lrs"]
    found = {rate for rate in rates if isinstance(rate, (int, float))} if isinstance(rates, list) else set()
    folder = _above_checkpoint(document.folder)
    if len(found) != 1 or folder == document.folder:
        return
    yield fact("run_folder", folder)
    yield say("initial_lr", found.pop(), "base_lrs/0")


def _dictionary(document: Document, root: dict[Any, Any]) -> Iterator[Stated]:
    optimizers, key = optimizers_of(root)
    given = [s for bag in _BAGS if bag != key for s in _bag(root.get(bag), bag)]
    if not optimizers and not given:
        return
    folder = _above_checkpoint(document.folder)
    if folder != document.folder:
        yield fact("run_folder", folder)
    else:
        yield from parts.shared_place(document)
    framework, progress = _trainer(root)
    if framework or optimizers:
        yield say("framework", *(framework or ("pytorch", f"{key}/param_groups")))
    yield from parts.without_decay(given, optimizers)
    yield from parts.stated_by(optimizers, f"{key}/0" if len(optimizers) > 1 else key, parts.has_rate(given))
    if any(optimizer.has_state for optimizer in optimizers):
        yield mark("optimizer_state", True, key)
    elif "ds_version" in root and number(root.get("global_steps")):
        yield mark("optimizer_state", to_whole(number(root["global_steps"]) or 0), "global_steps")
    yield from progress


def _bag(value: Any, name: str) -> list[Stated]:
    if isinstance(value, Record) and value.short.endswith("Config") and "Train" not in value.short:
        return []  # a model's configuration
    return parts.settings(value, name)


def _trainer(root: dict[Any, Any]) -> tuple[tuple[str, str] | None, Sequence[Stated]]:
    """(framework and the key that tells it, progress in its way of counting)."""
    keys = set(root)
    if {"extra_state", "optimizer_history"} <= keys:
        history = root["optimizer_history"]
        last = mapping(history[-1]) if isinstance(history, list) and history else None
        return ("fairseq", "optimizer_history"), _steps(
            (last or {}).get("num_updates"), "optimizer_history/num_updates"
        )
    if {"model", "iteration"} <= keys and ("scheduler" in keys or "optimizer" in keys):
        iteration = number(root["iteration"])
        is_detectron2 = "__author__" in keys or not keys - {"model", "optimizer", "scheduler", "iteration"}
        return (
            ("detectron2", "iteration") if is_detectron2 else None,
            _steps(iteration + 1, "iteration") if is_detectron2 and iteration is not None else (),
        )
    if {"arch", "args", "epoch", "state_dict"} <= keys and ("metric" in keys or "version" in keys):
        epoch = number(root["epoch"])
        if epoch is None:
            return ("timm", "arch"), ()
        return ("timm", "arch"), (
            mark("first_epoch", 0, "epoch"),
            Stated("epoch", epoch, 0, "metric", None, epoch, "reported", "epoch"),
        )
    if {"model_args", "iter_num", "best_val_loss"} <= keys:
        return ("nanogpt", "iter_num"), _steps(root["iter_num"], "iter_num")
    meta = mapping(root.get("meta")) or {}
    if "mmengine_version" in meta or "mmcv_version" in meta:
        epoch = number(meta.get("epoch"))
        closed = [Stated("epoch", epoch, 0, "metric", None, epoch, "reported", "meta/epoch")] if epoch else []
        return ("openmmlab", "meta"), (*closed, *_steps(meta.get("iter"), "meta/iter"))
    is_deepspeed = "ds_version" in keys
    for key in _COUNTERS:
        if number(root.get(key)):
            return ("deepspeed", "ds_version") if is_deepspeed else None, _steps(root[key], key)
    return ("deepspeed", "ds_version") if is_deepspeed else None, ()


def _steps(value: Any, pointer: str) -> Sequence[Stated]:
    step = number(value)
    if not step:
        return ()
    return (Stated("global_step", to_whole(step), 0, "metric", step, None, "reported", pointer),)
