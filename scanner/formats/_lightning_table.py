"""The model summary that Lightning prints when a fit begins, in plain and in rich style.

  | Name  | Type    | Params
0 | model | UNet    | 31.0 M
"""

from __future__ import annotations

import re

HEADER = re.compile(r"^\W*\bName\b\W+\bType\b\W+\bParams\b")
_ROW = re.compile(r"^\s*[\u2502|]?\s*\d+\s*[\u2502|]\s*(?P<name>\w+)\s*[\u2502|]\s*(?P<type>[A-Za-z_]\w*)\s*[\u2502|]")
_WHOLE_MODEL = frozenset({"model", "_model", "net", "network", "backbone", "module", "nn_model", "base_model"})
_NAMES_NOTHING = re.compile(r"(?:Sequential|Module(?:List|Dict)?|Linear|Identity|Net|Model|DataParallel|\w*Loss)$")


def architecture(line: str) -> str | None:
    """The class of the whole model that a row of the summary names; None for parts, losses and mere containers."""
    row = _ROW.match(line)
    if row is None or row["name"].lower() not in _WHOLE_MODEL or _NAMES_NOTHING.match(row["type"]):
        return None
    return row["type"]
