"""The settings in a configuration file that the user names: a training's, whatever the file is called.

A scan asks first whether a file is a configuration of a training at all; somebody who names one has answered that.
"""

from __future__ import annotations

from pathlib import Path

from scanner.errors import SettingsError
from scanner.formats import _config_leaves, _config_stated
from scanner.intake.crawl import Candidate, crawl
from scanner.intake.decode import DecodeError
from scanner.intake.read_file import open_document
from scanner.knowledge import convert, find_field, is_true
from scanner.records import Scalar

CONFIGURATIONS = ("json", "yaml", "toml", "ini")


def settings_in(path: Path) -> dict[str, Scalar] | None:
    """Fields and values, of equal fields the first; None for a file of another kind. Raises SettingsError."""
    (candidate,) = crawl((path,))
    if not isinstance(candidate, Candidate) or candidate.kind not in CONFIGURATIONS:
        return None
    try:
        document, _ = open_document(candidate)
        leaves = _config_leaves.leaves(document)
    except (OSError, DecodeError, ValueError) as error:
        raise SettingsError(f"{path}: cannot be read as {candidate.kind} ({error})") from error
    found: dict[str, Scalar] = {}
    for stated in _config_stated.stated(leaves):
        hit = find_field(stated.key) if stated.role == "setting" else None
        if hit is None:
            continue
        value = convert(hit.field, stated.value) if hit.flag is None else hit.flag if is_true(stated.value) else None
        if value is not None:
            found.setdefault(hit.field, value)
    return found
