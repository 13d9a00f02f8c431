"""Single sentences of the Trainer, of models and of the programs built on them, and what each tells."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SAVING = "Saving model checkpoint to "
_CHECKPOINT = re.compile(r"[/\\](?:tmp-)?checkpoint-\d+[/\\]?$")
_WEIGHTS = re.compile(
    r"loading weights file .*?(?:models--(?P<hub>[\w.\-]+?)[/\\]snapshots"
    r"|huggingface\.co/(?P<url>[\w.\-]+(?:/[\w.\-]+)?)/resolve/)"
)
_CHECKPOINTED = re.compile(
    r"`use_cache ?= ?True`? is incompatible with .{0,30}gradient.checkpointing"
    r"|Caching is incompatible with gradient checkpointing in \w"
)
_FRAMEWORKS = (
    ("trl", re.compile(r"[/\\]trl[/\\]trainer[/\\]\w+_trainer\.py")),
    ("axolotl", re.compile(r"\[axolotl\.(?:train|cli|utils|load_\w+)\b")),
    ("llama-factory", re.compile(r"\b(?:llamafactory|llmtuner)\.(?:train|hparams|model|data|extras)\b")),
)
MAX_FOLDER = 300


def output_folder(text: str) -> str | None:
    """The output folder that a saved checkpoint names."""
    if _SAVING not in text:
        return None
    folder = _CHECKPOINT.sub("", text[text.index(_SAVING) + len(_SAVING) :].strip())
    return folder if 0 < len(folder) < MAX_FOLDER else None


def loaded_model(text: str) -> tuple[str, str] | None:
    """(hub id, the words) of weights that are loaded; a local path says nothing of the model's name."""
    found = _WEIGHTS.search(text) if "loading weights file" in text else None
    if found is None:
        return None
    return (found["hub"] or found["url"]).replace("--", "/", 1), found.group()[:200]


def forward_of_training(text: str) -> str | None:
    """A model's words in its first forward pass with gradient checkpointing; it has none for a pass of evaluation."""
    found = _CHECKPOINTED.search(text) if "is incompatible with" in text else None
    return found.group() if found else None


def frameworks(text: str) -> Iterator[str]:
    """Programs built on the Trainer whose own code speaks."""
    if "trl" in text or "llamafactory" in text or "llmtuner" in text:
        for name, pattern in _FRAMEWORKS:
            if pattern.search(text[:2000]):
                yield name
