"""A notebook's code cells and their stored outputs, whichever version of nbformat wrote them.

nbformat 4 keeps `cells` with `source` and `outputs` (stream, display_data, execute_result, error; text in `data`);
nbformat 3 keeps `worksheets` of cells with `input`, and outputs `pyout` and `pyerr` whose texts stand beside their type
(`text`, `html`). A text is one string or a list of them; the strings of a list follow each other without a gap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from scanner.formats._notebook_json import Placed, Text

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")

Line = tuple[str, int]
"""A line and the physical line it stands at."""


@dataclass(slots=True)
class Output:
    """One stored output."""

    kind: str
    """"stream", "error" or "result" (whatever was displayed)."""
    number: int
    """Its index in the cell."""
    name: str = ""
    """Streams: "stdout" or "stderr"; errors: the exception's name."""
    plain: list[Line] = field(default_factory=list)
    """A stream's lines, a result's text/plain, an error's traceback."""
    html: list[Line] = field(default_factory=list)
    """text/html of a result; left empty where it shows no progress, table or link to a tracker."""
    value: str = ""
    """Errors: the exception's text."""
    line: int = 0
    """Where it begins."""
    is_open: bool = False
    """Whether a stream stops in the middle of a line: the next output of its name goes on there."""
    widget: str = ""
    """Id of the widget that was displayed, when it was one."""


@dataclass(slots=True)
class Cell:
    """One code cell."""

    number: int
    """0-based index among all cells of the notebook."""
    source: list[Line]
    outputs: list[Output]
    count: int | None
    """Execution count; None: never executed, cleared, or still running."""
    papermill: str = ""
    """Status that papermill recorded ("completed", "failed", "running", "pending")."""


def code_cells(notebook: Placed) -> list[Cell]:
    """The code cells in the order of the notebook. Raises ValueError when the JSON is no notebook."""
    if not isinstance(notebook, dict):
        raise ValueError("no notebook: not an object")
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        sheets = notebook.get("worksheets")
        if not isinstance(sheets, list):
            raise ValueError("no notebook: neither cells nor worksheets")
        cells = [c for sheet in sheets if isinstance(sheet, dict) for c in _list(sheet.get("cells"))]
    return [_cell(n, raw) for n, raw in enumerate(cells) if isinstance(raw, dict) and _str(raw, "cell_type") == "code"]


def language(notebook: Placed) -> str:
    """The kernel's language in lower case, "" when it is not stated."""
    metadata = notebook.get("metadata") if isinstance(notebook, dict) else None
    if not isinstance(metadata, dict):
        return ""
    for part in ("language_info", "kernelspec"):
        found = metadata.get(part)
        if isinstance(found, dict):
            name = _str(found, "name" if part == "language_info" else "language")
            if name:
                return name.lower()
    return ""


def lines_of(value: Placed) -> list[Line]:
    """The lines of a text with their places, without colour codes; `\\r` stays inside a line."""
    found: list[Line] = []
    open_line = False
    for part in _list(value) if isinstance(value, list) else [value]:
        if not isinstance(part, Text):
            continue
        text = part.value
        if "\x1b" in text:
            text = _ANSI.sub("", text)
        pieces = text.split("\n")
        if open_line:
            found[-1] = (found[-1][0] + pieces[0], found[-1][1])
            pieces = pieces[1:]
        found.extend((piece, part.line) for piece in pieces)
        open_line = bool(found) and found[-1][0] != ""
        if found and not open_line:
            found.pop()
    return [(line.removesuffix("\r"), number) for line, number in found]


def _cell(number: int, raw: dict[str, Placed]) -> Cell:
    count = raw.get("execution_count", raw.get("prompt_number"))
    metadata = raw.get("metadata")
    papermill = metadata.get("papermill") if isinstance(metadata, dict) else None
    return Cell(
        number,
        lines_of(raw.get("source", raw.get("input"))),
        [o for n, out in enumerate(_list(raw.get("outputs"))) if isinstance(out, dict) for o in _output(n, out)],
        count if isinstance(count, int) and not isinstance(count, bool) else None,
        _str(papermill, "status") if isinstance(papermill, dict) else "",
    )


def _output(number: int, raw: dict[str, Placed]) -> Iterator[Output]:
    kind = _str(raw, "output_type")
    if kind == "stream":
        name = _str(raw, "name") or _str(raw, "stream") or "stdout"
        plain = lines_of(raw.get("text"))
        yield Output("stream", number, name, plain, line=_first_line(raw), is_open=_is_open(raw.get("text")))
    elif kind in ("error", "pyerr"):
        frames: list[Line] = []
        for frame in _list(raw.get("traceback")):
            frames.extend(lines_of(frame))
        yield Output("error", number, _str(raw, "ename"), frames, value=_str(raw, "evalue"), line=_first_line(raw))
    elif kind in ("display_data", "execute_result", "pyout", "update_display_data"):
        data = raw.get("data")
        bundle = data if isinstance(data, dict) else raw
        html = bundle.get("text/html", bundle.get("html"))
        view = bundle.get("application/vnd.jupyter.widget-view+json")
        yield Output(
            "result",
            number,
            plain=lines_of(bundle.get("text/plain", bundle.get("text"))),
            html=lines_of(html) if _tells(html) else [],
            line=_first_line(raw),
            widget=_str(view, "model_id") if isinstance(view, dict) else "",
        )


def _is_open(text: Placed) -> bool:
    parts = [part for part in (text if isinstance(text, list) else [text]) if isinstance(part, Text)]
    return bool(parts) and not parts[-1].written.endswith('\\n"')


def _tells(html: Placed) -> bool:
    """Whether HTML may show progress, a training's table or a tracker's run: looked for before anything is decoded."""
    parts = [part.written for part in (html if isinstance(html, list) else [html]) if isinstance(part, Text)]
    return any("<progress" in part or "<table" in part or "wandb" in part for part in parts)


def _first_line(raw: dict[str, Placed]) -> int:
    return next((v.line for v in raw.values() if isinstance(v, Text)), 0)


def _list(value: Placed) -> list[Placed]:
    return value if isinstance(value, list) else []


def _str(raw: dict[str, Placed], key: str) -> str:
    value = raw.get(key)
    return value.value if isinstance(value, Text) else ""
