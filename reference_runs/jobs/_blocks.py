"""Shipped texts as token blocks of one length."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_runs import base, text

if TYPE_CHECKING:
    import torch


def stream(domain: text.Domain, split: text.Split) -> list[int]:
    """Token ids of all documents of a split, one after another, each behind the end-of-document entry."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(base.TOKENIZER))
    encoded = tokenizer.encode_batch(text.documents(domain, split))
    return [token for document in encoded for token in (base.END_OF_DOCUMENT, *document.ids)]


def blocks(domain: text.Domain, split: text.Split, length: int) -> torch.Tensor:
    """The stream cut into rows of `length` tokens (int64), the rest left away; always in the same mixed order."""
    import torch

    tokens = stream(domain, split)
    rows = torch.tensor(tokens[: len(tokens) // length * length]).view(-1, length)
    return rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))]
