"""Models that Keras saved whole (`.h5`, `.hdf5`, `.keras`): how they were compiled, and how far they were trained.

    model.h5       attribute training_config  {"optimizer_config": {"class_name": "Adam", "config": {"lr": 0.001, ...}},
                                               "loss": ...};  dataset optimizer_weights/adam/iteration  14250
    model.keras    config.json  {..., "compile_config": {"optimizer": {"class_name": "AdamW", "config": {...}}, ...}}
                   model.weights.h5  optimizer/vars/0  14250

The optimizer counts its steps from 0, so that a model which was compiled and never fitted states nothing; nor do
weights alone. Rates are kept in single precision: 0.0010000000474974513 is 0.001. A schedule's rate is its initial
one, and its class is the scheduler.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from typing import Any

from scanner.formats import _json
from scanner.formats._base import Document, Stated, to_float, to_whole
from scanner.formats._checkpoint_parts import is_asked_for, mark, say, shared_place
from scanner.formats._hdf5 import SIGNATURE, Hdf5
from scanner.formats._stored import StoredBytes

ID = "keras_weights"
DESCRIPTION = "Whole models saved by Keras with their optimizer (.h5, .keras)"
SAMPLE = 'training_config = {"optimizer_config": {"class_name": "Adam", "config": {"learning_rate": 0.001}}}'

MAX_JSON = 8 * 1024 * 1024
MAX_GROUPS = 64
_RATES = ("learning_rate", "lr")
_INNER = ("inner_optimizer",)


def wants(document: Document) -> bool:
    """By ending and first bytes."""
    if document.kind != "weights" or document.stored is None:
        return False
    if document.name.endswith((".h5", ".hdf5")):
        return document.stored.at(0, 8) == SIGNATURE
    return document.name.endswith(".keras") and document.stored.at(0, 4) == b"PK\x03\x04"


def read(document: Document) -> Iterator[Stated]:
    """Optimizer, rate and steps of a model that was fitted."""
    if document.stored is None:
        return
    if document.name.endswith(".keras"):
        optimizer, pointer, steps = _of_archive(document.stored)
    else:
        optimizer, pointer, steps = _of_hdf5(document.stored)
    if not optimizer or not steps:
        return
    yield from shared_place(document)
    yield say("framework", "keras", pointer)
    yield from _optimizer(optimizer, pointer)
    yield mark("optimizer_state", steps, "iteration")
    yield Stated("global_step", steps, 0, "metric", steps, None, "reported", "iteration")


Leaves = dict[tuple[str | int, ...], str | int | float | bool | None]
"""What stands below the optimizer, by its path."""


def _of_hdf5(stored: StoredBytes) -> tuple[Leaves, str, int | None]:
    file = Hdf5(stored)
    text = file.attribute(file.root, "training_config")
    group = file.links(file.root).get("optimizer_weights")
    if text is None or group is None:
        return {}, "", None
    return _below(text, ("optimizer_config",)), "training_config/optimizer_config", _iteration(file, group)


def _iteration(file: Hdf5, group: int) -> int | None:
    """The steps of the optimizer: a dataset `iteration` or `iterations:0` in the group or the groups within it."""
    queue = [group]
    for _ in range(MAX_GROUPS):
        if not queue:
            return None
        for name, place in file.links(queue.pop(0)).items():
            if name in ("iteration", "iterations", "iteration:0", "iterations:0", "iter:0"):
                return file.whole_number(place)
            if len(queue) < MAX_GROUPS:
                queue.append(place)
    return None


def _of_archive(stored: StoredBytes) -> tuple[Leaves, str, int | None]:
    try:
        with zipfile.ZipFile(stored) as archive:
            names = set(archive.namelist())
            if not {"config.json", "model.weights.h5"} <= names:
                return {}, "", None
            with archive.open("config.json") as stream:
                text = stream.read(MAX_JSON + 1).decode("utf-8", "replace")
            found = _below(text, ("compile_config", "optimizer")) if len(text) <= MAX_JSON else {}
            info = archive.getinfo("model.weights.h5")
            if not found or info.compress_type != zipfile.ZIP_STORED:
                return {}, "", None
            weights = Hdf5(_Inside(stored, _data_start(stored, info), info.file_size))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise ValueError(f"no archive: {str(error)[:80]}") from error
    place: int | None = weights.root
    for name in ("optimizer", "vars", "0"):
        place = weights.links(place).get(name) if place is not None else None
    steps = weights.whole_number(place) if place is not None else None
    return found, "compile_config/optimizer", steps


class _Inside:
    """A member of an archive that is stored as it is, by its place."""

    def __init__(self, stored: StoredBytes, start: int, size: int) -> None:
        self._stored, self._start, self._size = stored, start, size

    def at(self, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`."""
        return self._stored.at(self._start + start, max(0, min(length, self._size - start))) if start >= 0 else b""


def _data_start(stored: StoredBytes, info: zipfile.ZipInfo) -> int:
    head = stored.at(info.header_offset, 30)
    if len(head) < 30:
        raise ValueError("a member beyond the end")
    name, extra = struct.unpack_from("<HH", head, 26)
    return int(info.header_offset + 30 + name + extra)


def _below(text: str, path: tuple[str, ...]) -> Leaves:
    n = len(path)
    return {leaf.path[n:]: leaf.value for leaf in _json.leaves(text) if leaf.path[:n] == path and len(leaf.path) > n}


def _optimizer(found: Leaves, pointer: str) -> Iterator[Stated]:
    if ("config", *_INNER, "class_name") in found:  # a wrapper that scales the loss
        n = 1 + len(_INNER)
        yield from _optimizer({path[n:]: v for path, v in found.items() if path[1:n] == _INNER}, f"{pointer}/config")
        return
    name = found.get(("class_name",))
    if isinstance(name, str):
        yield say("optimizer", name.rpartition(">")[2], f"{pointer}/class_name")
    for key in _RATES:
        rate = found.get(("config", key))
        if _is_number(rate):
            if is_asked_for(as_single(rate)):
                yield say(key, as_single(rate), f"{pointer}/config/{key}")
            break
        schedule = found.get(("config", key, "class_name"))
        if isinstance(schedule, str):
            yield from _schedule(found, ("config", key), schedule, f"{pointer}/config/{key}")
            break
    decay = found.get(("config", "weight_decay"))
    if _is_number(decay):
        yield say("weight_decay", as_single(decay), f"{pointer}/config/weight_decay")


def _schedule(found: Leaves, path: tuple[str, ...], name: str, pointer: str) -> Iterator[Stated]:
    yield say("lr_scheduler", name.rpartition(">")[2], f"{pointer}/class_name")
    # Where it warms up, the rate that is asked for is the one it warms up to.
    target = found.get((*path, "config", "warmup_target"))
    rate = target if _is_number(target) else found.get((*path, "config", "initial_learning_rate"))
    if _is_number(rate):
        yield say("initial_learning_rate", as_single(rate), f"{pointer}/config")
    steps = found.get((*path, "config", "warmup_steps"))
    if _is_number(target) and isinstance(steps, (int, float)):
        yield say("warmup_steps", to_whole(to_float(steps)), f"{pointer}/config/warmup_steps")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def as_single(value: Any) -> float:
    """The shortest decimal that is the same number in single precision; the number itself where it is no such one."""
    number = float(value)
    try:
        packed = struct.pack("<f", number)
    except OverflowError:
        return number
    if struct.unpack("<f", packed)[0] != number:
        return number
    for digits in range(1, 9):
        shorter = float(f"{number:.{digits}g}")
        if struct.pack("<f", shorter) == packed:
            return shorter
    return number
