"""What an OpenMMLab configuration asks for: mmcv 1.x (`optimizer`, `data`, `runner`), mmengine (`optim_wrapper`, ...).

Only the places that the trainer reads count: a `dict(type='ResNet', depth=18)` five levels down is a part of the model,
`warmup_ratio` is a start factor, the `data_root` at the top may be a base configuration's and is not the data set's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scanner.formats._base import Stated
from scanner.formats._json import Leaf
from scanner.records import Origin, Scalar

Path = tuple[str | int, ...]

_SETTINGS: dict[Path, str] = {
    ("optimizer", "type"): "optimizer",
    ("optimizer", "lr"): "lr",
    ("optimizer", "weight_decay"): "weight_decay",
    ("optim_wrapper", "optimizer", "type"): "optimizer",
    ("optim_wrapper", "optimizer", "lr"): "lr",
    ("optim_wrapper", "optimizer", "weight_decay"): "weight_decay",
    ("optim_wrapper", "clip_grad", "max_norm"): "max_grad_norm",
    ("optim_wrapper", "accumulative_counts"): "gradient_accumulation_steps",
    ("optimizer_config", "grad_clip", "max_norm"): "max_grad_norm",
    ("optimizer_config", "cumulative_iters"): "gradient_accumulation_steps",
    ("lr_config", "policy"): "lr_scheduler",
    ("runner", "max_epochs"): "max_epochs",
    ("runner", "max_iters"): "max_iters",
    ("total_epochs",): "total_epochs",
    ("train_cfg", "max_epochs"): "max_epochs",
    ("train_cfg", "max_iters"): "max_iters",
    ("data", "samples_per_gpu"): "samples_per_gpu",
    ("data", "imgs_per_gpu"): "samples_per_gpu",
    ("data", "train_dataloader", "samples_per_gpu"): "samples_per_gpu",
    ("train_dataloader", "batch_size"): "batch_size",
    ("seed",): "seed",
    ("randomness", "seed"): "seed",
    ("device",): "device",
}
_WRAPPERS = re.compile(r"(?:Image|Timm|HuggingFace)Classifier|Recognizer[23]D|TopdownPoseEstimator|TopDown")
"""Models whose own type says nothing beside their backbone's."""
_TRAIN_DATA = (("data", "train"), ("train_dataloader", "dataset"))
_PLACES = frozenset(
    {"train", "val", "test", "images", "annotations", "imagesets", "main", "splits", "jpegimages", "meta"}
)


def stated(leaves: Iterable[Leaf], origin: Origin) -> Iterator[Stated]:
    """The settings of a configuration's leaves."""
    found = {leaf.path: leaf for leaf in leaves if leaf.value is not None}

    def say(key: str, value: Scalar, leaf: Leaf) -> Stated:
        written = ".".join(map(str, leaf.path))
        return Stated(key, value, leaf.line, origin=origin, pointer="", raw=f"{written} = {leaf.value!r}")

    for path, key in _SETTINGS.items():
        leaf = found.get(path)
        if leaf is not None and leaf.value is not None:
            yield say(key, leaf.value, leaf)
    model = _model(found)
    if model is not None:
        yield say("model_class", model[0], model[1])
    warmup = found.get(("lr_config", "warmup_iters"))
    if warmup is not None and warmup.value and ("lr_config", "warmup") in found:
        by_epoch = found.get(("lr_config", "warmup_by_epoch"))
        if by_epoch is None or by_epoch.value is False:
            yield say("warmup_iters", warmup.value, warmup)
    yield from (say(key, value, leaf) for key, value, leaf in _schedule(found))
    precision = _precision(found)
    if precision is not None:
        yield say("precision", precision[0], precision[1])
    devices = [leaf for path, leaf in found.items() if path[:1] == ("gpu_ids",)]
    if devices:
        yield say("num_gpus", len(devices), devices[0])
    data = _data(found)
    if data is not None:
        yield say("dataset_path", data[0], data[1])
    folder = found.get(("work_dir",))
    if folder is not None and isinstance(folder.value, str):
        yield say("output_dir", folder.value, folder)._replace(role="fact")


def bases(leaves: Iterable[Leaf]) -> Iterator[Stated]:
    """The configurations that one inherits from."""
    for leaf in leaves:
        if leaf.path[0] == "_base_" and isinstance(leaf.value, str):
            yield Stated("config_file", leaf.value, leaf.line, "fact", raw=f"_base_ = {leaf.value!r}")


def _model(found: dict[Path, Leaf]) -> tuple[str, Leaf] | None:
    whole, backbone = found.get(("model", "type")), found.get(("model", "backbone", "type"))
    if whole is None:
        return None
    if backbone is not None and _WRAPPERS.match(str(whole.value)):
        depth = found.get(("model", "backbone", "depth"))
        return f"{backbone.value}{depth.value}" if depth is not None else str(backbone.value), backbone
    return str(whole.value), whole


def _schedule(found: dict[Path, Leaf]) -> Iterator[tuple[str, Scalar, Leaf]]:
    """mmengine's list of schedulers: a leading linear or constant one by iterations is the warm-up."""
    types = [
        leaf
        for path, leaf in found.items()
        if path[:1] == ("param_scheduler",) and path[-1] == "type" and len(path) <= 3
    ]
    for leaf in types:
        parent = leaf.path[:-1]
        is_warmup = len(types) > 1 and str(leaf.value) in ("LinearLR", "ConstantLR") and leaf is types[0]
        if not is_warmup:
            yield "lr_scheduler", str(leaf.value), leaf
            continue
        by_epoch, end = found.get((*parent, "by_epoch")), found.get((*parent, "end"))
        if by_epoch is not None and by_epoch.value is False and end is not None and isinstance(end.value, int):
            yield "warmup_iters", end.value, end


def _precision(found: dict[Path, Leaf]) -> tuple[str, Leaf] | None:
    for path, leaf in found.items():
        if path[:1] == ("fp16",) and leaf.value is not False:
            return "fp16", leaf
    wrapper = found.get(("optim_wrapper", "type"))
    if wrapper is not None and wrapper.value == "AmpOptimWrapper":
        kind = found.get(("optim_wrapper", "dtype"))
        return (str(kind.value), kind) if kind is not None else ("fp16", wrapper)
    return None


def _data(found: dict[Path, Leaf]) -> tuple[str, Leaf] | None:
    """The training data set's folder: its root, or what its annotation file and image folder stand in."""
    for wanted in ("data_root", "ann_file", "data_prefix", "img_prefix", "img_dir", "type"):
        for start in _TRAIN_DATA:
            for path, leaf in found.items():
                if path[: len(start)] == start and path[-1] == wanted and isinstance(leaf.value, str) and leaf.value:
                    if "pipeline" in path:
                        continue
                    name = leaf.value if wanted in ("data_root", "type") else _folder(leaf.value)
                    if name.strip("./"):
                        return name, leaf
    return None


def _folder(path: str) -> str:
    """A path without its last parts that only say what lies there (`/data/balloon/train/a.json` -> `/data/balloon`)."""
    parts = path.rstrip("/").split("/")
    while parts and (parts[-1].lower() in _PLACES or "." in parts[-1]):
        parts.pop()
    return "/".join(parts)
