"""The document whose claims are replayed: the one that comes with the package, or any other LEARNINGS.md."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reference_runs.configs.config_reader import Document, locate, parse, read_source
from scanner.errors import ReplayError
from scanner.records import Locator

_OURS = Path(__file__).parent / "LEARNINGS.md"


@dataclass(frozen=True, slots=True)
class Source:
    """A document's text and what it states."""

    path: str
    """As the user named it; "LEARNINGS.md" for the one that comes with the package."""
    text: str
    document: Document

    def locate(self, written: str) -> Locator | None:
        """Where a claim stands; None when it stands nowhere."""
        line = locate(written, self.text)
        return None if line is None else Locator(self.path, line, line)


def read(path: Path | None = None) -> Source:
    """A source, read whole. Raises ReplayError when it cannot be read or documents no configuration."""
    text = read_source(path or _OURS)
    document = parse(text)
    name = _OURS.name if path is None else path.as_posix()
    if not document.recipes:
        left = f" ({len(document.left_out)} pieces of code are no literals)" if document.left_out else ""
        raise ReplayError(f"{name}: no documented configuration{left}; one is a ```python block with config = {{...}}")
    return Source(name, text, document)
