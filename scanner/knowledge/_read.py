"""Reading one TOML of knowledge, and the normal form of keys that all lookups share."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from scanner.errors import KnowledgeError


@cache
def read_toml(name: str) -> dict[str, Any]:
    """The content of knowledge/<name>.toml. Raises KnowledgeError when it is malformed."""
    try:
        return tomllib.loads(resources.files("scanner.knowledge").joinpath(f"{name}.toml").read_text("utf-8"))
    except (tomllib.TOMLDecodeError, FileNotFoundError) as error:
        raise KnowledgeError(f"knowledge/{name}.toml: {error}") from error


_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])")
# `mAP`, `val_mIoU`, `aAcc`, `LoRA`: one word each, however the split letters look.
_ONE_WORD = re.compile(r"(?<![A-Za-z])(?:[am](?:AP|IoU|Dice|Acc|Recall|Precision|Fscore)|(?:Q|Re)?LoRA|DoRA)(?![a-z])")
_NOT_WORD = re.compile(r"[^\w]+|_+", re.UNICODE)


@lru_cache(maxsize=65536)
def normalize_key(key: str) -> str:
    """`--learningRate` -> `learning_rate`, `eval/Loss` -> `eval_loss`, `mAP50-95(B)` -> `map50_95_b`.

    Letters of every alphabet stay; dotted and dotless i are kept apart as str.casefold does after mapping `I` with a
    dot above to a plain i, so that a Turkish key matches however it was capitalised.
    """
    key = _CAMEL.sub("_", _ONE_WORD.sub(lambda found: found.group().lower(), key))
    folded = key.replace("\u0130", "i").casefold()
    return _NOT_WORD.sub("_", folded).strip("_")
