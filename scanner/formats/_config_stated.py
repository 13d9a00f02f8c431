"""The leaves of a training's configuration as what formats yield.

Left out: what is switched off (`use_peft: false` beside `lora_r`, `enabled: false`), what belongs to an evaluation,
lists and ranges of alternatives, interpolations, and a plan that several sections state differently.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from scanner.formats import _command_tools as tools
from scanner.formats import _config_role as role
from scanner.formats._base import Stated
from scanner.formats._json import Leaf

Path = tuple[str | int, ...]

_SWITCHES = frozenset({"enabled", "enable", "active", "use", "is_enabled"})
_LORA_SWITCHES = frozenset(
    {"use_peft", "use_lora", "lora", "peft", "enable_lora", "use_qlora", "lora_enable", "with_lora"}
)
_CLASS_KEYS = frozenset({"_target_", "_component_", "class_path"})
_CLASS_PARENTS = frozenset({"optimizer", "optim", "scheduler", "lr_scheduler", "model", "net", "network"})
_RANGES = ({"min", "max"}, {"values"}, {"distribution"}, {"choices"}, {"low", "high"}, {"grid"}, {"sample"})
_OF_TRAINING = re.compile(r"^(?:train|training|trainer|optimi[sz]er|optim|solver|hyper_?parameters|hparams)(?:_|$)")
_DATA_KEYS = frozenset({"dataset", "dataset_name", "dataset_path", "data_path", "data_dir", "dataset_dir"})
_NO_CLASS = ("__", "${", "{{", "%(", "<", "???")


def stated(found: Sequence[Leaf], *, with_plan: bool = True) -> Iterator[Stated]:
    """Settings, output folder, name and further configuration files. Without `with_plan`, a composed part: what it says
    about rates, batches and durations is left to the part that trains."""
    off = _switched_off(found)
    kept = [leaf for leaf in _unwrapped(found) if not any(_covers(*switch, leaf) for switch in off)]
    disputed = _disputed(kept)
    lists = _lengths(kept)
    ranges = _ranges(kept)
    is_deepspeed = is_deepspeed_config(found)
    # Ultralytics: the automatic optimizer brings its own rate and ignores the one that is written.
    roots = {str(leaf.path[0]) for leaf in found}
    has_steps = any(role.normal(x.path[-1]) == "max_steps" and isinstance(x.value, int) and x.value > 0 for x in kept)
    is_automatic = any(leaf.path == ("optimizer",) and leaf.value == "auto" for leaf in kept)
    for leaf in kept:
        parts = [part for part in leaf.path if isinstance(part, str)]
        names = [role.normal(part) for part in parts]
        if leaf.value is None or leaf.value == "" or any(map(role.is_of_evaluation, names[:-1])):
            continue
        if _is_alternative(leaf, lists) or leaf.path[:-1] in ranges:
            continue
        text = str(leaf.value)
        if isinstance(leaf.value, str) and any(mark in text for mark in _NO_CLASS):
            continue
        raw = f"{'.'.join(map(str, leaf.path))}: {text}"
        last = names[-1]
        if last in _CLASS_KEYS:
            if len(names) > 1 and names[-2] in _CLASS_PARENTS:
                yield Stated(".".join(parts[:-1]), text.rsplit(".", 1)[-1], leaf.line, pointer=leaf.pointer, raw=raw)
        elif last in tools.OUTPUT_KEYS:
            yield Stated("output_dir", text, leaf.line, "fact", pointer=leaf.pointer, raw=raw)
        elif last in tools.NAME_KEYS:
            yield Stated("run_name", text, leaf.line, "fact", pointer=leaf.pointer, raw=raw)
        elif _names_config(last, text):
            yield Stated("config_file", text, leaf.line, "fact", pointer=leaf.pointer, raw=raw)
        elif last in disputed or (not with_plan and role.plan_kind(last) is not None):
            if with_plan and disputed.get(last) == leaf.path:
                yield Stated(".".join(parts), leaf.value, leaf.line, pointer=leaf.pointer, raw=raw)
        elif (is_deepspeed and last == "train_batch_size") or (is_automatic and last == "lr0"):
            continue  # DeepSpeed's is the batch of all devices and accumulated steps together
        elif last == "num_train_epochs" and has_steps:
            continue  # the Trainer ignores the epochs then
        elif last == "scheduler" and text.lower() == "warmuplr" and "scheduler_conf" in roots:
            # ESPnet's WarmupLR is Noam's schedule; DeepSpeed's class of the same name is another one.
            yield Stated("scheduler", "noam", leaf.line, pointer=leaf.pointer, raw=raw)
        elif not (leaf.path[0] == "MODEL" and "SOLVER" in roots):
            # Detectron2 names a model by its parts, which are many models' alike.
            yield Stated(".".join(parts), leaf.value, leaf.line, pointer=leaf.pointer, raw=raw)


def is_deepspeed_config(found: Sequence[Leaf]) -> bool:
    """Whether the file is DeepSpeed's own."""
    roots = {str(leaf.path[0]) for leaf in found}
    return (
        bool(roots & {"zero_optimization", "train_micro_batch_size_per_gpu"})
        or {
            "train_batch_size",
            "steps_per_print",
        }
        <= roots
    )


def framework(found: Sequence[Leaf]) -> tuple[str, Leaf] | None:
    """(framework, the leaf that gives it away), where the file can be no other's."""
    roots: dict[str, Leaf] = {}
    for leaf in found:
        roots.setdefault(str(leaf.path[0]), leaf)
    for name, marks, witness in (
        ("llama-factory", {"stage", "finetuning_type", "template"}, "finetuning_type"),
        ("axolotl", {"base_model", "sequence_len", "micro_batch_size"}, "base_model"),
        ("fairseq", {"task", "criterion", "optimization", "lr_scheduler"}, "optimization"),
        ("lightning", {"seed_everything", "trainer"}, "trainer"),
        ("detectron2", {"SOLVER", "MODEL", "DATASETS"}, "SOLVER"),
    ):
        if marks <= set(roots):
            return name, roots[witness]
    for leaf in found:
        if str(leaf.path[-1]) == "_component_" and str(leaf.value).startswith("torchtune."):
            return "torchtune", leaf
        if str(leaf.path[-1]) == "trainer_type" and str(leaf.value).startswith("TRL_"):
            return "trl", leaf
    if is_deepspeed_config(found):
        return "deepspeed", found[0]
    return None


def composed(found: Sequence[Leaf]) -> Iterator[Stated]:
    """The files that hydra's `defaults` list puts together: `- model: resnet` is model/resnet.yaml."""
    for leaf in found:
        if leaf.path[0] != "defaults" or len(leaf.path) < 2 or not isinstance(leaf.path[1], int):
            continue
        name = leaf.value
        if not isinstance(name, str) or name.startswith("_") or any(mark in name for mark in _NO_CLASS):
            continue
        group = " ".join(part for part in leaf.path[2:] if isinstance(part, str))
        group = group.rsplit(" ", 1)[-1].partition("@")[0].strip("/")
        if (
            "override" in str(leaf.path[-1])
            or group.startswith("hydra")
            or (group and role.is_of_evaluation(role.normal(group)))
        ):
            continue
        path = f"{group}/{name}".strip("/") if group else name.partition("@")[0].strip("/")
        path = path if path.endswith((".yaml", ".yml")) else f"{path}.yaml"
        yield Stated("config_file", path, leaf.line, "fact", pointer=leaf.pointer, raw=f"defaults: {path}")


def _names_config(last: str, text: str) -> bool:
    if not text.lower().endswith((*tools.CONFIG_ENDINGS, ".py")) or len(text) > 200 or "\n" in text:
        return False
    if last in (
        "_base_",
        "base",
        "extends",
        "inherit_from",
        "__base__",
        "include",
        "inherits",
        "parent",
        "base_config",
    ):
        return True
    is_config = tools.CONFIG_KEY.search(last) is not None and tools.DATA_KEY.search(last) is None
    return is_config and not text.endswith(".py")


def _unwrapped(found: Sequence[Leaf]) -> list[Leaf]:
    """`lr: {value: 0.1, desc: null}` as `lr: 0.1`; a list of one number as the number."""
    keys: dict[Path, set[object]] = defaultdict(set)
    for leaf in found:
        keys[leaf.path[:-1]].add(leaf.path[-1])
    result = []
    for leaf in found:
        beside = keys[leaf.path[:-1]]
        is_number = isinstance(leaf.value, (int, float)) and not isinstance(leaf.value, bool)
        if len(leaf.path) > 1 and (
            (leaf.path[-1] == "value" and beside <= {"value", "desc", "description"}) or (beside == {0} and is_number)
        ):
            leaf = leaf._replace(path=leaf.path[:-1])
        result.append(leaf)
    return result


def _switched_off(found: Sequence[Leaf]) -> list[tuple[Path, bool]]:
    """(mapping, whether only its LoRA values) that a switch turns off."""
    off: list[tuple[Path, bool]] = []
    for leaf in found:
        if leaf.value is not False:
            continue
        last = role.normal(leaf.path[-1])
        if last in _SWITCHES and len(leaf.path) > 1:
            off.append((leaf.path[:-1], False))
        elif last in _LORA_SWITCHES:
            off.append((leaf.path[:-1], True))
    return off


def _covers(folder: Path, only_lora: bool, leaf: Leaf) -> bool:
    if leaf.path[: len(folder)] != folder:
        return False
    own = [role.normal(part) for part in leaf.path[len(folder) :]]
    return not only_lora or any(part.startswith(("lora", "peft", "qlora")) for part in own)


def _lengths(found: Sequence[Leaf]) -> dict[Path, int]:
    """Length of each list."""
    lengths: dict[Path, int] = defaultdict(int)
    for leaf in found:
        for n, part in enumerate(leaf.path):
            if isinstance(part, int):
                lengths[leaf.path[:n]] = max(lengths[leaf.path[:n]], part + 1)
    return lengths


def _is_alternative(leaf: Leaf, lengths: dict[Path, int]) -> bool:
    """Whether the leaf is one of several elements of a list, or an element that is no mapping."""
    if isinstance(leaf.path[-1], int):
        return True
    return any(isinstance(part, int) and lengths[leaf.path[:n]] > 1 for n, part in enumerate(leaf.path))


def _ranges(found: Sequence[Leaf]) -> set[Path]:
    """Mappings that describe a range to search, not a value."""
    keys: dict[Path, set[str]] = defaultdict(set)
    for leaf in found:
        for n in range(1, len(leaf.path)):
            keys[leaf.path[:n]].add(role.normal(leaf.path[n]))
    return {path for path, own in keys.items() if any(marks <= own for marks in _RANGES)}


def _disputed(found: Sequence[Leaf]) -> dict[str, Path | None]:
    """Keys of plans and data with different values in several sections -> the one place inside a section of the
    training, if there is one."""
    seen: dict[str, list[Leaf]] = defaultdict(list)
    for leaf in found:
        names = [role.normal(part) for part in leaf.path if isinstance(part, str)]
        if not names or leaf.value is None or any(map(role.is_of_evaluation, names[:-1])):
            continue
        if role.plan_kind(names[-1]) is not None or names[-1] in _DATA_KEYS:
            seen[names[-1]].append(leaf)
    result: dict[str, Path | None] = {}
    for key, places in seen.items():
        if len({str(leaf.value) for leaf in places}) > 1:
            inside = [leaf.path for leaf in places if any(_OF_TRAINING.search(role.normal(p)) for p in leaf.path[:-1])]
            result[key] = inside[0] if len(inside) == 1 else None
    return result
