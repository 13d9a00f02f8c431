"""Logs as trainings of several kinds write them: made of a seed, the same on every machine.

Each maker returns the text and how many records of metrics it holds.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

MODELS = (
    "bert-base-uncased",
    "roberta-large",
    "gpt2",
    "meta-llama/Llama-2-7b-hf",
    "t5-small",
    "resnet50",
    "vit_base_patch16_224",
    "mistralai/Mistral-7B-v0.1",
    "unet",
    "yolov8n",
)
OPTIMIZERS = ("adamw_torch", "AdamW", "SGD", "Adam", "adafactor", "Lion", "RMSprop", "adamw_bnb_8bit")
SCHEDULERS = ("linear", "cosine", "constant_with_warmup", "OneCycleLR", "ReduceLROnPlateau", "StepLR")
DATASETS = ("imagenet", "cifar10", "squad", "wikitext-103-raw-v1", "coco2017", "imdb", "custom_ds")
GPUS = ("NVIDIA A100-SXM4-40GB", "Tesla V100-SXM2-16GB", "NVIDIA GeForce RTX 3090", "Tesla T4")
WORDS = (
    "data model batch token layer index value config path result buffer node field list "
    "state cache parser request handler stream event module record table query view "
    "widget cluster graph edge image frame sample label mask weight tensor shape scale"
).split()


def metric_curve(rng: random.Random, start: float = 4.0) -> Iterator[float]:
    """An endless, noisy, falling loss curve."""
    value, floor = start, rng.uniform(0.02, 1.2)
    while True:
        value = floor + (value - floor) * 0.9995
        yield value * rng.uniform(0.93, 1.07)


def _header(rng: random.Random) -> str:
    return (
        f"Namespace(model_name_or_path='{rng.choice(MODELS)}', learning_rate={rng.choice((1e-3, 3e-4, 5e-5, 2e-5))}, "
        f"per_device_train_batch_size={rng.choice((4, 8, 16, 32))}, num_train_epochs={rng.randint(1, 90)}, "
        f"optim='{rng.choice(OPTIMIZERS)}', lr_scheduler_type='{rng.choice(SCHEDULERS)}', fp16={rng.choice((True, False))}, "
        f"seed={rng.randint(0, 9999)}, dataset='{rng.choice(DATASETS)}')\n"
        f"Using device: cuda:0 ({rng.choice(GPUS)})\n"
        f"Number of trainable parameters: {rng.randint(10**6, 7 * 10**9):,}\n"
    )


def log_hf(rng: random.Random, size: int) -> tuple[str, int]:
    """Hugging Face Trainer: python dict lines mixed with progress bars."""
    out, n, used, step, epoch = [_header(rng), "***** Running training *****\n  Num examples = 25,000\n"], 0, 0, 0, 0.0
    curve = metric_curve(rng)
    while used < size:
        step += 10
        epoch += 0.0032
        line = (
            f"{{'loss': {next(curve):.4f}, 'grad_norm': {rng.uniform(0.1, 9):.6f}, "
            f"'learning_rate': {5e-5 * max(0.0, 1 - step / 1e6):.8e}, 'epoch': {epoch:.2f}}}\n"
        )
        if step % 5000 == 0:
            line += (
                f"{{'eval_loss': {next(curve):.6f}, 'eval_accuracy': {rng.random():.4f}, "
                f"'eval_runtime': 12.31, 'eval_samples_per_second': 812.5, 'epoch': {epoch:.2f}}}\n"
            )
            n += 1
        out.append(line)
        n += 1
        used += len(line)
    return "".join(out), n


def log_tqdm(rng: random.Random, size: int) -> tuple[str, int]:
    """tqdm bars redrawn with carriage returns: very long 'lines', few newlines."""
    out, n, used, epoch = [_header(rng)], 0, 0, 0
    curve = metric_curve(rng)
    while used < size:
        epoch += 1
        total = rng.randint(100, 900)
        for i in range(0, total + 1, rng.choice((1, 2, 5))):
            pct = i * 100 // total
            bar = "█" * (pct // 10)
            line = (
                f"\rEpoch {epoch}/100: {pct:3d}%|{bar:<10}| {i}/{total} [00:{i % 60:02d}<00:{(total - i) % 60:02d}, "
                f"{rng.uniform(1, 40):5.2f}it/s, loss={next(curve):.4f}, lr={1e-3:.2e}]"
            )
            out.append(line)
            n += 1
            used += len(line)
        out.append("\n")
    return "".join(out), n


def log_keras(rng: random.Random, size: int) -> tuple[str, int]:
    out, n, used, epoch = [_header(rng)], 0, 0, 0
    curve = metric_curve(rng, 2.0)
    while used < size:
        epoch += 1
        lines = [f"Epoch {epoch}/200\n"]
        for i in range(1, 1563, rng.choice((31, 62, 125))):
            lines.append(
                f"\r{i:4d}/1563 [{'=' * (i // 60):.<30}] - ETA: {i % 60}s - loss: {next(curve):.4f} - accuracy: {rng.random():.4f}"
            )
            n += 1
        lines.append(
            f"\r1563/1563 [{'=' * 30}] - 12s 8ms/step - loss: {next(curve):.4f} - accuracy: {rng.random():.4f}"
            f" - val_loss: {next(curve):.4f} - val_accuracy: {rng.random():.4f} - lr: 0.0010\n"
        )
        n += 1
        text = "".join(lines)
        out.append(text)
        used += len(text)
    return "".join(out), n


def log_plain(rng: random.Random, size: int) -> tuple[str, int]:
    """A hand-written loop, or the logging module; one metric line in about three."""
    out, n, used, step = [_header(rng)], 0, 0, 0
    curve = metric_curve(rng)
    style = rng.randrange(4)
    while used < size:
        step += 1
        loss = next(curve)
        if step % 3:
            line = f"[2024-03-{step % 28 + 1:02d} 12:{step % 60:02d}:11,{step % 1000:03d}] INFO data.loader: fetched {rng.choice(WORDS)}_{rng.randrange(10**6)}.npz in {rng.random():.3f}s from shard {step % 64}\n"
        elif style == 0:
            line = f"iter {step}: loss {loss:.4f}, time {rng.uniform(50, 400):.2f}ms, mfu {rng.uniform(10, 60):.2f}%\n"
        elif style == 1:
            line = f"[2024-03-01 12:{step % 60:02d}:11,{step % 1000:03d}] INFO train: step={step} loss={loss:.5f} lr=3.0000e-04 gnorm={rng.uniform(0.1, 5):.3f} tok/s={rng.randrange(10**5)}\n"
        elif style == 2:
            line = f"Epoch: [{step // 100}][{step % 100}/100]\tTime {rng.random():.3f} ({rng.random():.3f})\tLoss {loss:.4e} ({loss:.4e})\tAcc@1 {rng.uniform(0, 100):.2f} ({rng.uniform(0, 100):.2f})\n"
        else:
            line = f"epoch {step // 100} | step {step} | train_loss: {loss:.4f} | val_loss: {loss * 1.1:.4f} | acc: {rng.random():.4f}\n"
        if step % 3 == 0:
            n += 1
        out.append(line)
        used += len(line)
    return "".join(out), n


TRACEBACKS = (
    'Traceback (most recent call last):\n  File "train.py", line 212, in <module>\n    main()\n  File "train.py", line 180, in main\n    loss.backward()\n'
    "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.34 GiB (GPU 0; 15.78 GiB total capacity; 13.02 GiB already allocated; 1.10 GiB free; 13.5 GiB reserved in total by PyTorch)\n",
    "Traceback (most recent call last):\n  File \"/home/u/proj/src/data.py\", line 41, in __getitem__\n    return self.items[key]\nKeyError: 'input_ids'\n",
    "Traceback (most recent call last):\n  File \"train.py\", line 99, in step\n    raise ValueError('Loss is NaN')\nValueError: Loss is NaN, stopping training\n",
    "slurmstepd: error: *** JOB 812345 ON gpu017 CANCELLED AT 2024-03-02T03:11:00 DUE TO TIME LIMIT ***\n",
    "slurmstepd: error: Detected 1 oom-kill event(s) in StepId=812345.batch. Some of your processes may have been killed by the cgroup out-of-memory handler.\n",
    "RuntimeError: CUDA error: device-side assert triggered\nCUDA kernel errors might be asynchronously reported at some other API call.\n",
    "RuntimeError: NCCL error in: ../torch/csrc/distributed/c10d/ProcessGroupNCCL.cpp:1269, unhandled system error\n",
    "KeyboardInterrupt\n",
)
LOG_STYLES: tuple[Callable[[random.Random, int], tuple[str, int]], ...] = (
    log_hf,
    log_tqdm,
    log_keras,
    log_plain,
    log_plain,
)


def training_log(rng: random.Random, size: int) -> tuple[bytes, int]:
    text, n = rng.choice(LOG_STYLES)(rng, size)
    if rng.random() < 0.25:
        text += rng.choice(TRACEBACKS)
    elif rng.random() < 0.5:
        text += "Training completed. Saving model checkpoint to ./outputs\n"
    if rng.random() < 0.05:
        text = text.replace("\n", "\r\n")
    return text.encode(), n
