"""`training_args.bin`: the arguments that the Hugging Face Trainer saves with every model and checkpoint.

    checkpoint-500/training_args.bin    TrainingArguments(output_dir="./results", learning_rate=5e-05, _n_gpu=4, ...)

The same arguments are saved wherever the program saves its model, so that only a checkpoint's folder, or the folder
that the arguments name as the output, is the execution's. A model that was fetched from elsewhere brings the arguments
of its makers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scanner.formats._base import Document, Stated, to_whole
from scanner.formats._checkpoint_parts import fact, number, say
from scanner.formats._hf_arguments import Dump
from scanner.formats._hf_arguments import stated as stated_by_dump
from scanner.formats._hf_folder import run_folder
from scanner.formats._pickle_objects import Record
from scanner.formats._torch_file import plain

_OWN_FILES = frozenset({"trainer_state.json", "all_results.json", "train_results.json"})


def stated(document: Document, root: Record) -> Iterator[Stated]:
    """The folder, and what the arguments ask for."""
    attributes = root.attributes()
    if "learning_rate" not in attributes or "per_device_train_batch_size" not in attributes:
        return
    items = {key: (_text(key, value), 0) for key, value in attributes.items()}
    items = {key: (text, line) for key, (text, line) in items.items() if text is not None}
    dump = Dump(root.short, 0, 0, items)  # type: ignore[arg-type]
    output_dir = items.get("output_dir", ("", 0))[0] or ""
    if is_own_folder(document, output_dir):
        yield fact("run_folder", run_folder(document.folder))
    yield say("framework", "trl" if dump.is_trl else "hf-trainer", root.name)
    for found in stated_by_dump(dump):
        if found.key not in ("framework", "training_program", "device"):
            yield found._replace(pointer=found.raw.partition("=")[0])
    yield from _devices(attributes)


def is_own_folder(document: Document, output_dir: str) -> bool:
    """Whether the trainer itself chose the folder: a checkpoint's, one with its other files, or the output folder."""
    if run_folder(document.folder) != document.folder or _OWN_FILES & document.siblings:
        return True
    named = [part for part in output_dir.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    own = [part for part in document.folder.split("/") if part]
    return bool(named) and own[-len(named[-2:]) :] == named[-2:]


def _text(key: str, value: Any) -> str | None:
    found = plain(value)
    if isinstance(value, Record) and isinstance(found, str) and found.isupper():
        found = found.lower()  # a member of an enumeration, by its name
    return None if found is None else str(found)


def _devices(attributes: dict[str, Any]) -> Iterator[Stated]:
    """The device that the Trainer had chosen, and how many: GPUs of one process, or processes with one each."""
    device = plain(attributes.get("__cached__setup_devices"))
    kind = str(device).partition(":")[0] if isinstance(device, str) else ""
    if kind in ("cuda", "mps", "xpu", "npu", "cpu"):
        yield say("device", kind, "__cached__setup_devices")
    gpus = number(attributes.get("_n_gpu"))
    state = attributes.get("distributed_state")
    processes = number(state.attributes().get("num_processes")) if isinstance(state, Record) else None
    if kind == "cuda" and gpus and processes:
        yield say("num_devices", to_whole(max(gpus, processes) if gpus == 1 else gpus * processes), "_n_gpu")
