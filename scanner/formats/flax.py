"""JAX trainers' consoles: Hugging Face's Flax examples, MaxText, and clu's metric writer (T5X, Flax, Scenic).

    Step... (500 | Loss: 2.3, Learning Rate: 4.9e-05)      Step... (500/1000 | Training Loss: 0.3, Learning Rate: 2e-5)
    Step... (500 | Eval Loss: 2.2 | Eval Perplexity: 9.0)  Step... (500 | Loss: 1.98, Acc: 0.61)     (an evaluation)
    Epoch... (1/3 | Loss: 2.3, Learning Rate: 4.9e-05)
    Config param learning_rate: 3e-05
    completed step: 10, seconds: 1.1, TFLOP/s/device: 93.1, Tokens/s/device: 3120.1, total_weights: 65536, loss: 9.1
    eval metrics after step: 10, loss=9.2, total_weights=65536.0
    I0801 10:01:10.2 140 logging_writer.py:48] [100] train_accuracy=0.101, train_loss=6.931

PyTorch scripts have copied the first form: JAX is told only where its name stands in the log. MaxText counts steps from
0 and prints every parameter that it resolved. A value may be an array of one (`DeviceArray(0.31, dtype=float32)`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import LOOSE_NUMBER, Document, Stated, has_any
from scanner.formats._plans import Plans

ID = "flax"
DESCRIPTION = "Consoles of JAX trainers: Flax examples, MaxText, clu's metric writer"
SAMPLE = """Step... (500 | Loss: 2.3, Learning Rate: 4.9e-05)
completed step: 10, seconds: 1.1, TFLOP/s/device: 93.1, Tokens/s/device: 3120.1, total_weights: 65536, loss: 9.1"""

_POINT = re.compile(r"^\s*(?P<what>Step|Epoch)\.\.\. \((?P<n>\d+)(?:\s?/\s?(?P<of>\d+))? \| (?P<rest>.*)\)")
_PAIR = re.compile(
    rf"(?P<key>[A-Za-z][\w ]{{0,30}}|'\w+'): (?:(?:Device)?Array\()?\[?(?P<value>{LOOSE_NUMBER})(?=[\s,|)\]}}]|$)"
)
_COMPLETED = re.compile(rf"\bcompleted step: (?P<step>\d+), .*\bloss: (?P<loss>{LOOSE_NUMBER})\s*(?:,|$)")
_AFTER = re.compile(rf"\beval metrics after step: (?P<step>\d+), loss=(?P<loss>{LOOSE_NUMBER})")
_PARAM = re.compile(r"\bConfig param (?P<key>\w+): (?P<value>\S.*)$")
_WRITTEN = re.compile(r"\blogging_writer\.py:\d+\] \[(?P<step>\d+)\] (?:collection=(?P<split>\w+) )?(?P<rest>\w.*=.*)$")
_EQUAL = re.compile(rf"(?:^|,? )(?P<key>[A-Za-z]\w*)=(?P<value>{LOOSE_NUMBER})(?=,|\s|$)")
_PARAMS = {
    "learning_rate": "learning_rate",
    "opt_type": "optimizer",
    "per_device_batch_size": "per_device_batch_size",
    "gradient_accumulation_steps": "gradient_accumulation_steps",
    "gradient_clipping_threshold": "max_grad_norm",
    "adam_weight_decay": "weight_decay",
    "warmup_steps_fraction": "warmup_fraction",
    "max_target_length": "sequence_length",
    "model_name": "model_name",
    "steps": "training_steps",
    "dataset_path": "dataset_path",
    "hf_path": "dataset_name",
    "init_weights_seed": "seed",
    "hardware": "device",
    "dtype": "precision",
    "num_devices": "num_devices",
}
_NOT_GIVEN = frozenset({"", "None", "-1", "default", "0.0", "''"})
_names_jax = has_any("jax", "flax")


def wants(document: Document) -> bool:
    """Logs with a line of one of the trainers."""
    return document.kind == "log" and document.mentions(
        "Step... (", "Epoch... (", "TFLOP/s/device:", "logging_writer.py:"
    )


def read(document: Document) -> Iterator[Stated]:
    """Points with their steps and epochs, plans, and MaxText's parameters."""
    is_jax = _names_jax(document.text()) or document.mentions("TFLOP/s/device:", "logging_writer.py:")
    is_named = False
    plans = Plans()
    for line, text in document.frames():
        found: list[Stated] = []
        if "... (" in text and (point := _POINT.match(text)):
            document.claimed.add(line)
            found = list(_point(point, line))
            if point["of"]:
                mark = "plan_epochs" if point["what"] == "Epoch" else "plan_steps"
                yield from plans.see(mark, float(point["n"]), float(point["of"]), line, text)
        elif "completed step: " in text and (done := _COMPLETED.search(text)):
            document.claimed.add(line)
            if not is_named:
                yield Stated("first_step", 0, line, "mark", raw=text.strip()[:160])
            found = [Stated("train loss", done["loss"], line, "metric", float(done["step"]), raw=done.group())]
        elif "after step: " in text and (done := _AFTER.search(text)):
            document.claimed.add(line)
            if is_named:
                found = [Stated("val loss", done["loss"], line, "metric", float(done["step"]), raw=done.group())]
        elif "Config param " in text and (param := _PARAM.search(text)):
            document.claimed.add(line)
            yield from _parameter(param["key"], param["value"].strip(), line)
        elif "logging_writer.py:" in text and (written := _WRITTEN.search(text)):
            document.claimed.add(line)
            found = list(_written(written, line))
        elif text.startswith("Epoch ... "):
            document.claimed.add(line)  # its bar; the lines below it count the same
        if found and is_jax and not is_named:
            is_named = True
            yield Stated("framework", "jax", line, raw=text.strip()[:160])
        yield from found


def _point(point: re.Match[str], line: int) -> Iterator[Stated]:
    pairs = [(pair["key"].strip("' "), pair["value"], pair.group()) for pair in _PAIR.finditer(point["rest"])]
    keys = [key.lower() for key, _, _ in pairs]
    # What has no rate beside its loss was measured in an evaluation, though some examples do not say so.
    is_evaluated = "Eval" in point["rest"] or ("learning rate" not in keys and "acc" in keys)
    step = float(point["n"]) if point["what"] == "Step" else None
    epoch = float(point["n"]) if point["what"] == "Epoch" else None
    for key, value, raw in pairs:
        plain = re.sub(r"(?i)^(?:eval|training|train) ", "", key)
        if plain.lower() == "learning rate":
            yield Stated("learning_rate", value, line, "metric", step, epoch, raw=raw)
        else:
            yield Stated(f"{'val' if is_evaluated else 'train'} {plain}", value, line, "metric", step, epoch, raw=raw)


def _written(written: re.Match[str], line: int) -> Iterator[Stated]:
    """Metrics of clu's writer; a collection names the split, else the key does."""
    split = written["split"] or ""
    for pair in _EQUAL.finditer(written["rest"]):
        key = pair["key"] if not split or pair["key"] == "learning_rate" else f"{split}_{pair['key']}"
        yield Stated(key, pair["value"], line, "metric", float(written["step"]), raw=pair.group().strip(", "))


def _parameter(key: str, value: str, line: int) -> Iterator[Stated]:
    if value in _NOT_GIVEN or (key not in _PARAMS and key != "base_output_directory"):
        return
    raw = f"{key}: {value}"
    if key == "base_output_directory":
        yield Stated("output_dir", value, line, "fact", raw=raw)
    elif key != "per_device_batch_size":
        yield Stated(_PARAMS[key], value, line, raw=raw)
    elif re.fullmatch(r"\d+(?:\.0+)?", value):  # a fraction spreads one sequence over devices
        yield Stated(_PARAMS[key], value.partition(".")[0], line, raw=raw)
