"""Verdicts and forecasts by hand, one of each kind that the report must tell apart."""

from __future__ import annotations

from scanner.records import Change, Figure, Forecast, Locator, Verdict

HARDWARE = (("cpu", "Xeon"), ("n_cores", 2), ("memory_gib", 24.0), ("bf16_unit", True))
VERSIONS = (("python", "3.12.3"), ("torch", "2.13.0"))

VERDICTS = (
    Verdict(
        "K2",
        '"load_in_8bit": True,',
        Locator("LEARNINGS.md", 291, 291),
        "refuted",
        "measured",
        "runs_as_written",
        "",
        (),
        (Figure("runs", False),),
        errors=(("Trainer", "ValueError: You cannot perform fine-tuning on purely quantized models."),),
        remedies=("add_lora",),
        scope=(("model", "EleutherAI/gpt-neo-1.3B"), ("quantization", "8bit")),
        hardware=HARDWARE,
        versions=VERSIONS,
        runs=("0123456789ab", "ba9876543210"),
    ),
    Verdict(
        "M7",
        "# Memory ↓30%, Speed ↓20%",
        Locator("LEARNINGS.md", 94, 94),
        "refuted",
        "predicted",
        "inside",
        "",
        (Figure("saving", 0.3), Figure("tolerance", 0.1)),
        (Figure("saving", 0.47, 0.28, 0.58, 6), Figure("never_heard_of", 3)),
        scope=(("model", "gpt2"), ("batch_size", 8), ("sequence_length", 512)),
        hardware=HARDWARE,
        versions=VERSIONS,
        runs=("aaaaaaaaaaaa",),
    ),
    Verdict(
        "M10",
        "# Memory ↓40%, Speed ↑30%",
        Locator("LEARNINGS.md", 100, 100),
        "not_testable",
        "measured",
        "at_least",
        "no_bf16_unit",
        (Figure("speedup", 1.3),),
        (),
        hardware=HARDWARE,
        versions=VERSIONS,
    ),
    Verdict(
        "O1",
        "AdamW'den biraz daha az stabil",
        None,
        "inconclusive",
        "measured",
        "ordered",
        "",
        (Figure("margin", 0.02),),
        (Figure("difference", 0.0001, -0.004, 0.004, 3),),
        hardware=HARDWARE,
        versions=VERSIONS,
    ),
    Verdict(
        "X1",
        "Başarılı Eğitimler: 87 (10.3%)",
        Locator("LEARNINGS.md", 13, 13),
        "confirmed",
        "computed",
        "exact",
        "",
        (Figure("success", 87), Figure("failed", 754), Figure("unknown", 3124)),
        (Figure("share", 87 / 841),),
    ),
)

FORECAST = Forecast(
    "gpt2-oom-1",
    (("model", "gpt2"), ("batch_size", 16), ("sequence_length", 1024), ("precision", "fp32"), ("optimizer", "AdamW")),
    ("sequence_length", "precision"),
    16.0,
    26.76,
    29.06,
    "does_not_fit",
    (Figure("weights", 0.46), Figure("activations", 23.1), Figure("other", 3.2)),
    (
        Change((("batch_size", 4), ("gradient_accumulation_steps", 4)), 7.75, 8.4, "fits"),
        Change((("gradient_checkpointing", True),), 11.28, 14.3, "borderline"),
    ),
)
