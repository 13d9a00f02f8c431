"""The words: report_templates/tr.toml. Ids of classes, rules, reasons and fields become Turkish here and only here."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from scanner.errors import ReportError


@cache
def catalogue() -> Mapping[str, Any]:
    """The catalogue. Raises ReportError when it is missing or no TOML."""
    try:
        return tomllib.loads(template_text("tr.toml"))
    except tomllib.TOMLDecodeError as error:
        raise ReportError(f"report_templates/tr.toml: {error}; reinstall scan-trainings") from error


def template_text(name: str) -> str:
    """A file of report_templates. Raises ReportError when it is missing."""
    try:
        return resources.files("report_templates").joinpath(name).read_text("utf-8")
    except OSError as error:
        raise ReportError(f"report_templates/{name}: not installed; reinstall scan-trainings") from error


def word(group: str, identifier: str) -> str | None:
    """The words for an id, e.g. `word("skip", "binary")`; None for an id that the catalogue does not know."""
    found = catalogue()[group].get(identifier)
    return found if found is None or isinstance(found, str) else str(found["title"])
