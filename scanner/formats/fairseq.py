"""Logs of fairseq: the configuration on the first line, metrics as JSON or between bars, the devices it trains on.

    2022-04-08 18:40:57 | INFO | fairseq_cli.train | {'_name': None, 'common': {...}, 'optimization': {'lr': [0.0005]}}
    2022-04-08 18:41:00 | INFO | fairseq_cli.train | training on 8 devices (GPUs/TPUs)
    2022-04-08 18:48:05 | INFO | train_inner | {"epoch": 1, "update": 0.416, "loss": "9.276", "num_updates": "200"}
    2022-04-08 18:58:04 | INFO | valid | epoch 001 | valid on 'valid' subset | loss 6.389 | ppl 83.8 | num_updates 479
    2022-04-08 19:58:04 | INFO | fairseq_cli.train | done training in 4500.1 seconds

Hydra writes `[time][logger][LEVEL] - text`; versions before 0.9 write `| text` alone. Numbers are JSON strings. A
`max_epoch` or `max_update` of 0 means "no limit", a `clip_norm` of 0 "off"; a rate on a line is momentary.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from scanner.formats._base import LOOSE_NUMBER, Document, Stated, to_float
from scanner.formats._json import Leaf
from scanner.formats._literals import expression_leaves

ID = "fairseq"
DESCRIPTION = "Logs of fairseq's train command (JSON or simple format)"
SAMPLE = """2022-04-08 18:41:00 | INFO | fairseq_cli.train | training on 8 devices (GPUs/TPUs)
2022-04-08 18:48:05 | INFO | train_inner | {"epoch": 1, "update": 0.416, "loss": "9.276", "num_updates": "200"}"""

_HEAD = re.compile(
    r"^(?:\[[\d-]+ [\d:,]+\]\[(?P<a>[\w.]+)\]\[[A-Z]+\] - |[\d-]+ [\d:,]+ \| [A-Z]+ \| (?P<b>[\w.]+) \| )(?P<text>.*)$"
)
_SPLITS = {"train": "train/", "train_inner": "train/", "valid": "valid/", "test": "test/"}
_EPOCH = re.compile(r"^epoch (?P<epoch>\d+)(?::\s+(?P<n>\d+) / (?P<of>\d+))?\b")
_PAIR = re.compile(rf"(?:^|[|,\s])(?P<key>[a-z]\w*)(?:=| )(?P<value>{LOOSE_NUMBER})(?=\s*(?:$|[|,]))")
_DEVICES = re.compile(r"^training on (?P<n>\d+) (?:devices|GPUs)\b")
_SENTENCES = re.compile(r"max sentences per (?:device|GPU) = (?P<n>\d+)")
_RANK = re.compile(
    r"^rank\s+\d+: capabilities = .{1,12}; total memory = (?P<gb>[\d.]+) GB\s*; name = (?P<name>.{2,60}?)\s*$"
)
_DONE = re.compile(r"^done training in (?P<s>[\d.]+) seconds")
_NO_METRIC = re.compile(
    r"(?:^|_)(?:wps|ups|wpb|bsz|ntokens|nsentences|train_wall|wall|gb_free|clip|temp|loss_scale|cuda_\w+|epoch|update|"
    r"best_\w+|num_updates|wall_time|sample_size)$|^(?:valid|train|test)?_?loss_\d$"
)
_SETTINGS = {
    ("optimization", "lr", 0): "lr",
    ("optimization", "max_epoch"): "max_epoch",
    ("optimization", "max_update"): "max_update",
    ("optimization", "clip_norm"): "clip_norm",
    ("optimization", "update_freq", 0): "update_freq",
    ("dataset", "batch_size"): "batch_size",
    ("model", "_name"): "arch",
    ("model", "dropout"): "dropout",
    ("optimizer", "_name"): "optimizer",
    ("optimizer", "weight_decay"): "weight_decay",
    ("lr_scheduler", "_name"): "lr_scheduler",
    ("lr_scheduler", "warmup_updates"): "warmup_updates",
    ("common", "seed"): "seed",
    ("common", "fp16"): "fp16",
    ("common", "bf16"): "bf16",
    ("distributed_training", "distributed_world_size"): "distributed_world_size",
    ("task", "data"): "data_path",
    ("lr", 0): "lr",
    ("max_epoch",): "max_epoch",
    ("max_update",): "max_update",
    ("clip_norm",): "clip_norm",
    ("update_freq", 0): "update_freq",
    ("max_sentences",): "batch_size",
    ("batch_size",): "batch_size",
    ("arch",): "arch",
    ("dropout",): "dropout",
    ("optimizer",): "optimizer",
    ("weight_decay",): "weight_decay",
    ("lr_scheduler",): "lr_scheduler",
    ("warmup_updates",): "warmup_updates",
    ("seed",): "seed",
    ("fp16",): "fp16",
    ("distributed_world_size",): "distributed_world_size",
    ("data",): "data_path",
}
"""Places of the configuration that the trainer reads -> key; the short ones are those of the flat `Namespace(...)`."""
_OFF_AT_ZERO = frozenset({"max_epoch", "max_update", "clip_norm"})


def wants(document: Document) -> bool:
    """Logs in which fairseq's trainer speaks."""
    return (
        document.kind == "log"
        and document.mentions("fairseq")
        and document.mentions("fairseq_cli.train", "fairseq.trainer", "fairseq.train", "num_updates")
    )


def read(document: Document) -> Iterator[Stated]:
    """The configuration, the devices, the metrics of every interval and epoch, and the end."""
    for number, line in enumerate(document.lines, 1):
        head = _HEAD.match(line)
        if head is not None:
            logger, text = head["a"] or head["b"], head["text"]
        elif line.startswith("| "):
            logger, text = "", line[2:]
        else:
            continue
        if logger in _SPLITS or text.startswith("epoch "):
            points = list(_metrics(text, _SPLITS.get(logger, "train/"), number))
            if points:
                document.claimed.add(number)
                yield from points
        elif text.startswith(("{'_name'", "Namespace(")):
            yield from _configuration(text, number)
        else:
            yield from _message(text, number)


def _metrics(text: str, prefix: str, number: int) -> Iterator[Stated]:
    if text.startswith("{"):
        try:
            row = json.loads(text)
        except ValueError:
            return  # a line cut off by the end of the file
        pairs = {str(k): v for k, v in row.items()} if isinstance(row, dict) else {}
        epoch = _number(pairs.get("update")) if prefix == "train/" else None
        epoch = epoch if epoch is not None else _number(pairs.get("epoch"))
    else:
        head = _EPOCH.match(text)
        if head is None:
            return
        if "valid on " in text:
            prefix = "valid/"
        epoch = float(head["epoch"])
        if head["n"] and int(head["of"]):
            epoch = epoch - 1 + float(head["n"]) / float(head["of"])
        pairs = {m["key"]: m["value"] for m in _PAIR.finditer(text[head.end() :])}
    step = next((v for k, v in ((k, _number(v)) for k, v in pairs.items()) if k.endswith("num_updates")), None)
    for key, value in pairs.items():
        if _NO_METRIC.search(key) or _number(value) is None:
            continue
        plain = key.removeprefix(prefix.replace("/", "_"))
        name = "lr" if plain == "lr" else prefix + plain
        yield Stated(name, value, number, "metric", step, epoch, raw=f"{key} = {value}")


def _number(value: object) -> float | None:
    try:
        return to_float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else None
    except ValueError:
        return None


def _configuration(text: str, number: int) -> Iterator[Stated]:
    try:
        leaves = list(expression_leaves(text, number))
    except ValueError:
        return
    yield Stated("launch", True, number, "mark", raw=text[:120])
    yield Stated("framework", "fairseq", number, origin="reported", raw=text[:120])
    for leaf in leaves:
        key = _SETTINGS.get(leaf.path)
        if key is None or leaf.value is None or (key in _OFF_AT_ZERO and not leaf.value):
            continue
        yield _setting(key, leaf)


def _setting(key: str, leaf: Leaf) -> Stated:
    assert leaf.value is not None
    written = ".".join(map(str, leaf.path))
    return Stated(key, leaf.value, leaf.line, origin="reported", raw=f"{written} = {leaf.value!r}")


def _message(text: str, number: int) -> Iterator[Stated]:
    if (found := _DEVICES.match(text)) is not None:
        yield Stated("num_devices", found["n"], number, raw=text)
        if (sentences := _SENTENCES.search(text)) is not None:
            yield Stated("batch_size", sentences["n"], number, raw=text)
    elif text.startswith("max tokens per ") and (found := _SENTENCES.search(text)) is not None:
        yield Stated("batch_size", found["n"], number, raw=text)
    elif text.startswith("rank ") and (found := _RANK.match(text)) is not None:
        yield Stated("gpu_name", found["name"], number, raw=text)
        yield Stated("gpu_memory_gib", found["gb"], number, raw=text)
        yield Stated("device", "cuda", number, raw=text)
    elif text.startswith("begin training epoch "):
        yield Stated("training_start", True, number, "mark", raw=text)
    elif (found := _DONE.match(text)) is not None:
        yield Stated("training_end", True, number, "mark", raw=text)
        yield Stated("training_time", f"{found['s']}s", number, raw=text)
    elif text.startswith("Loaded checkpoint ") and "@ 0 updates" not in text:
        yield Stated("resume", True, number, "mark", raw=text)
