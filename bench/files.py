"""The other files of a folder of projects: states of trainers, notebooks, tables, tokenizers, weights, data, sources."""

from __future__ import annotations

import base64
import json
import random
import struct
import zlib

from bench.logs import DATASETS, LOG_STYLES, MODELS, OPTIMIZERS, TRACEBACKS, WORDS, metric_curve


def trainer_state(rng: random.Random, size: int) -> tuple[bytes, int]:
    curve, history, step = metric_curve(rng), [], 0
    for _ in range(max(2, size // 155)):
        step += 10
        history.append(
            {
                "epoch": round(step / 3125, 4),
                "grad_norm": round(rng.uniform(0.1, 9), 6),
                "learning_rate": 5e-5 * max(0.0, 1 - step / 1e6),
                "loss": round(next(curve), 4),
                "step": step,
            }
        )
    state = {
        "best_metric": None,
        "best_model_checkpoint": None,
        "epoch": history[-1]["epoch"],
        "eval_steps": 500,
        "global_step": step,
        "is_local_process_zero": True,
        "log_history": history,
        "max_steps": step,
        "num_train_epochs": 3,
        "total_flos": 1.2e17,
        "train_batch_size": 8,
        "trial_name": None,
    }
    return json.dumps(state, indent=2).encode(), len(history)


def notebook(rng: random.Random, size: int) -> tuple[bytes, int]:
    cells, used, n = [], 0, 0
    while used < size:
        source = [
            f"model = build('{rng.choice(MODELS)}')\n",
            f"optimizer = torch.optim.AdamW(model.parameters(), lr={rng.choice((1e-3, 3e-4))})\n",
            "train(model)",
        ]
        outputs: list[dict] = []
        if rng.random() < 0.5:
            text, k = rng.choice(LOG_STYLES)(rng, min(size // 3, rng.randrange(500, 20_000)))
            outputs.append({"name": "stdout", "output_type": "stream", "text": text.splitlines(keepends=True)})
            n += k
            used += len(text)
        if rng.random() < 0.4:
            png = base64.b64encode(rng.randbytes(rng.randrange(5_000, max(5_001, min(400_000, size))))).decode()
            outputs.append(
                {
                    "data": {"image/png": png + "\n", "text/plain": ["<Figure size 640x480 with 1 Axes>"]},
                    "metadata": {},
                    "output_type": "display_data",
                }
            )
            used += len(png)
        if rng.random() < 0.05:
            outputs.append(
                {
                    "ename": "OutOfMemoryError",
                    "evalue": "CUDA out of memory.",
                    "output_type": "error",
                    "traceback": TRACEBACKS[0].splitlines(),
                }
            )
        cells.append(
            {
                "cell_type": "code",
                "execution_count": len(cells) + 1,
                "metadata": {},
                "outputs": outputs,
                "source": source,
            }
        )
        cells.append({"cell_type": "markdown", "metadata": {}, "source": ["## " + " ".join(rng.choices(WORDS, k=6))]})
        used += 400
    book = {"cells": cells, "metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, indent=1).encode(), n


def yaml_config(rng: random.Random, size: int) -> tuple[bytes, int]:
    lines = [
        f"model:\n  name: {rng.choice(MODELS)}\n  hidden_size: 768\noptimizer:\n  name: {rng.choice(OPTIMIZERS)}\n  lr: {rng.choice(('1e-3', '5.0e-05', '0.0003'))}\n  weight_decay: 0.01\n",
        f"train:\n  batch_size: {rng.choice((8, 16, 64))}\n  epochs: {rng.randint(1, 300)}\n  seed: 42\ndata:\n  dataset: {rng.choice(DATASETS)}\n",
    ]
    used = sum(map(len, lines))
    while used < size:
        line = f"{rng.choice(WORDS)}_{rng.choice(WORDS)}: {rng.choice(('true', 'null', '0.1', '128', './data/x'))}\n"
        lines.append(line)
        used += len(line)
    return "".join(lines).encode(), 0


def metrics_csv(rng: random.Random, size: int) -> tuple[bytes, int]:
    curve, lines, used, step = metric_curve(rng), ["epoch,step,train_loss,val_loss,val_acc,lr\n"], 0, 0
    while used < size:
        step += 50
        line = f"{step // 1000},{step},{next(curve):.6f},{next(curve):.6f},{rng.random():.5f},0.0003\n"
        lines.append(line)
        used += len(line)
    return "".join(lines).encode(), len(lines) - 1


def tokenizer_vocab(rng: random.Random, size: int) -> tuple[bytes, int]:
    """vocab.json: one huge line."""
    vocab = {f"\u0120{rng.choice(WORDS)[:3]}{i:x}": i for i in range(max(10, size // 19))}
    return json.dumps(vocab, ensure_ascii=False).encode(), 0


def tokenizer_merges(rng: random.Random, size: int) -> tuple[bytes, int]:
    lines = ["#version: 0.2\n"] + [
        f"\u0120{rng.choice(WORDS)[:2]} {rng.choice(WORDS)}{i % 97}\n" for i in range(size // 11)
    ]
    return "".join(lines).encode(), 0


def tokenizer_json(rng: random.Random, size: int) -> tuple[bytes, int]:
    vocab = {f"{rng.choice(WORDS)}{i:x}": i for i in range(max(10, size // 22))}
    return json.dumps(
        {"version": "1.0", "added_tokens": [], "model": {"type": "BPE", "vocab": vocab}}, indent=2
    ).encode(), 0


def safetensors(rng: random.Random, size: int) -> tuple[bytes, int]:
    head = json.dumps(
        {"__metadata__": {"format": "pt"}, "w": {"dtype": "F16", "shape": [size // 2], "data_offsets": [0, size]}}
    ).encode()
    return struct.pack("<Q", len(head)) + head + rng.randbytes(size), 0


def png(rng: random.Random, size: int) -> tuple[bytes, int]:
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + rng.randbytes(size), 0


def garbage(rng: random.Random, size: int) -> tuple[bytes, int]:
    return b"\x00\x01" + rng.randbytes(size), 0


def git_object(rng: random.Random, size: int) -> tuple[bytes, int]:
    return zlib.compress(b"blob " + rng.randbytes(size), 1), 0


def dataset_jsonl(rng: random.Random, size: int) -> tuple[bytes, int]:
    """Training data, not training facts; some of its prose speaks of loss and optimizers."""
    lines, used = [], 0
    while used < size:
        text = " ".join(rng.choices(WORDS, k=rng.randrange(10, 80)))
        if rng.random() < 0.01:
            text += " the loss of the optimizer after one epoch was accuracy: high"
        line = json.dumps({"id": len(lines), "text": text, "label": rng.randrange(5)}) + "\n"
        lines.append(line)
        used += len(line)
    return "".join(lines).encode(), 0


def single_line_json(rng: random.Random, size: int) -> tuple[bytes, int]:
    """COCO-like annotations on a single line."""
    rows = [
        {
            "id": i,
            "image_id": rng.randrange(10**6),
            "bbox": [round(rng.random() * 640, 2) for _ in range(4)],
            "category_id": i % 80,
            "iscrowd": 0,
        }
        for i in range(max(1, size // 100))
    ]
    return json.dumps({"images": [], "annotations": rows}).encode(), 0


def dataset_csv(rng: random.Random, size: int) -> tuple[bytes, int]:
    lines = ["f0,f1,f2,f3,f4,f5,label\n"]
    lines += [",".join(f"{rng.random():.6f}" for _ in range(6)) + f",{rng.randrange(3)}\n" for _ in range(size // 56)]
    return "".join(lines).encode(), 0


def train_script(rng: random.Random, size: int) -> tuple[bytes, int]:
    head = (
        "import argparse\nimport torch\n\n"
        "parser = argparse.ArgumentParser()\n"
        f"parser.add_argument('--learning_rate', type=float, default={rng.choice((1e-3, 5e-5))})\n"
        f"parser.add_argument('--batch_size', type=int, default={rng.choice((8, 32))})\n"
        f"parser.add_argument('--epochs', type=int, default={rng.randint(1, 100)})\n"
        "args = parser.parse_args()\n"
        f"optimizer = torch.optim.{rng.choice(('AdamW', 'SGD', 'Adam'))}(model.parameters(), lr=args.learning_rate)\n"
        "for epoch in range(args.epochs):\n    loss.backward()\n    optimizer.step()\n    print(f'epoch {epoch} loss {loss.item()}')\n\n"
    )
    return head.encode() + source_code(rng, max(0, size - len(head)))[0], 0


def source_code(rng: random.Random, size: int) -> tuple[bytes, int]:
    lines, used = [], 0
    while used < size:
        a, b, c = rng.choice(WORDS), rng.choice(WORDS), rng.choice(WORDS)
        block = (
            f'def {a}_{b}(self, {c}, {b}=None):\n    """Return the {a} of {b}, given its {c}."""\n    {a} = self._{c}.get({b}, {rng.randrange(99)})\n'
            f'    if not {a}:\n        raise ValueError(f"no {a} for {{{b}}}")\n    return {a}\n\n\n'
        )
        lines.append(block)
        used += len(block)
    return "".join(lines).encode(), 0
