"""Trains a shipped base model from nothing on the prose texts; run by hand, never by a replay.

    python -m reference_runs.base.make_base quick --steps 4000

Writes the weights (fp16), the configuration and `made.json` into the base's folder, and the tokenizer beside them.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

import tokenizers
import torch
import transformers
from tokenizers import ByteLevelBPETokenizer

from reference_runs import base, text
from reference_runs.jobs import _blocks
from reference_runs.settled import settle

VOCABULARY = 4096
SHAPES: dict[base.Base, dict[str, int]] = {
    "quick": {"n_embd": 128, "n_layer": 2, "n_head": 4, "n_positions": 64},
    "full": {"n_embd": 192, "n_layer": 4, "n_head": 6, "n_positions": 128},
}
BATCH_TOKENS, PEAK_LR, WEIGHT_DECAY, WARMUP = 2048, 3e-3, 0.1, 100


def make_tokenizer(target: Path) -> None:
    """Trains the tokenizer on the prose that is not held out."""
    tokenizer = ByteLevelBPETokenizer()
    documents = text.documents("prose", "train")
    tokenizer.train_from_iterator(
        documents, vocab_size=VOCABULARY, special_tokens=["<|endoftext|>"], show_progress=False
    )
    tokenizer.save(str(target))


def pretrain(shape: dict[str, int], steps: int, seed: int) -> tuple[Any, dict[str, Any]]:
    """The trained model and the record of its training; losses are nats a token on held-out prose."""
    settle()
    torch.manual_seed(seed)
    config = transformers.GPT2Config(vocab_size=VOCABULARY, attn_pdrop=0.0, bos_token_id=0, eos_token_id=0, **shape)
    model = transformers.GPT2LMHeadModel(config)
    length = shape["n_positions"]
    rows = BATCH_TOKENS // length
    stream = torch.tensor(list(_blocks.stream("prose", "train")))
    held_out = _blocks.blocks("prose", "held_out", length, 256)
    draw = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK_LR, betas=(0.9, 0.95), weight_decay=WEIGHT_DECAY)
    losses = {0: held_out_loss(model, held_out)}
    started = time.monotonic()
    for step in range(1, steps + 1):
        warm, done = step / WARMUP, step / steps
        optimizer.param_groups[0]["lr"] = PEAK_LR * min(warm, 0.5 * (1 + math.cos(math.pi * done)))
        starts = torch.randint(len(stream) - length, (rows,), generator=draw)
        batch = stream[starts[:, None] + torch.arange(length)]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = model(input_ids=batch, labels=batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if step % 250 == 0 or step == steps:
            losses[step] = held_out_loss(model, held_out)
            print(f"{step:6d} {losses[step]:.4f} {time.monotonic() - started:7.0f} s", flush=True)
    record = {
        "n_parameters": model.num_parameters(), "n_train_tokens": len(stream), "steps": steps, "batch": rows,
        "sequence_length": length, "peak_lr": PEAK_LR, "weight_decay": WEIGHT_DECAY, "warmup_steps": WARMUP,
        "precision": "bf16 autocast", "seed": seed, "held_out_loss": losses,
        "seconds": round(time.monotonic() - started),
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__,
                     "tokenizers": tokenizers.__version__},
    }  # fmt: skip
    return model, record


def held_out_loss(model: Any, held_out: torch.Tensor) -> float:
    """Mean nats a token, fp32."""
    model.eval()
    with torch.no_grad():
        loss = float(sum(model(input_ids=part, labels=part).loss for part in held_out.split(32))) / len(
            held_out.split(32)
        )
    model.train()
    return loss


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base", choices=sorted(SHAPES))
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if not base.TOKENIZER.exists():
        make_tokenizer(base.TOKENIZER)
    model, record = pretrain(SHAPES[arguments.base], arguments.steps, arguments.seed)
    folder = base.folder(arguments.base)
    model.half().save_pretrained(folder)
    (folder / "made.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
