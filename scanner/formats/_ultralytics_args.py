"""The arguments of an Ultralytics training, whether recorded in a file or printed in one line.

What the trainer ignores is left out: `optimizer: auto` chooses its own optimizer and rate (`lr0`, `momentum` are not
used then), `amp: true` says nothing of the precision, `cos_lr: false` nothing of the scheduler. The batch is shared
by all devices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from scanner.formats._base import Role, Stated
from scanner.records import Scalar


class Argument(NamedTuple):
    """An argument as written, and its line."""

    value: Scalar | None
    line: int


_PLAIN = ("epochs", "seed", "dropout", "weight_decay", "data")
_EMPTY = ("", "none", "null", "false")


def stated(arguments: Mapping[str, Argument]) -> Iterator[Stated]:
    """What the arguments say, under the keys they have; "weights" and "cfg" are the words of the older trainer."""
    for key in _PLAIN:
        yield from _one(arguments, key, key)
    model = next((k for k in ("model", "weights", "cfg") if not _is_empty(arguments.get(k))), None)
    if model:
        yield from _one(arguments, model, "model")
    optimizer = arguments.get("optimizer")
    if optimizer is not None and not _is_empty(optimizer) and str(optimizer.value).lower() != "auto":
        yield from _one(arguments, "optimizer", "optimizer")
    if optimizer is None or str(optimizer.value).lower() != "auto":
        yield from _one(arguments, "lr0", "lr0")
    if _is_true(arguments.get("cos_lr")):
        yield _say(arguments, "cos_lr", "lr_scheduler", "cosine")
    yield from _devices(arguments)
    yield from _one(arguments, "name", "run_name", "fact")
    yield from _one(arguments, "save_dir", "output_dir", "fact")
    if not _is_empty(arguments.get("resume")):
        yield from _one(arguments, "resume", "resume", "mark")


def _devices(arguments: Mapping[str, Argument]) -> Iterator[Stated]:
    """The device as a kind, how many there are, and the share of the batch that each of them gets."""
    count = 1
    device = arguments.get("device")
    if device is not None and not _is_empty(device):
        ids = [part for part in str(device.value).strip("[]() ").replace("cuda:", "").split(",") if part.strip()]
        if all(part.strip().isdigit() for part in ids):
            count = len(ids)
            yield _say(arguments, "device", "device", "cuda")
            if count > 1:
                yield _say(arguments, "device", "num_devices", count)
        else:
            yield from _one(arguments, "device", "device")
    key = "batch" if "batch" in arguments else "batch_size"
    batch = arguments.get(key)
    if batch is not None and str(batch.value).lstrip("-").isdigit() and int(str(batch.value)) >= count:
        yield _say(arguments, key, key, int(str(batch.value)) // count)


def _one(arguments: Mapping[str, Argument], key: str, says: str, role: Role = "setting") -> Iterator[Stated]:
    argument = arguments.get(key)
    if argument is not None and argument.value is not None and str(argument.value).lower() not in ("", "none", "null"):
        yield _say(arguments, key, says, argument.value, role)


def _say(arguments: Mapping[str, Argument], key: str, says: str, value: Scalar, role: Role = "setting") -> Stated:
    argument = arguments[key]
    return Stated(says, value, argument.line, role, origin="reported", raw=f"{key}: {argument.value}")


def _is_empty(argument: Argument | None) -> bool:
    return argument is None or str(argument.value).lower() in _EMPTY


def _is_true(argument: Argument | None) -> bool:
    return argument is not None and str(argument.value).lower() == "true"
