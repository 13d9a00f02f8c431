"""Checkpoints that PyTorch wrote (`.pt`, `.pth`, `.ckpt`, `.bin`): what a training recorded beside the weights.

    epoch=3-step=400.ckpt   {"epoch": 3, "global_step": 400, "pytorch-lightning_version": "2.6", "callbacks": ...}
    checkpoint-500/         training_args.bin (the arguments), optimizer.pt, scheduler.pt
    weights/last.pt         {"epoch": 12, "train_args": {"lr0": 0.01, ...}, ...}
    model_12.pth            {"epoch": 12, "optimizer_state_dict": {...}, "args": Namespace(lr=0.1, ...)}

The pickle is read as text and nothing in it is run (`_pickle_symbols`); tensors are not read. Weights alone state
nothing. What trainers add to their checkpoints is in `_checkpoint_trainers`, the arguments of the Hugging Face Trainer
in `_checkpoint_arguments`.
"""

from __future__ import annotations

from collections.abc import Iterator

from scanner.formats import _checkpoint_arguments as arguments
from scanner.formats import _checkpoint_trainers as trainers
from scanner.formats._base import Document, Stated
from scanner.formats._pickle_objects import Record
from scanner.formats._torch_file import TorchFile

ID = "checkpoint_pickle"
DESCRIPTION = "Checkpoints of PyTorch, Lightning, the Hugging Face Trainer, Ultralytics, timm, detectron2 and fairseq"
SAMPLE = """lightning_logs/version_3/checkpoints/epoch=3-step=400.ckpt
optimizer_states/0/param_groups/0/lr = 0.001"""

_ENDINGS = (".pt", ".pth", ".pth.tar", ".bin", ".ckpt")


def wants(document: Document) -> bool:
    """By ending and the first bytes of an archive or a pickle."""
    if document.kind != "weights" or document.stored is None or not document.name.endswith(_ENDINGS):
        return False
    return document.stored.at(0, 4).startswith((b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"))


def read(document: Document) -> Iterator[Stated]:
    """What the training recorded of itself."""
    if document.stored is None:
        return
    saved = TorchFile(document.stored)
    root = saved.root
    if isinstance(root, Record):
        yield from arguments.stated(document, root)
    elif isinstance(root, dict):
        yield from trainers.stated(document, root, saved)
