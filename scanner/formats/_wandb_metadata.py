"""What W&B records about the launch: program, arguments, hardware. Nothing personal is read (e-mail, user, host).

    {"program": "train.py", "args": ["--lr", "1e-3"], "startedAt": "2024-04-08T02:50:54Z", "gpu": "NVIDIA A40",
     "gpu_devices": [{"name": "NVIDIA A40", "memory_total": 48305799168}]}

Arguments are what was asked for, so they stand below what the run recorded as its configuration.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from scanner.formats import _program
from scanner.formats import _protobuf_wire as wire
from scanner.formats._base import Stated
from scanner.formats._json import Leaf

_FRAMEWORKS = {"torch": "pytorch", "lightning": "lightning", "keras": "keras", "tensorflow": "tensorflow"}
_MEMORY = {("gpu_devices", "memory_total"), ("gpu_nvidia", "memoryTotal")}


def stated(leaves: Iterable[Leaf]) -> Iterator[Stated]:
    """Facts and settings of `wandb-metadata.json`."""
    arguments: list[tuple[str, int, str]] = []
    for leaf in leaves:
        path, value = leaf.path, leaf.value
        if path == ("program",) and isinstance(value, str):
            yield from _program.stated(value, leaf.line, leaf.pointer)
        elif path in (("startedAt",), ("started_at",)) and isinstance(value, str):
            yield Stated("started_at", value, leaf.line, "fact", origin="reported", pointer=leaf.pointer)
        elif path == ("gpu",) and isinstance(value, str):
            yield gpu(value, leaf.line, leaf.pointer)
        elif path == ("exitcode",) and isinstance(value, int):
            yield Stated(
                "tracker_status", f"wandb:exit_{value}", leaf.line, "fact", origin="reported", pointer=leaf.pointer
            )
        elif len(path) == 2 and path[0] == "args":
            arguments.append((str(value), leaf.line, leaf.pointer))
        elif len(path) == 3 and path[1] == 0 and (path[0], path[2]) in _MEMORY:
            yield from memory(str(value), leaf.line, leaf.pointer)
    yield from command_line(arguments)


def environment(record: dict[int, list[wire.Field]]) -> Iterator[Stated]:
    """The same from an EnvironmentRecord: args 5, program 6, gpu_type 18, gpu_nvidia 24 (name 1, memory_total 2)."""
    if name := wire.text(record, 6):
        yield from _program.stated(name, 0, "environment/program")
    if name := wire.text(record, 18):
        yield gpu(name, 0, "environment/gpu")
    for device in wire.inner(record, 24)[:1]:
        for total in wire.message(device).get(2, ())[:1]:
            yield from memory(str(total), 0, "environment/gpu_nvidia")
    written = [value.decode("utf-8", "replace") for value in wire.inner(record, 5)]
    yield from command_line([(value, 0, f"environment/args/{n}") for n, value in enumerate(written)])


def gpu(written: str, line: int, pointer: str) -> Stated:
    """The card's name; old versions write a list of equal names in brackets."""
    name = written.strip("[]").split(",")[0].strip()
    return Stated("gpu_name", name, line, origin="reported", pointer=pointer, raw=written)


def memory(written: str, line: int, pointer: str) -> Iterator[Stated]:
    """Bytes of the first card in GiB."""
    if written.isdigit() and int(written) > 1 << 28:
        size = round(int(written) / 2**30, 2)
        yield Stated("gpu_memory_gib", size, line, origin="reported", pointer=pointer, raw=f"{written} bytes")


def framework(leaf: Leaf) -> Iterator[Stated]:
    """The framework that the tracker saw imported."""
    name = _FRAMEWORKS.get(str(leaf.value))
    if name:
        yield Stated("framework", name, leaf.line, origin="reported", raw=f"framework: {leaf.value}")


def command_line(arguments: Sequence[tuple[str, int, str]]) -> Iterator[Stated]:
    """Settings of `--key value`, `--key=value`, `--flag` and Hydra's `key=value`."""
    at = 0
    while at < len(arguments):
        word, line, pointer = arguments[at]
        at += 1
        following = arguments[at][0] if at < len(arguments) else None
        key, equals, value = word.partition("=")
        if equals:
            raw = word
        elif not word.startswith("-"):
            continue
        elif following is not None and (not following.startswith("-") or _is_number(following)):
            value, raw = following, f"{word} {following}"
            at += 1
        else:
            value, raw = "true", word
        yield Stated(key, value, line, origin="command_line", pointer=pointer, raw=raw)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
