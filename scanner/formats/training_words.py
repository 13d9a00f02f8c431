"""Sentences in which a program tells how much it trains on and where.

    Training samples: 48000            Eğitim verisi: 1920 adet          60000 train samples
    x_train shape: (60000, 28, 28)     len(train_dataset) = 5000         Training on 1200 images
    train: Dataset({                   device(type='cuda')               Starting training on CPU, could be very slow
        features: ['text', 'label'],   Model moved to cuda               cuda
        num_rows: 25000

A count is taken where its own words say that it is the training data's; a device where something is said to be on it.
Ratios, batches, steps, what merely could be used, and advice about devices are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scanner.formats._base import Document, Stated

ID = "training_words"
DESCRIPTION = "Sentences of consoles and notebooks on the size of the training set and the device in use"
SAMPLE = """Training samples: 48000
Starting training on CPU"""

MAX_LINE = 200
_EARLY_LINES = 60
"""A bare `cuda` is what `print(device)` wrote where it stands among the first lines."""


def _n(which: int) -> str:
    return rf"(?P<n{which}>\d{{1,3}}(?:[.,]\d{{3}})+|\d{{1,12}})"


def _where(which: int) -> str:
    return rf"(?P<where{which}>cuda|gpu|cpu|mps|tpu|xpu|npu)(?::\d+)?"


_TRAIN = r"(?:train(?:ing)?|e[ğg][iİ]t[iİ]m)"
_THINGS = (
    r"(?:samples?|examples?|images?|instances?|sequences?|sentences?|pairs|records|rows|texts|files|documents|items|"
    r"[öo]rnek(?:leri|ler)?|g[öo]r[üu]nt[üu](?:ler[iı]?|s[üu])?|res[iı]m(?:ler[iı]?)?|sat[ıi]r|kay[ıi]t)"
)
_SET = r"(?:(?:data)?set|data|veri(?:si| seti| k[üu]mesi)?|seti|k[üu]mesi|split)"
_SIZE = r"(?:size|length|count|say[ıi]s[ıi]|boyutu|adedi|uzunlu[ğg]u|miktar[ıi])"
_UNIT = rf"(?:\s*(?:adet|tane|{_THINGS}))"
_STAMP = re.compile(
    r"^\s*(?:\[?\d{4}[-/.]\d\d?[-/.]\d\d?[T ,]*\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?\]?[\s:|,-]*)?"
    r"\[?(?:(?:INFO|DEBUG)\]?[\s:|-]*)?"
)
_COUNTED = re.compile(
    rf"""^\W{{0,6}}(?:
      (?:(?:total\s+)?(?:number|num|no\.?|\#)(?:\s+of)?\s+|total\s+|toplam\s+)?{_TRAIN}[\s_-]+(?:{_SET}[\s_-]+)?
        (?:{_THINGS}|{_SIZE})(?:[\s_-]+{_SIZE})?(?:\s+used)?\s*[:=]\s*{_n(1)}{_UNIT}?
     |(?:size|length)\s+of\s+(?:the\s+)?{_TRAIN}(?:ing)?[\s_-]*{_SET}\s*[:=]\s*{_n(2)}{_UNIT}?
     |{_TRAIN}(?:[\s_-]*{_SET})?\s*[:=]\s*{_n(3)}{_UNIT}
     |len\((?:self\.)?(?:\w*_)?(?:train|x_?train|y_?train)(?:_?(?:data(?:set)?|set|ds|df|samples|images|x))?\)\s*[:=]\s*{_n(4)}
     |(?:(?:found|loaded|using|with|training\s+on)\s+)?{_n(5)}\s+{_TRAIN}\s+{_THINGS}
     |training\s+on\s+{_n(6)}\s+{_THINGS}
    )(?=\s*(?:$|[.!)]\s*$|[,;|(]|-\s|and\b))""",
    re.VERBOSE | re.IGNORECASE,
)
_BARE_SIZE = re.compile(rf"^\W{{0,6}}{_TRAIN}[\s_-]size", re.IGNORECASE)
"""May be a share in percent."""
_SHAPE = re.compile(
    rf"^\W{{0,6}}(?:x_?train|train_?(?:x|images|features|inputs)|{_TRAIN}\s+(?:data|set|images|features))"
    r"(?:\s+data)?(?:\.|\s+|_)?(?:shape|size|boyutu)\s*[:=]?\s*(?:torch\.Size\()?[(\[](?P<n>\d{1,12})\s*,[\d, ]*[)\]]",
    re.IGNORECASE,
)
_OF_SPLIT = re.compile(r"^\s*['\"]?train['\"]?: Dataset\(\{\s*$")
_ROWS = re.compile(r"^\s*num_rows: (?P<n>\d+)\s*$")
_SHARD = re.compile(r"Loading dataset from (?P<file>\S*train\S*)$")
_SHARD_ROWS = re.compile(r"\bnumber of examples: (?P<n>\d+)$")

_RESULT = re.compile(r"^device\(type='(?P<device>[a-z]+)'(?:, index=\d+)?\)$")
_BARE = re.compile(r"^(?P<device>cuda|cpu|mps)(?::\d+)?$")
_DEVICE = re.compile(
    rf"""^\W{{0,6}}(?:
      (?:start(?:ing|ed)?\s+)?(?:model\s+)?(?:is\s+)?training\s+(?:will\s+run\s+|runs\s+|is\s+running\s+)?on\s+(?:the\s+)?{_where(1)}
     |using\s+(?:the\s+)?{_where(2)}\s+device
     |(?:the\s+)?(?:model|network|net)\s+(?:was\s+|is\s+|has\s+been\s+)?(?:moved|transferred|sent)\s+(?:on)?to\s+(?:the\s+)?(?:device\s*:?\s*)?{_where(3)}
     |e[ğg]itim\s+(?:\w+\s+)?{_where(4)}\s+[üu]zerinde
     |[^:=]{{0,70}}\b(?:device|cihaz\w*)[^:=]{{0,24}}[:=]\s*{_where(5)}
    )(?=\s*(?:$|[.!,:;(]|\d+\s*$))""",
    re.VERBOSE | re.IGNORECASE,
)  # fmt: skip
_NOT_USED = re.compile(
    r"(?i)avail|mevcut|detect|found|support|default|map_location|if\b|recommend|should|option|choices|visible|\bno\b|"
    r"tokenizer|embed|teacher|reward|eval|infer|test"
)


def wants(document: Document) -> bool:
    """Logs that name a training set or a device."""
    return document.kind == "log" and document.mentions(
        "rain", "RAIN", "itim", "cuda", "CUDA", "cpu", "CPU", "device", "Device", "ihaz", "mps"
    )


def read(document: Document) -> Iterator[Stated]:
    """Sizes of the training set and devices, with their lines."""
    lines = document.lines
    shards = {
        found["file"]
        for text in (lines if document.mentions("Loading dataset from") else ())
        if "Loading dataset from" in text and (found := _SHARD.search(text))
    }
    shapes = document.shapes()
    foreign = {number for number, text in enumerate(shapes.texts) if _is_foreign(text, len(shards) == 1)}
    for number, shape in enumerate(shapes.of, 1):
        if shape in foreign or number in document.claimed:
            continue
        text = lines[number - 1]
        if (n := count_at(lines, number, len(shards) == 1)) is not None:
            yield Stated("train_samples", n, number, raw=text.strip())
        elif (device := device_at(text, number <= _EARLY_LINES or document.is_embedded)) is not None:
            yield Stated("device", device, number, raw=text.strip())


def _is_foreign(text: str, is_one_file: bool) -> bool:
    """Whether no line of a shape states a size or a device: no pattern asks for any digit's value."""
    if not text or len(text) > MAX_LINE or "\r" in text:
        return True
    if _ROWS.match(text) or (is_one_file and _SHARD_ROWS.search(text)):
        return False
    bare, stripped = _bare(text), text.strip()
    if _COUNTED.match(bare) or _SHAPE.match(bare) or _DEVICE.match(bare):
        return False
    return not (_RESULT.match(stripped) or _BARE.match(stripped))


def _bare(text: str) -> str:
    """The line without its time and level."""
    stamp = _STAMP.match(text)
    return text[stamp.end() :] if stamp else text


def count_at(lines: Sequence[str], number: int, is_one_file: bool = False) -> int | None:
    """How many examples the training set is said to have at a line (1-based); None where it is not said."""
    text = lines[number - 1]
    if _ROWS.match(text):
        above = lines[max(0, number - 8) : number - 1]
        opened = [line for line in above if "Dataset(" in line]
        return int(text.split(":")[1]) if opened and _OF_SPLIT.match(opened[-1]) else None
    if is_one_file and (found := _SHARD_ROWS.search(text)) and number > 1:
        return int(found["n"]) if _SHARD.search(lines[number - 2]) else None
    bare = _bare(text)
    found = _COUNTED.match(bare) or _SHAPE.match(bare)
    if found is None:
        return None
    written = next(value for name, value in found.groupdict().items() if name.startswith("n") and value)
    n = int(re.sub(r"[.,]", "", written))
    return n if n > (100 if _BARE_SIZE.match(bare) else 1) else None


def device_at(text: str, may_be_bare: bool) -> str | None:
    """The device that a line says is in use; None where it does not."""
    found = _RESULT.match(text.strip()) or (_BARE.match(text.strip()) if may_be_bare else None)
    if found is not None:
        return found["device"]
    bare = _bare(text)
    found = _DEVICE.match(bare)
    if found is None or _NOT_USED.search(bare):
        return None
    return next(value for value in found.groupdict().values() if value).lower()
