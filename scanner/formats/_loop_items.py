"""Numbers behind words: `train loss 0.53 | val loss: 0,61 | acc 81.2% | Step [100/600]` as items with their keys.

Which words measure or count is asked of the document (`naming`). A word that names a split stays in force for the
numbers behind it (`val Loss: 0.25 Acc: 0.9085`, `Test set: Average loss: 0.05, Accuracy: 9834/10000 (98%)`), component
losses (`D loss`) are no loss, and where two splits compete for a number it is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from scanner.formats._base import Document, Vocabulary
from scanner.formats._loop_words import is_loss, is_split, is_training_split

MAX_WORDS = 8
MAX_DIGITS = 9
"""Of a counter; `epoch=1730538843` is a time."""

_VALUE = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|NaN|NAN|inf|Inf)"
_AFTER = (
    r"(?:\s*(?:/|of)\s*(?P<total>\d+)(?![\d.,]\d))?(?:\s?\((?P<share>\d+(?:\.\d+)?)\s?%\))?(?P<percent>\s?%)?"
    r"(?!\w|\.\w|,\d)"
)
_NUMBER = re.compile(rf"%?(?<![\w.@])(?P<value>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|{_VALUE}){_AFTER}")
_COMMA_NUMBER = re.compile(rf"%?(?<![\w.,@])(?P<value>[-+]?\d+,\d+(?:[eE][-+]?\d+)?|{_VALUE}){_AFTER}")
_DECIMAL_COMMA = re.compile(r"(?:[:=]|[^\W\d])\s*%?[-+]?0,\d{2,}(?![\d,.\w])")
_COMMA = re.compile(r"\d,\d{2,}(?![\d,.\w])")
_DECIMAL_POINT = re.compile(r"(?:[:=]|[^\W\d])\s*%?[-+]?\d\.\d{2,}(?![\d,.\w])")
_PARTS = re.compile(
    r"[|;,!\t{}\[\])>]|\s-{1,3}\s|\s{2,}|\.{2,}|(?<=\s)[=~#*]+(?=\s)|[\u2192\u2014\u2013\u3001\u3002\uff0c\uff1b]"
)
_CONTEXT = re.compile(r"[:\uff1a]\s*")
_PARENTHESES = re.compile(r"\([^()]{0,30}\)")
_NO_WORDS = re.compile(r"[^\w%@./ -]+")
_WRAPPED = re.compile(r"\b(?:tensor|np\.float\d*|float|array|Array|DeviceArray)\(\[?")
_COCO_RANGE = re.compile(r"@\[?\s?(?:IoU\s?=\s?)?0?\.50?\s?[:-]\s?0?\.95\]?")
_COCO_SHAPE = re.compile(r"@\[?\s?(?:IoU\s?=\s?)?\d?\.\d\d?\s?[:-]\s?\d?\.\d\d")
"""What a text may hold in which the range stands when its digits are others."""
_GROUP_END = re.compile(r"[|;\t\]]|\s-{1,3}\s")
_WORD_ENDS = re.compile(r"[\W_]+|(?<=[a-z])(?=[A-Z])")
_UNIT = re.compile(r"\s?(?:ms|s|secs?|seconds?|min|[KMG]i?B|it/s|saniye|sn)\b")
_UNITS = re.compile("epoch|iter|step", re.IGNORECASE)
_SWAPPED = re.compile(
    r"(?P<key>[^\W\d][\w ]{2,30}?) (?:at|after|on|in|for|of) (?P<unit>epoch|iteration|iter|step)\s*#?(?P<n>\d+)"
    r"\s*(?:is|was|[:=])\s*(?=[-+.\d])",
    re.IGNORECASE,
)
"""`Cost after iteration 100: 0.69`, `loss on step 300 is 0.512`."""
_SWAPPED_PLURAL = re.compile(
    r"(?P<key>[^\W\d][\w ]{2,30}?) (?:at|after) (?P<n>\d+) (?P<unit>epoch|iteration|iter|step)s"
    r"\s*(?:is|was|[:=])\s*(?=[-+.\d])",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")
_CURRENCY = frozenset("$€£₺¥")
_ASCII = re.compile(r"^[\x00-\x7f]+$")


@dataclass(slots=True)
class Item:
    """A number with the words before it."""

    key: str
    """As written, with the split in force before it where the key names none."""
    kind: str
    """"metric", "companion", "epoch" or "step"."""
    value: str
    total: int | None
    whole: bool
    """Whether all of its words are the key; else some were left out before it."""
    is_best: bool = False
    """Whether it is the best so far or of all, not the present one."""
    span: tuple[int, int] = (0, 0)
    """Where the number stands in the text."""
    total_span: tuple[int, int] = (-1, -1)
    """Where its total stands."""


@dataclass(slots=True)
class Line:
    """What one line holds."""

    items: list[Item]
    scope: str
    """The split word in force at its end, "" for none."""
    names_scope: bool
    """Whether the line itself put it in force."""
    is_of_shape: bool = False
    """Whether every text of the same shape that it `fits` holds the same but for the numbers: `refilled` reads it."""
    literals: tuple[tuple[int, str], ...] = ()
    """Where digits stand that are no number's, and which: a part of a key (`Acc@1`)."""

    def fits(self, text: str) -> bool:
        """Whether a text of the same shape has the same digits outside of its numbers."""
        return not self.literals or all(text.startswith(digits, at) for at, digits in self.literals)

    def refilled(self, text: str, commas: bool) -> Line:
        """The same line with the numbers of another text of its shape."""
        point = "." if commas else ""
        items: list[Item] = []
        for item in self.items:
            begin, end = item.span
            value = text[begin:end].replace(",", point)
            total = item.total
            if total is not None:
                total = int(text[item.total_span[0] : item.total_span[1]])
            if item.value[-1:] == "%":
                value += "%"
            items.append(Item(item.key, item.kind, value, total, item.whole, item.is_best))
        return Line(items, self.scope, self.names_scope)


def writes_decimal_commas(document: Document) -> bool:
    """Whether numbers are written as `0,53` somewhere in a document."""
    if _COMMA.search(document.words()) is None:
        return False
    shapes = document.shapes()
    # A shape writes every digit as 0: none that could not hold one is looked at line by line.
    possible = {
        number for number, text in enumerate(shapes.texts) if _COMMA.search(text) and _DECIMAL_COMMA.search(text)
    }
    lines = zip(document.lines, shapes.of, strict=True) if possible else ()
    return any(shape in possible and _DECIMAL_COMMA.search(line) is not None for line, shape in lines)


def read_line(text: str, naming: Vocabulary, commas: bool = False, scope: str = "") -> Line:
    """The items of a line; `scope` is a split word that a heading above put in force."""
    whole, is_of_shape = text, "@" not in text or _COCO_SHAPE.search(text) is None
    if "@" in text:
        text = _COCO_RANGE.sub("50-95", text)
    if "(" in text:
        text = _WRAPPED.sub("", text)
    if _UNITS.search(text):
        text = _SWAPPED.sub(r"\g<unit> \g<n>, \g<key>: ", _SWAPPED_PLURAL.sub(r"\g<unit> \g<n>, \g<key>: ", text))
    is_of_shape = is_of_shape and text == whole
    found: list[Item] = []
    state = _Scope(context=scope)
    literals: list[tuple[int, str]] = []
    end = 0
    commas = commas and _DECIMAL_POINT.search(text) is None
    for match in (_COMMA_NUMBER if commas else _NUMBER).finditer(text):
        before = text[end : match.start()]
        begin, end = end, match.end()
        if _tells_best(before, naming):
            state.best = True
        item = _item(before, match, naming, state, commas)
        # A digit in the words before a number may be part of a key; a total may make a share of a measurement.
        if _DIGITS.search(state.label):
            literals += ((begin + run.start(), run.group()) for run in _DIGITS.finditer(before))
        if match["total"] and (not int(match["total"]) if item is None else item.kind == "metric"):
            is_of_shape = False
        if item is not None and not (item.kind == "metric" and _UNIT.match(text, end)):
            item.is_best = state.best
            item.span, item.total_span = match.span("value"), match.span("total")
            found.append(item)
    return Line(found, state.context, state.was_named, is_of_shape, tuple(literals))


def heading_scope(text: str, naming: Vocabulary) -> str:
    """The split word of a line of its own that names nothing but a split (`--- Validation ---`), or ""."""
    if len(text) > 60:
        return ""
    words = _NO_WORDS.sub(" ", text).strip(" -=*#:.").split()
    named = [word for word in words if is_split(naming, word)]
    if len(words) > 3 or len(named) != 1:
        return ""
    return named[0] if all(word in named or word.lower() in naming.neutral for word in words) else ""


@dataclass(slots=True)
class _Scope:
    """The split in force along a line."""

    context: str = ""
    """Of a heading, or of words that stand by themselves (`[Val]`, `Test set:`)."""
    inline: str = ""
    """Of the key of the last measurement (`val loss`)."""
    rivals: int = 0
    """Different inline splits since the last group ended."""
    grouped: bool = False
    """Whether the last inline split stands in the group at hand."""
    was_named: bool = False
    best: bool = False
    """Whether a superlative stood before."""
    label: str = ""
    """The words right before the last number."""

    def see(self, part: str, naming: Vocabulary) -> None:
        """Words that stand by themselves."""
        words = [word for word in _NO_WORDS.sub(" ", part).split() if word.strip("-./")]
        if 1 <= len(words) <= 4 and not any(map(str.isdigit, part)):
            named = [word for word in words if is_split(naming, word)]
            if len(named) == 1 and all(w in named or w.lower() in naming.neutral or naming(w) for w in words):
                self.context, self.inline, self.rivals, self.was_named = named[0], "", 0, True

    def name(self, key: str, naming: Vocabulary) -> str | None:
        """A metric's key with the split in force before it; None where two compete."""
        named = [word for word in _WORD_ENDS.split(key) if word and is_split(naming, word)]
        if named and " " not in key:
            return key
        if named:
            self.rivals = self.rivals + 1 if self.grouped and self.inline.lower() != named[-1].lower() else 1
            self.inline, self.grouped = named[-1], True
            return key
        if self.inline:
            loss = is_loss(naming, key)
            if self.grouped:
                return None if loss and self.rivals > 1 else f"{self.inline} {key}"
            if not loss and not is_training_split(naming, self.inline):
                return f"{self.inline} {key}"
            return key if not self.context else f"{self.context} {key}"
        return f"{self.context} {key}" if self.context and naming(f"{self.context} {key}") else key


def _tells_best(before: str, naming: Vocabulary) -> bool:
    """Whether a superlative stands before a number; one in brackets (`0.1 (best 0.09)`) is about that number alone."""
    found = naming.best.search(before)
    return found is not None and before.rfind("(", 0, found.start()) <= before.rfind(")", 0, found.start())


def _item(before: str, match: re.Match[str], naming: Vocabulary, state: _Scope, commas: bool) -> Item | None:
    """The number with its key, or None when the words before it measure and count nothing."""
    trimmed = _PARENTHESES.sub(" ", before).rstrip(" :=[(#|-\uff1a'\"").lstrip("%")
    if _GROUP_END.search(before):
        state.grouped, state.rivals = False, 0
    *others, label = _PARTS.split(trimmed)
    *contexts, state.label = _CONTEXT.split(label)
    label = state.label
    for part in (*others, *contexts):
        if part.strip():
            state.see(part, naming)
    words = [w for w in _NO_WORDS.sub(" ", label.lstrip(" :=[(#*-")).split() if w.strip("-./")]
    while len(words) > 1 and words[-1].lower() in naming.verbs:
        words.pop()
    if not words or len(words) > MAX_WORDS:
        return None
    key, kind, left_out = _key(tuple(words), naming)
    if not kind:
        if before.rstrip()[-1:] in (":", "[", "("):
            state.see(label, naming)
        return None
    if before.rstrip()[-1:] in _CURRENCY:
        return None
    total = int(match["total"]) if match["total"] else None
    value = match["value"].replace(",", "." if commas else "")
    if kind in ("epoch", "step"):
        if {word.lower() for word in left_out} & naming.not_progress or not value.isdigit() or len(value) > MAX_DIGITS:
            return None
        state.see(" ".join((*left_out, key)), naming)
        return Item(key, kind, value, total, not left_out)
    foreign = [
        word
        for word in left_out
        if word.lower() not in naming.neutral and not any(map(str.isdigit, word)) and not is_split(naming, word)
    ]
    if kind == "metric":
        if foreign and " " not in key and foreign[-1] == left_out[-1]:
            return None
        split = next((word for word in reversed(left_out) if is_split(naming, word)), "")
        named = state.name(f"{split} {key}" if split and naming(f"{split} {key}") == "metric" else key, naming)
        if named is None:
            return None
        key = named
        if total is None and naming.fractional.search(key) and value.isdigit():
            return None  # programs print losses with decimals; whole numbers behind such a word are money or counts
        if total is not None:
            share = match["share"] or (f"{100 * float(value) / total:.6g}" if total and value.isdigit() else "")
            if not share:
                return None
            return Item(key, kind, share + "%", None, not foreign)
    has_percent = match["percent"] or match.group().startswith("%")
    return Item(key, kind, value + "%" if has_percent else value, total, not foreign)


@lru_cache(maxsize=16384)
def _key(words: tuple[str, ...], naming: Vocabulary) -> tuple[str, str, tuple[str, ...]]:
    """(key, kind, words left out before it) of the longest run of last words that names anything."""
    dense = [(at, word) for at, word in enumerate(words) if word.lower() not in naming.fillers or len(words) == 1]
    for n in range(min(4, len(dense)), 0, -1):
        chosen = dense[-n:]
        key = " ".join(word for _, word in chosen)
        kind = naming(key)
        if kind:
            return key, kind, words[: chosen[0][0]]
    parted = _parted(words[-1], naming)
    return (parted, "metric", words[:-1]) if parted else ("", "", ())


def _parted(word: str, naming: Vocabulary) -> str:
    """A word of two without a blank (`valloss`, `Validierungsverlust`, CJK compounds) with one; "" where it is none."""
    shortest = 3 if _ASCII.match(word) else 2
    if not 2 * shortest <= len(word) <= 40:
        return ""
    for at in range(shortest, len(word) - shortest + 1):
        head, tail = word[:at], word[at:]
        if naming(tail) == "metric" and naming(f"{head} {tail}") == "metric" and is_split(naming, head):
            return f"{head} {tail}"
    return ""
