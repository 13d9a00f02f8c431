"""The Turkish texts that come with the package, as documents, some of them held out. `SOURCES.md` says whence."""

from __future__ import annotations

import lzma
from importlib import resources
from typing import Literal

Domain = Literal["prose", "speeches"]
"""`prose` is what the base models were trained on (help pages, single sentences), `speeches` what they are tuned to."""
Split = Literal["train", "held_out"]

FILES: dict[Domain, tuple[str, ...]] = {"prose": ("help.txt.xz", "sentences.txt.xz"), "speeches": ("speeches.txt.xz",)}
HELD_OUT_EVERY = 10
"""Each tenth document of a file is never trained on."""


def documents(domain: Domain, split: Split) -> list[str]:
    """The documents of one domain in the order of the files; lines end in a newline."""
    found = []
    for name in FILES[domain]:
        packed = resources.files(__package__).joinpath(name).read_bytes()
        every = lzma.decompress(packed).decode("utf-8").split("\n\n")
        found += [
            text.strip() + "\n" for i, text in enumerate(every) if (i % HELD_OUT_EVERY == 0) == (split == "held_out")
        ]
    return found
