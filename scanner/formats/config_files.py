"""Configuration files of trainings: YAML, JSON, TOML and INI, of any framework or of none.

    training:                               {"optimizer": {"type": "AdamW", "params": {"lr": 1e-4}},
      optimizer: adamw                       "train_micro_batch_size_per_gpu": 8, "bf16": {"enabled": true}}
      learning_rate: 2.0e-5
      num_train_epochs: 3

Keys are the dotted path. A file has to ask for two things that only trainings ask for; descriptions of models, data
sets, services, builds and searches, and recorded results are refused. Of a composed configuration (hydra), the list of
parts names files, and a part outside the training role states everything but a plan. What hydra leaves in a run's
folder (`.hydra/`) is the execution's; a dump inside the very folder that it names as its output asks for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats import _config_role as role
from scanner.formats import _config_stated
from scanner.formats._base import Document, Stated
from scanner.formats._config_leaves import leaves
from scanner.formats._json import Leaf

ID = "config_files"
DESCRIPTION = "Configuration files of trainings (YAML, JSON, TOML, INI)"
SAMPLE = """training:
  optimizer: adamw
  learning_rate: 2.0e-5
  num_train_epochs: 3"""

_WORDS = re.compile(
    r"lr|learning[_-]?rate|optim|epoch|steps|iters?\b|batch|model|data|mixed_precision|defaults|update|max_iter",
    re.IGNORECASE,
)
_ACCELERATE = frozenset({"mixed_precision", "num_processes", "gradient_accumulation_steps", "gradient_clipping"})


def wants(document: Document) -> bool:
    """Configuration files whose place is not another program's."""
    if document.kind not in ("yaml", "json", "toml", "ini") or document.is_embedded:
        return False
    if document.name.endswith((".jsonl", ".ndjson", ".log.json")):
        return False
    return not role.is_foreign_place(document) and _WORDS.search(document.text()) is not None


def read(document: Document) -> Iterator[Stated]:
    """Settings and further files, with their lines and pointers."""
    first = document.text().lstrip()[:1]
    if document.kind == "json" and first != "{":
        return
    found = leaves(document)
    if not found or role.is_foreign(found):
        return
    roots = {str(leaf.path[0]) for leaf in found}
    if {"compute_environment", "distributed_type"} <= roots:
        yield from _accelerate(found)
        return
    if "hydra" in roots and document.name in ("hydra.yaml", "multirun.yaml"):
        return
    if document.kind == "yaml":
        yield from _config_stated.composed(found)
    is_training = role.trains(role.kinds(found)) or _config_stated.is_deepspeed_config(found)
    if not is_training and not role.is_group(document):
        return
    if _is_record(document, found):
        return
    in_run_folder = document.folder.rsplit("/", 1)[-1] == ".hydra"
    if in_run_folder:
        run_folder = document.folder.rpartition("/")[0]
        yield Stated("run_folder", run_folder, 1, "fact", origin="reported", raw=document.path)
    framework = _config_stated.framework(found)
    if framework is not None:
        name, witness = framework
        yield Stated("framework", name, witness.line, raw=f"{'.'.join(map(str, witness.path))}: {witness.value}")
    for stated in _config_stated.stated(found, with_plan=is_training):
        yield stated._replace(origin="reported") if in_run_folder else stated


def _is_record(document: Document, found: list[Leaf]) -> bool:
    """Whether the file lies in the folder that it names as its output: an execution wrote it down."""
    own = f"/{document.folder}/"
    for leaf in found:
        if role.normal(leaf.path[-1]) in ("output_dir", "save_dir", "work_dir", "out_dir") and isinstance(
            leaf.value, str
        ):
            named = [part for part in leaf.value.replace("\\", "/").split("/") if part not in ("", ".", "..")]
            if named and f"/{'/'.join(named)}/" in own:
                return True
    return False


def _accelerate(found: list[Leaf]) -> Iterator[Stated]:
    """The launcher's own file: processes and precision, no training."""
    for leaf in found:
        if leaf.path[-1] in _ACCELERATE and leaf.value is not None:
            key = ".".join(map(str, leaf.path))
            yield Stated(key, leaf.value, leaf.line, pointer=leaf.pointer, raw=f"{key}: {leaf.value}")
        elif leaf.path[-1] == "deepspeed_config_file" and isinstance(leaf.value, str):
            yield Stated("config_file", leaf.value, leaf.line, "fact", pointer=leaf.pointer, raw=leaf.value)
