"""The console of `spacy train`: version 3's table of steps, and the table of iterations of version 2.

    =========================== Training pipeline ===========================
    Pipeline: ['tok2vec', 'ner']
    Initial learn rate: 0.001
    E    #       LOSS TOK2VEC  LOSS NER  ENTS_F  ENTS_P  ENTS_R  SCORE
    ---  ------  ------------  --------  ------  ------  ------  ------
      0       0          0.00     62.40   25.00   16.67   50.00    0.25
    Saved pipeline to output directory

    Itn  NER Loss   NER P   NER R   NER F   Token %  CPU WPS

`E` counts the epochs that are over, `#` the steps. Several components have a loss each and no total; the scores are
those of the development set. Version 3 prints its last line only where nothing went wrong, version 2 always.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scanner.formats._base import Document, Stated, parse_number

ID = "spacy"
DESCRIPTION = "Console of spacy train (versions 2 and 3)"
SAMPLE = """E    #       LOSS TOK2VEC  LOSS NER  ENTS_F  ENTS_P  ENTS_R  SCORE
---  ------  ------------  --------  ------  ------  ------  ------
  0       0          0.00     62.40   25.00   16.67   50.00    0.25"""

_HEADER = re.compile(r"^(?:E    #  |Itn +\S)")
_RULE = re.compile(r"^-{3,}(?:  -{3,})+\s*$")
_COLUMN = re.compile(r"\S+(?: \S+)*")
_F1 = re.compile(r"ENTS_F|SPANS_\w+_F|CATS_(?:MICRO|MACRO)_F|NER F")
_ACCURACY = ("TAG_ACC", "POS_ACC", "TAG %")
_RATE = re.compile(r"\bInitial learn rate: (?P<rate>[\d.e-]+)")
_FOLDER = re.compile(r"\bSaving to output directory: (?P<folder>\S.*)$")
_GPU = re.compile(r"\bUsing GPU: \d+\s*$")
_SAVED = "Saved pipeline to output directory"


def wants(document: Document) -> bool:
    """Logs with the header of one of the tables."""
    return document.kind == "log" and document.mentions("E    #  ", "Itn  ") and document.mentions("---  ---")


def read(document: Document) -> Iterator[Stated]:
    """Rate, device and folder; each row of the table; the end."""
    columns: list[str] = []
    is_3 = False
    lines = document.lines
    for line, text in enumerate(lines, 1):
        if _HEADER.match(text) and line < len(lines) and _RULE.match(lines[line]):
            columns, is_3 = _names(text, lines[line]), text.startswith("E")
            document.claimed.update((line, line + 1))
            yield Stated("training_start", True, line, "mark", raw=text.strip())
            yield Stated("framework", "other", line, raw=text.strip())
            if is_3:
                yield Stated("first_epoch", 1, line, "mark", raw=text.strip())
        elif columns and (cells := _cells(text)) and len(cells) == len(columns):
            document.claimed.add(line)
            yield from _row(columns, cells, line, text.strip(), is_3)
        elif columns and is_3 and _SAVED in text:
            columns = []
            yield Stated("training_end", True, line, "mark", raw=text.strip())
        elif (rate := _RATE.search(text)) is not None:
            document.claimed.add(line)
            yield Stated("learning_rate", rate["rate"], line, raw=text.strip())
        elif (folder := _FOLDER.search(text)) is not None:
            yield Stated("output_dir", folder["folder"].strip(), line, "fact", raw=text.strip())
        elif _GPU.search(text) is not None:
            yield Stated("device", "cuda", line, raw=text.strip())


def _names(header: str, rule: str) -> list[str]:
    """The header's cells, which hold single blanks; the dashes below say where each ends."""
    names = [cell.group() for cell in _COLUMN.finditer(header)]
    widths = rule.split()
    return names if len(names) == len(widths) else []


def _cells(text: str) -> list[str]:
    cells = text.split()
    return cells if cells and all(parse_number(cell) is not None for cell in cells) else []


def _row(columns: Sequence[str], cells: Sequence[str], line: int, raw: str, is_3: bool) -> Iterator[Stated]:
    pairs = dict(zip((name.upper() for name in columns), cells, strict=True))
    epoch = parse_number(cells[0])
    step = parse_number(cells[1]) if is_3 else None
    losses = [name for name in pairs if name.startswith("LOSS ") or name.endswith(" LOSS")]
    scores = [name for name in pairs if _F1.fullmatch(name)]
    stated = [("train loss", losses)] if len(losses) == 1 else []
    if len(scores) == 1:
        stated.append(("val f1", scores))
    stated.append(("val accuracy", [name for name in _ACCURACY if name in pairs][:1]))
    stated.append(("epoch", [columns[0].upper()]))
    for key, names in stated:
        for name in names:
            yield Stated(key, pairs[name], line, "metric", step, epoch, raw=f"{name} {pairs[name]} | {raw}")
