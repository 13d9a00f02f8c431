"""One cell's stored outputs as the lines of a log: streams, results, errors, widgets and HTML in stored order.

An error is told by its header, its frames' places and its last words; the source that IPython quotes between them is
left out, since a quoted `print("Training finished")` was never printed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from scanner.formats._base import to_float
from scanner.formats._notebook_cells import Cell, Line, Output
from scanner.formats._notebook_html import to_lines
from scanner.formats._notebook_json import Placed, Text

Addressed = tuple[str, int, str]
"""A line, its physical line and its pointer."""

_HEADER = "Traceback (most recent call last)"
_CHAIN = ("During handling of the above exception", "The above exception was the direct cause")
_FRAME = re.compile(
    r"^\s*(?:File \S.{0,300}|Cell In\s?\[\d+\].{0,80}|Input In \[\d+\].{0,80}|<ipython-input-[\w-]+>.{0,80}|"
    r"/\S.{0,300} in \w.*)$"
)
_RAISED = re.compile(
    r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Interrupt|Exit|Warning|NotFound|Iteration)\b(?::\s|$)"
)
_STATE = "application/vnd.jupyter.widget-state+json"
_EPOCHS_BAR = re.compile(r"(?i)^\W*(?:epochs?|d\wnem)\W*\d{1,3}%\|")


class Widgets:
    """The state in which the notebook's widgets were saved."""

    def __init__(self, notebook: Placed) -> None:
        metadata = notebook.get("metadata") if isinstance(notebook, dict) else None
        widgets = metadata.get("widgets") if isinstance(metadata, dict) else None
        found = widgets.get(_STATE) if isinstance(widgets, dict) else None
        state = found.get("state") if isinstance(found, dict) else None
        # Jupyter nests the models under "state"; Colab does not.
        self._models = state if isinstance(state, dict) else found if isinstance(found, dict) else {}

    def _state(self, name: str) -> dict[str, Placed]:
        model = self._models.get(name)
        state = model.get("state") if isinstance(model, dict) else None
        return state if isinstance(state, dict) else {}

    def bar(self, name: str) -> list[str]:
        """The bar of tqdm that a widget shows, as tqdm writes it on a terminal; empty when it is none."""
        children = self._state(name).get("children")
        parts = (
            [c.value.removeprefix("IPY_MODEL_") for c in children or () if isinstance(c, Text)]
            if isinstance(children, list)
            else []
        )
        label, numbers = "", ""
        filled: float | None = None
        for part in parts:
            state = self._state(part)
            value, top = state.get("value"), state.get("max")
            if isinstance(value, int | float) and isinstance(top, int | float) and top:
                filled = min(1.0, max(0.0, to_float(value) / to_float(top)))
                described = state.get("description")
                label = label or (described.value if isinstance(described, Text) else "")
            elif isinstance(value, Text):
                text = html.unescape(value.value).replace("\u2007", " ")
                if filled is None:
                    label = text
                else:
                    numbers = text
        if filled is None or "/" not in numbers:
            return []
        label = re.sub(r"\s*\d{1,3}%\s*$", "", label.strip())
        full = f"{label} {100 * filled:.0f}%|{'#' * int(10 * filled):<10}| {numbers.strip()}".strip()
        total = re.match(r"\d+/(\d+) ", numbers.strip())
        # Two frames, as on a terminal: the bar of the next epoch is told from this one by its beginning.
        return [f"{label} 0%|          | 0/{total[1]} [00:00<?, ?it/s]".strip(), full] if total and filled else [full]


def of_cell(cell: Cell, widgets: Widgets) -> Iterator[Addressed]:
    """The lines of all outputs of a cell."""
    held: Addressed | None = None
    name = ""
    for output in cell.outputs:
        pointer = f"cell {cell.number} output {output.number}"
        lines = [(text, line, pointer) for text, line in _lines(output, widgets)]
        if held is not None and lines and output.kind == "stream" and output.name == name:
            lines[0] = (held[0] + lines[0][0], held[1], held[2])
        elif held is not None:
            yield held
        held = lines.pop() if lines and output.is_open else None
        name = output.name
        yield from lines
    if held is not None:
        yield held


def _lines(output: Output, widgets: Widgets) -> list[Line]:
    if output.kind == "stream":
        return output.plain
    if output.kind == "error":
        return error_lines(output)
    if output.widget:
        bar = widgets.bar(output.widget)
        if bar:
            return [(frame, output.line) for frame in bar]
        # The text beside a widget is how it looked at first: a plan, but no progress.
        return [line for line in output.plain if _EPOCHS_BAR.match(line[0])]
    if output.html:
        return to_lines(output.html)
    return [] if output.plain[:1] and output.plain[0][0].startswith("<") else output.plain


def error_lines(output: Output) -> list[Line]:
    """An error output as a traceback; one whose frames were stripped, or a syntax error, is given the header."""
    found: list[Line] = []
    last = [n for n, (text, _) in enumerate(output.plain) if output.name and text.startswith(output.name)]
    words = last[-1] if last else len(output.plain)
    for n, (text, line) in enumerate(output.plain):
        bare = text.rstrip()
        if n >= words or _HEADER in bare or _FRAME.match(bare) or _RAISED.match(bare):
            found.append((bare.removesuffix(":") if n == words else bare, line))
        elif any(chain in bare for chain in _CHAIN):
            found.append((bare, line))
    if not any(text for text, _ in found) or words == len(output.plain):
        said = f"{output.name}: {output.value}" if output.value.strip() else output.name
        found += [(part, output.line) for part in said.split("\n")]
    if not any(_HEADER in text for text, _ in found):
        found.insert(0, (f"{_HEADER}:", found[0][1] if found else output.line))
    return found
