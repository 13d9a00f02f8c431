"""What a real training step on the CPU takes, by two independent counters; a program: torch stays out of pytest.

Prints one JSON object a shape: the profiler's own `[memory]` events (every allocation and release of the CPU allocator
in a real step), torch's MemTracker, and our trace without the emulation of CUDA. All in bytes as asked for.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error", "OMP_NUM_THREADS": "1"}
sys.path.insert(0, str(Path(__file__).parent.parent))

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.distributed._tools.mem_tracker import MemTracker
from torch.profiler import ProfilerActivity, profile

from reference_runs.memory.build import build, compute_type, plan
from reference_runs.memory.models import named_models
from reference_runs.memory.optimizers import OPTIMIZERS
from reference_runs.memory.shape import TrainingShape
from reference_runs.memory.trace import trace, unpacked

GIB = 2**30


def with_peft(shape: TrainingShape) -> Any:
    """The model of the shape with adapters that peft itself made."""
    from dataclasses import replace

    from peft import LoraConfig, get_peft_model

    bare = build(plan(shape), replace(shape, lora_r=None, gradient_checkpointing=False))
    targets = list(plan(shape).lora_targets)
    model = get_peft_model(bare, LoraConfig(r=shape.lora_r, target_modules=targets, lora_dropout=0.05))
    if shape.gradient_checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    return model.train()


def storages(model: Any) -> int:
    """Bytes of the parameters and buffers, each storage once."""
    found = {t.untyped_storage()._cdata: t.untyped_storage().nbytes() for t in (*model.parameters(), *model.buffers())}
    return sum(found.values())


def steps(model: Any, shape: TrainingShape, n_steps: int, optimizer: Any) -> None:
    """The loop as people write it."""
    low = compute_type(shape)
    vocabulary = plan(shape).vocabulary
    for _ in range(n_steps):
        for _ in range(shape.gradient_accumulation_steps):
            tokens = torch.randint(0, vocabulary, (shape.batch_size, shape.sequence_length))
            with torch.autocast("cpu", dtype=low or torch.bfloat16, enabled=low is not None):
                loss = model(input_ids=tokens, labels=tokens).loss
            loss.backward()
            del loss
        optimizer.step()
        optimizer.zero_grad()


def profiled(shape: TrainingShape) -> int:
    """Peak of a real step by the allocator's events."""
    model = with_peft(shape) if shape.lora_r else build(plan(shape), shape)
    optimizer = OPTIMIZERS[shape.optimizer]([p for p in model.parameters() if p.requires_grad])
    gc.collect()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        steps(model, shape, 2, optimizer)
    events = [e for e in recorded.profiler.kineto_results.events() if e.name() == "[memory]"]
    now = peak = storages(model)
    for event in sorted(events, key=lambda e: e.start_ns()):
        now += event.nbytes()
        peak = max(peak, now)
    return peak


def tracked(shape: TrainingShape) -> int:
    """Peak of a fake step by MemTracker, which counts one iteration: the states are made before it."""
    with FakeTensorMode(allow_non_fake_inputs=True), unpacked():
        model = build(plan(shape), shape)
        optimizer = OPTIMIZERS[shape.optimizer]([p for p in model.parameters() if p.requires_grad])
        steps(model, shape, 1, optimizer)
        tracker = MemTracker()
        tracker.track_external(model, optimizer)
        with tracker:
            steps(model, shape, 1, optimizer)
        (peak,) = (snapshot["Total"] for snapshot in tracker.get_tracker_snapshot("peak").values())
    return int(peak)


def counts() -> dict[str, int]:
    """Parameters of every named model with its language-model head, each weight once."""
    found = {}
    for named in named_models():
        shape = TrainingShape(named.patterns[0].strip("*").strip("-"), 1, 8)
        with FakeTensorMode(allow_non_fake_inputs=True):
            found[named.name] = sum(p.numel() for p in build(plan(shape), shape).parameters())
    return found


def main() -> None:
    """Shapes as JSON lines in, what each counter says as JSON lines out; with `--count` the size of named models."""
    if "--count" in sys.argv:
        print(json.dumps(counts()))
        return
    for line in sys.stdin:
        shape = TrainingShape(**json.loads(line))
        found = {
            "trace": round(trace(shape, emulate_cuda=False)["requested_gib"] * GIB),
            "profiler": profiled(shape),
        }
        # MemTracker hooks every parameter, which a frozen one refuses, and sees each module once.
        if not shape.lora_r and shape.gradient_accumulation_steps == 1:
            found["tracker"] = tracked(shape)
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
