"""Documented lines and calls, tried as written on a tiny model; what fails or is deprecated, with its replacement too.

Settings: `family`, and `codes`, each one of {"call": ...} (`literals.as_json`), {"import": "torch.cuda.amp.autocast"}
and {"load": {"load_in_8bit": True}} (keywords for from_pretrained).
Result: `tried`, one for each: `error` ("" when it runs as written), `deprecated`, `remedies` (the change that made it
run without a warning), `known` (False where it names something else than this replay knows: it was not tried).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reference_runs.jobs import _calls, _tiny

_REMEDIES = {"load": "quantization_config", "import": "torch_amp"}


def run(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Try each code as written, then with its remedy."""
    saved = _tiny.save(settings["family"], folder)
    return {"tried": [_tried(code, saved) for code in settings["codes"]]}


def _tried(code: Mapping[str, Any], saved: Path) -> dict[str, Any]:
    try:
        error, deprecated = _tiny.attempt(lambda: _try(code, saved), _names(code))
    except _calls.UnknownName:
        return {"known": False, "error": "", "deprecated": [], "remedies": []}
    remedies = []
    replaced = _replacement(code, saved)
    if (error or deprecated) and replaced is not None and _tiny.attempt(replaced, _names(code)) == ("", []):
        remedies = [_REMEDIES[next(iter(code))]]
    return {"known": True, "error": error, "deprecated": deprecated, "remedies": remedies}


def _names(code: Mapping[str, Any]) -> list[str]:
    """The words whose deprecation is the code's own."""
    if "load" in code:
        return list(code["load"])
    name = code.get("import") or code["call"]
    return [name, name.rpartition(".")[2], *code.get("named", ())]


def _try(code: Mapping[str, Any], saved: Path) -> None:
    import torch

    if "load" in code:
        _step(_loaded(saved, **code["load"]))
        return
    model = _loaded(saved)
    if "import" in code:
        imported = _calls.function(code["import"], {})
        if code["import"].endswith("autocast"):
            with imported():
                _step(model)
        return
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    made = _calls.call(code, {"model": model, "optimizer": optimizer, "folder": saved})
    _step(made if isinstance(made, torch.nn.Module) else model)


def _replacement(code: Mapping[str, Any], saved: Path) -> Callable[[], None] | None:
    """What does the same today; None where nothing is known to."""
    import torch
    from transformers import BitsAndBytesConfig

    if "load" in code:
        return lambda: _step(_loaded(saved, quantization_config=BitsAndBytesConfig(**code["load"])))
    if code.get("import") == "torch.cuda.amp.autocast":
        device = "cuda" if torch.cuda.is_available() else "cpu"

        def with_autocast() -> None:
            with torch.autocast(device, dtype=torch.bfloat16):
                _step(_loaded(saved))

        return with_autocast
    return None


def _loaded(saved: Path, **keywords: Any) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(saved, **keywords)


def _step(model: Any) -> None:
    """Forward, and backward where there is something to train."""
    import torch

    tokens = torch.stack([sample["input_ids"] for sample in _tiny.samples()[:2]]).to(model.device)
    loss = model(input_ids=tokens, labels=tokens).loss
    if any(parameter.requires_grad for parameter in model.parameters()):
        loss.backward()
