"""The tables of docs/MEMORY.md, made anew: `python -m reference_runs.memory.table` prints them. Predictions only."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from reference_runs.memory.predict import Prediction, Predictor
from reference_runs.memory.shape import TrainingShape as Shape

CONFIGURATIONS = (
    Shape("gpt2", 8, 512),
    Shape("gpt2", 16, 1024),
    Shape("gpt2", 16, 1024, attention="eager"),
    Shape("gpt2", 16, 1024, "bf16"),
    Shape("gpt2", 16, 1024, gradient_checkpointing=True),
    Shape("gpt2", 16, 1024, "bf16", gradient_checkpointing=True),
    Shape("gpt2", 16, 1024, optimizer="adamw_8bit"),
    Shape("gpt2", 16, 1024, lora_r=16),
    Shape("gpt2", 4, 512, gradient_accumulation_steps=4),
    Shape("gpt-neo-125M", 8, 512),
    Shape("gpt-neo-1.3B", 4, 1024),
    Shape("gpt-neo-1.3B", 4, 1024, gradient_checkpointing=True),
    Shape("gpt-neo-1.3B", 4, 1024, gradient_checkpointing=True, lora_r=16, quantization="int8"),
    Shape("gpt-neo-1.3B", 4, 1024, gradient_checkpointing=True, lora_r=16, quantization="nf4"),
    Shape("TinyLlama-1.1B", 8, 512),
    Shape("TinyLlama-1.1B", 8, 512, "bf16"),
    Shape("TinyLlama-1.1B", 8, 512, "bf16_true"),
    Shape("TinyLlama-1.1B", 8, 512, "bf16", gradient_checkpointing=True),
    Shape("TinyLlama-1.1B", 8, 1024, "bf16_true", lora_r=16),
    Shape("TinyLlama-1.1B", 8, 1024, "bf16", gradient_checkpointing=True, lora_r=16, quantization="nf4"),
    Shape("phi-2", 16, 512, "bf16_true", gradient_checkpointing=True),
    Shape("phi-2", 16, 512, "bf16", gradient_checkpointing=True, lora_r=16, quantization="nf4"),
)

_BERT = {"head": "classification", "attention": "eager", "optimizer": "adamw_fused"}
PUBLISHED = (
    (13606, Shape("bert-large-uncased", 4, 512, **_BERT)),  # type: ignore[arg-type]
    (7338, Shape("bert-large-uncased", 1, 512, gradient_accumulation_steps=4, **_BERT)),  # type: ignore[arg-type]
    (
        5432,
        Shape(
            "bert-large-uncased",
            1,
            512,
            gradient_accumulation_steps=4,
            gradient_checkpointing=True,
            **_BERT,  # type: ignore[arg-type]
        ),
    ),
    (12596, Shape("bert-large-uncased", 4, 512, "fp16", **_BERT)),  # type: ignore[arg-type]
    (
        5932,
        Shape(
            "bert-large-uncased",
            1,
            512,
            "fp16",
            gradient_accumulation_steps=4,
            gradient_checkpointing=True,
            **_BERT,  # type: ignore[arg-type]
        ),
    ),
)
"""MiB that nvidia-smi showed on a V100, less 1,343 MiB of context (Hugging Face's performance guide of 2022)."""


def main() -> None:
    """Print both tables and the median time."""
    with Predictor() as predictor:
        for line in lines(predictor):
            print(line, flush=True)


def lines(predictor: Predictor) -> Iterator[str]:
    """The tables in Markdown, a line at a time."""
    spent = []
    yield "| configuration | weights | gradients | optimizer | activations | logits | peak | reserved | at | CPU s |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: |"
    for shape in CONFIGURATIONS:
        found = predictor.predict(shape)
        spent.append(found.seconds)
        yield f"| {_title(shape)} | {_sizes(found)} | {found.phase} | {found.seconds:.1f} |"
    yield ""
    yield f"Median CPU time of a prediction: {median(spent):.1f} s; the longest {max(spent):.1f} s."
    yield ""
    yield "| configuration | published, MiB | predicted allocated | reserved | reserved / published |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for published, shape in PUBLISHED:
        found = predictor.predict(shape)
        allocated, reserved = found.allocated_gib * 1024, found.reserved_gib * 1024
        yield f"| {_title(shape)} | {published:,} | {allocated:,.0f} | {reserved:,.0f} | {reserved / published:.2f} |"


def _title(shape: Shape) -> str:
    marks = [
        f"{shape.model} {shape.batch_size}x{shape.sequence_length}",
        shape.precision,
        f"accumulation {shape.gradient_accumulation_steps}" if shape.gradient_accumulation_steps > 1 else "",
        "checkpointing" if shape.gradient_checkpointing else "",
        shape.quantization or "",
        f"LoRA {shape.lora_r}" if shape.lora_r else "",
        shape.optimizer if shape.optimizer != "adamw" else "",
        shape.attention if shape.attention != "sdpa" else "",
    ]
    return ", ".join(mark for mark in marks if mark)


def _sizes(found: Prediction) -> str:
    held = [found.parts[name] for name in ("weights", "gradients", "optimizer", "activations", "logits")]
    return " | ".join(f"{size:.2f}" for size in (*held, found.allocated_gib, found.reserved_gib))


if __name__ == "__main__":
    main()
