"""Shipped texts as token blocks of one length."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, get_args

from reference_runs import base, text

if TYPE_CHECKING:
    import torch

DOMAINS: tuple[text.Domain, ...] = get_args(text.Domain)


def stream(domain: text.Domain, split: text.Split, noise: float = 0.0) -> Iterator[int]:
    """Token ids of the documents of a split in one mixed order, each behind the end-of-document entry.

    `noise` is the share of the words that are replaced by words drawn from the same split.
    """
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(base.TOKENIZER))
    documents = text.documents(domain, split)
    random.Random(0).shuffle(documents)
    for document in _with_noise(documents, noise) if noise else documents:
        yield base.END_OF_DOCUMENT
        yield from tokenizer.encode(document).ids


def blocks(domain: text.Domain, split: text.Split, length: int, most: int, noise: float = 0.0) -> torch.Tensor:
    """The first `most` rows (0: all there are) of `length` tokens of a stream, int64; always the same ones."""
    import torch

    tokens = list(islice(stream(domain, split, noise), most * length or None))
    return torch.tensor(tokens[: len(tokens) // length * length]).view(-1, length)


def _with_noise(documents: list[str], share: float) -> list[str]:
    words = [word for document in documents for word in document.split()]
    draw = random.Random(0)
    return [
        re.sub(r"\S+", lambda found: draw.choice(words) if draw.random() < share else found[0], document)
        for document in documents
    ]
