"""What quantized weights save: the linear layers measured, the whole model computed with its other weights.

Settings of a claim: `quantization` ("int8" or "nf4"), `models` (names of models.toml).
"""

from __future__ import annotations

from collections.abc import Mapping

from reference_runs.records import Claim, Finding, Hardware, Job, Result
from scanner.records import Figure

_FP16, _FP32 = 2, 4


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """One job a model."""
    kind = claim.settings["quantization"]
    return {
        model: Job("quantize", {"model": model, "quantization": kind}, limit_s=300.0, expected_s=5.0)
        for model in claim.settings["models"]
    }


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """The judged saving is that of the linear layers against fp16; its interval is its range over the models."""
    linear = [1 - result["bytes_per_weight"] / _FP16 for result in results.values()]
    linear_fp32 = [1 - result["bytes_per_weight"] / _FP32 for result in results.values()]
    figures = [_range("saving", linear), _range("saving_vs_fp32", linear_fp32)]
    for model, result in results.items():
        saving = 1 - result["whole_bytes"] / (_FP16 * result["n_parameters"])
        figures.append(Figure(f"whole_model_saving: {model}", saving))
    return Finding(
        basis="measured",
        figures=tuple(figures),
        scope={
            "model": ", ".join(results),
            "quantization": str(claim.settings["quantization"]),
            "what": "linear layers, scales included, against fp16",
            "whole_model": "computed: the other weights in fp16",
        },
    )


def _range(name: str, values: list[float]) -> Figure:
    middle = (
        sorted(values)[len(values) // 2] if len(values) % 2 else sum(sorted(values)[len(values) // 2 - 1 :][:2]) / 2
    )
    return Figure(name, middle, min(values), max(values), len(values))
