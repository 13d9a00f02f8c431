"""What a scan was asked to do: frozen, made once by the command line and handed down."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

STYLES = ("seed", "cldr")
DOCUMENT = "LEARNINGS.md"
"""What is written for people to read, in the folder that they name."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One scan's settings."""

    roots: tuple[Path, ...]
    """Folders (or single files) to scan, as the user named them."""

    out: Path
    """Folder that receives LEARNINGS.md and learnings/."""

    jobs: int = 0
    """Worker processes, each under the limits of walk.toml; 0 reads in the calling process, without limits."""

    number_style: str = "seed"
    """How the document writes numbers: "seed" (`9,109`, `10.3%`) or "cldr" (`9.109`, `%10,3`)."""

    force: bool = False
    """Whether a document that was edited by hand may be overwritten."""

    anonymise: bool = False
    """Whether pseudonyms stand for the names of users, home folders and hosts in everything that is stored."""

    is_cached: bool = True
    """Whether files that have not changed since the last scan into `out` are taken to hold what they held then."""

    @property
    def keeps_findings(self) -> bool:
        """Whether what is found in a file is kept for the next scan; never with `anonymise`, since it holds names."""
        return self.is_cached and not self.anonymise
