"""What earlier cells of a notebook said about the size of the training set, and that they printed the device.

    Found 5216 images belonging to 2 classes.     of the generator that the cell makes first, if that is the training's
    Training samples: 48000
    train: Dataset({                              with the line of its `num_rows` below

It holds for every training further down, until a cell says it anew, or takes a part of the data or splits them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from scanner.formats._notebook_text import Addressed
from scanner.formats.training_words import count_at

_FOUND = re.compile(r"^(?:Found \d+ (?:validated )?image(?:s| filenames) |Using \d+ files for training\.)")
_FROM_FOLDER = re.compile(r"\b(?:flow_from_\w{1,30}|image_dataset_from_directory)\s*\((?P<given>[^()]{0,400})")
_TRAINING = re.compile(r"(?i)train|e[ğg]itim")
_RESIZES = re.compile(
    r"\.select\(|\.filter\(|\.shard\(|train_test_split\(|random_split\(|\bSubset\(|concatenate_datasets\(|"
    r"ConcatDataset\(|\.take\(|\.sample\(|SMOTE|oversampl|undersampl|\.drop(?:na|_duplicates)?\("
)
_PRINTS_DEVICE = re.compile(r"(?m)\bprint\(\s*(?:self\.)?(?:device|DEVICE)\s*\)|^\s*(?:device|DEVICE)\s*$")
_DEVICE = re.compile(r"^(?:cuda|cpu|mps)(?::\d+)?$")


class Sizes:
    """The lines on the size of the training set that hold for the next training."""

    def __init__(self) -> None:
        self._lines: list[tuple[int | None, Addressed]] = []

    def see_source(self, source: str) -> None:
        """A cell that runs: where it takes a part of the data, what was said of their size before is over."""
        if _RESIZES.search(source):
            self._lines = []

    def see_output(self, count: int | None, lines: Sequence[Addressed], source: str) -> None:
        """The output of a cell that does not train."""
        texts = [text for text, _, _ in lines]
        kept: list[Addressed] = []
        first = next((n for n, text in enumerate(texts) if _FOUND.match(text)), None)
        if first is not None and _makes_training_data_first(source):
            kept.append(lines[first])
        for number, text in enumerate(texts, 1):
            if len(text) > 200 or count_at(texts, number) is None:
                continue
            if "num_rows" in text:
                kept.extend(lines[max(0, number - 4) : number - 1])
            kept.append(lines[number - 1])
        if kept:
            self._lines = [(count, at) for at in kept]

    def up_to(self, count: int | None) -> list[Addressed]:
        """Those that a cell of an execution count can know of."""
        return [at for said, at in self._lines if said is None or count is None or said <= count]


def prints_device(text: str, source: str) -> bool:
    """Whether a line is the bare name of the device, and the cell is seen to show it."""
    return _DEVICE.match(text) is not None and _PRINTS_DEVICE.search(source) is not None


def _makes_training_data_first(source: str) -> bool:
    made = _FROM_FOLDER.search(source)
    if made is None:
        return False
    before = source[max(source.rfind("\n", 0, made.start()) + 1, made.start() - 200) : made.start()]
    return _TRAINING.search(before.partition("=")[0] + made["given"]) is not None
