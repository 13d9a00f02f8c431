"""What event files hold beside curves: the arguments of Hugging Face's Trainer, tables of hyper-parameters, `hparams`.

text    args/text_summary             {"learning_rate": 5e-05, "num_train_epochs": 3, ...}
text    model_config/text_summary     {"_name_or_path": "bert-base-uncased", ...}
text    hyperparameters/text_summary  |param|value| / |-|-| / |learning_rate|0.0003|
hparams _hparams_/session_start_info  map of names to values
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats import _json, _recorded_config
from scanner.formats import _protobuf_wire as wire
from scanner.formats._base import Stated
from scanner.formats._json import Leaf
from scanner.formats._tfevents import Value

_ROW = re.compile(r"^\|\s*+(?P<key>[\w./ -]{1,80}?)\s*+\|\s*+(?P<value>[^|]{1,200}?)\s*+\|\s*$")
_SETTINGS = re.compile(r"param|config|args|argument|settings|options", re.IGNORECASE)
SUCCESS, FAILURE = 1, 2


def of_text(value: Value, arguments: list[Leaf]) -> Iterator[Stated]:
    """Settings of a text summary. The Trainer's arguments are kept in `arguments` as well."""
    tag = value.tag.removesuffix("/text_summary")
    text = value.text or ""
    if tag == "model_config":
        for leaf in _leaves(text):
            if leaf.path == ("_name_or_path",) and leaf.value:
                raw = f"_name_or_path: {leaf.value}"
                yield Stated(
                    "model_name_or_path", leaf.value, 0, origin="reported", pointer=f"{tag}/_name_or_path", raw=raw
                )
    elif tag == "args" and text.lstrip().startswith("{"):
        own = _leaves(text)
        arguments.extend(own)
        for found in _recorded_config.stated(own):
            yield found._replace(pointer=f"args{found.pointer}")
    elif _SETTINGS.search(tag):
        for line in text.splitlines():
            row = _ROW.match(line)
            if row and row["key"].lower() not in ("param", "parameter", "key", "name") and set(row["key"]) != {"-"}:
                pointer = f"{tag}/{row['key']}"
                yield Stated(row["key"], row["value"], 0, origin="reported", pointer=pointer, raw=line.strip())


def _leaves(text: str) -> list[Leaf]:
    try:
        return [leaf._replace(line=0) for leaf in _json.leaves(text)]
    except ValueError:
        return []


def of_hparams(value: Value) -> Iterator[Stated]:
    """Settings of a session's start. HParamsPluginData 3 session_start_info { 1 hparams }."""
    for start in wire.inner(wire.message(value.content), 3):
        for entry in wire.inner(wire.message(start), 1):
            pair = wire.message(entry)
            key = wire.text(pair, 1)
            for written in wire.inner(pair, 2):
                for number, content in wire.fields(written):
                    scalar = _scalar(number, content)
                    if scalar is not None:
                        yield Stated(key, scalar, 0, origin="reported", pointer=f"hparams/{key}")


def _scalar(number: int, content: wire.Field) -> str | float | bool | None:
    """A google.protobuf.Value: 2 number, 3 text, 4 bool."""
    if number == 2:
        found = wire.real(content)
        return int(found) if found.is_integer() and abs(found) < 1e15 else found
    if number == 3 and isinstance(content, bytes):
        return content.decode("utf-8", "replace")
    return bool(content) if number == 4 else None


def end_status(value: Value) -> int | None:
    """The status of a session's end (HParamsPluginData 4 session_end_info { 1 status }), where one is written."""
    for end in wire.inner(wire.message(value.content), 4):
        for status in wire.message(end).get(1, ()):
            return status if isinstance(status, int) else None
    return None
