"""Jupyter, Colab and Kaggle notebooks: the code as one script, the outputs of each training cell as a log.

    {"cells": [{"cell_type": "code", "execution_count": 3, "source": ["trainer.train()"],
                "outputs": [{"output_type": "stream", "name": "stdout", "text": ["Epoch 1/3\\n", ...]}]}]}

A notebook holds as many executions as cells that train: each cell's output is a document of its own, preceded by what
earlier cells said about the machine and the data ("Using device: cuda"). The outputs of other cells are left out: an
evaluation is not the training's, and an error in a plot is no failed training. Lines keep their physical line in the
file and the address "cell N output M". Three lines are added where the notebook tells something without words:
`In [5]:` (a cell that trains begins; only where its output does not say so itself), `Out[5]:` (what trains in it has
returned without an error) and `In [*]:` (it was running when the notebook was saved).

A file that is no JSON but Python is read as Python; other broken files are refused.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from scanner.formats._base import Document, Stated
from scanner.formats._notebook_cells import Cell, code_cells, language
from scanner.formats._notebook_console import VERSION_FOLDER, read_console
from scanner.formats._notebook_json import Placed, Text, parse
from scanner.formats._notebook_sizes import Sizes, prints_device
from scanner.formats._notebook_text import Addressed, Widgets, of_cell
from scanner.formats._notebook_trains import SHELL_CELL, Trains, lacks_names, shows_training

ID = "notebook"
DESCRIPTION = "Jupyter notebooks: code cells, stored outputs, and the tables and bars of trainers in them"
SAMPLE = """{"cells": [{"cell_type": "code", "execution_count": 3, "source": ["trainer.train()"], "outputs": [
  {"output_type": "stream", "name": "stdout", "text": ["Epoch 1/3\\n"]}]}], "nbformat": 4}"""

_FOREIGN_CELL = re.compile(
    r"^%%\s*(?:html|javascript|js|latex|markdown|svg|sql|R|perl|ruby|css|cython|cuda)\b", re.IGNORECASE
)
_MAY_TRAIN = re.compile(r"(?i)train|fit\w*\s*\(|backward|optim|epoch|learning_rate|\blr\b|egit|eğit|boost|fine_?tun")
_MACHINE = re.compile(r"(?i)\b(?:cuda|gpu|device|tpu|mps|cihaz|dispositivo)\b")
_SETTING = re.compile(r"^\W*(?P<key>[^\W\d_][\w ./()-]{1,60}?)\s*[:=]\s*\S")
_NO_CONTEXT = re.compile(
    r"(?i)error|exception|warn|fail|kill|interrupt|traceback|satisfied|download|install|complet|stopp|\d/\d|%\||\t"
)
_NUMBERED = re.compile(r"(?P<key>[^\W\d_][\w ./-]{1,40}?)\s*[:=]\s*[-+]?\.?\d")
_OPEN = ("(", "{", "[", ",", ")", "}", "]")
MAX_CONTEXT = 300
"""Characters of a line of an earlier cell that is handed to the next training (TensorFlow's GPU line has 230)."""
MAX_CONTEXT_LINES = 400


@dataclass(slots=True)
class _Training:
    """The outputs that belong to one cell that trains."""

    lines: list[Addressed] = field(default_factory=list)
    only_failed: bool = False
    """Whether it has shown nothing but an error so far."""
    folders: dict[str, Addressed] = field(default_factory=dict)
    """Run folders that later cells read, each with the line that names it."""


def wants(document: Document) -> bool:
    """Notebooks, and the logs that come out of them."""
    if document.kind == "notebook":
        return any(line.strip() for line in document.lines)
    return document.kind == "log" and bool(document.pointers) and document.pointers[-1].startswith("cell ")  # type: ignore[index]


def read(document: Document) -> Iterator[Stated | Document]:
    """Inner documents of a notebook; of its logs, what only notebooks show."""
    if document.kind == "log":
        yield from read_console(document)
        return
    text = document.text()
    if not text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        yield _as_python(document)
        return
    notebook = parse(text.lstrip("\ufeff"))
    cells = code_cells(notebook)
    yield from _sources(document, cells, language(notebook))
    for training in _trainings(cells, Widgets(notebook), document, _gpu(notebook)):
        lines = training.lines
        yield document.inner("log", [t for t, _, _ in lines], [n for _, n, _ in lines], [p for _, _, p in lines])


def _as_python(document: Document) -> Document:
    try:
        ast.parse(document.text())
    except SyntaxError as error:
        raise ValueError(f"neither JSON nor Python: line {error.lineno}") from None
    lines = document.lines
    return document.inner("python", lines, list(range(1, len(lines) + 1)), [""] * len(lines))


def _sources(document: Document, cells: Sequence[Cell], kernel: str) -> Iterator[Document]:
    """The Python of all cells as one script, and shell cells as launchers; nothing where no word tells of training."""
    if not any(_MAY_TRAIN.search(text) for cell in cells for text, _ in cell.source):
        return
    script: list[Addressed] = []
    for cell in cells:
        head = next((text.strip() for text, _ in cell.source if text.strip()), "")
        lines = [(text, line, f"cell {cell.number}") for text, line in cell.source]
        if SHELL_CELL.match(head):
            yield _inner(document, "shell", lines)
        elif not _FOREIGN_CELL.match(head):
            script.extend(lines)
    if script and kernel in ("", "python", "ipython", "python3", "python2"):
        yield _inner(document, "python", script)


def _inner(document: Document, kind: str, lines: Sequence[Addressed]) -> Document:
    return document.inner(kind, [t for t, _, _ in lines], [n for _, n, _ in lines], [p for _, _, p in lines])  # type: ignore[arg-type]


def _trainings(cells: Sequence[Cell], widgets: Widgets, document: Document, gpu: Addressed | None) -> list[_Training]:
    """The outputs of every cell that trains, each behind what earlier cells said of the machine and the data."""
    trains = Trains(cells)
    any_count = any(cell.count is not None for cell in cells)
    found: list[_Training] = []
    machine: list[Addressed] = [gpu] if gpu else []
    recent: list[tuple[int | None, Addressed]] = []
    sizes = Sizes()
    for cell in cells:
        sizes.see_source(trains.runs(cell))
        if found and (folder := _version_folder(cell)):
            found[-1].folders[folder[0]] = folder
        if not cell.outputs or trains.only_shows(cell):
            continue
        calls = trains.calls(cell)
        shows = shows_training(cell, calls)
        failed = any(output.kind == "error" for output in cell.outputs)
        lines = list(of_cell(cell, widgets))
        if not (shows or calls or (failed and trains.builds(cell))):
            closing = [at for at in lines if "TrainOutput(" in at[0]]
            if closing and found:
                found[-1].lines.extend(closing)
            elif not failed:
                recent.extend((cell.count, at) for at in lines if _is_context(at[0], document))
                recent.extend((cell.count, at) for at in lines if prints_device(at[0], trains.runs(cell)))
                sizes.see_output(cell.count, lines, trains.runs(cell))
            continue
        head, tail = _prompts(cell, trains, shows, failed, any_count)
        if failed and not shows and found and found[-1].only_failed:
            found[-1].lines.extend(lines)  # one attempt that failed in several cells
            continue
        if not shows and lacks_names(cell):
            continue
        context = [at for count, at in recent if count is None or cell.count is None or count <= cell.count]
        size = sizes.up_to(cell.count)
        context = [at for at in context if at not in size][-MAX_CONTEXT_LINES:]
        at = _error_at(cell, lines)
        lines[at:at] = head
        found.append(_Training([*machine, *size, *context, *lines, *tail], failed and not shows))
        machine = [*machine, *(at for at in context if _MACHINE.search(at[0]))][-MAX_CONTEXT_LINES // 10 :]
        recent = []
    for training in found:
        if len(training.folders) == 1:
            training.lines.extend(training.folders.values())
    return [training for training in found if training.lines]


def _error_at(cell: Cell, lines: Sequence[Addressed]) -> int:
    """Index of the first line of the cell's error; 0 when it has none."""
    errors = {f"cell {cell.number} output {output.number}" for output in cell.outputs if output.kind == "error"}
    return next((n for n, (_, _, pointer) in enumerate(lines) if pointer in errors), 0)


def _version_folder(cell: Cell) -> Addressed | None:
    """The run folder of Lightning's logger that a cell reads: after a training, that is the training's."""
    for text, line in cell.source:
        found = VERSION_FOLDER.search(text)
        if found and not text.lstrip().startswith("#"):
            return found.group(), line, f"cell {cell.number}"
    return None


def _prompts(
    cell: Cell, trains: Trains, shows: bool, failed: bool, any_count: bool
) -> tuple[list[Addressed], list[Addressed]]:
    """The lines that stand for what the cell tells without words."""
    pointer = f"cell {cell.number}"
    begin = cell.source[-1][1] if cell.source else 0
    if cell.papermill == "running" or (any_count and cell.count is None and not failed):
        return [("In [*]:", begin, pointer)], []
    count = "" if cell.count is None else str(cell.count)
    if failed and not shows:
        return [(f"In [{count}]:", begin, pointer)], []
    is_silent = trains.fits_estimator(cell) and any(o.kind == "stream" and o.plain for o in cell.outputs)
    if not shows and count and not failed and (is_silent or trains.updates_in_a_loop(cell)):
        return [(f"In [{count}]:", begin, pointer)], [(f"Out[{count}]:", begin, pointer)]
    if shows and count and not failed and trains.calls(cell) and trains.returned(cell):
        return [], [(f"Out[{count}]:", begin, pointer)]
    return [], []


def _is_context(text: str, document: Document) -> bool:
    """Whether a line of an earlier cell tells the machine or a setting: no progress, no measurement, no error."""
    if len(text) > MAX_CONTEXT or _NO_CONTEXT.search(text) or text[:1].isspace() or text.endswith(_OPEN):
        return False  # an inner line of a printed structure says nothing without the outer ones
    if text.startswith("View run at "):
        return True
    if any(_measures(found["key"].split(), document) for found in _NUMBERED.finditer(text)):
        return False
    return _SETTING.match(text) is not None or _MACHINE.search(text) is not None


def _measures(words: Sequence[str], document: Document) -> bool:
    """Whether the words before a number, or the last of them, name a measurement or a counter."""
    return any(document.naming(" ".join(words[-n:])) in ("metric", "epoch", "step") for n in range(1, len(words) + 1))


def _gpu(notebook: Placed) -> Addressed | None:
    """The GPU that Colab recorded for the notebook."""
    metadata = notebook.get("metadata") if isinstance(notebook, dict) else None
    colab = metadata.get("colab") if isinstance(metadata, dict) else None
    found = colab.get("gpuType") if isinstance(colab, dict) else None
    return (f"gpuType: {found.value}", found.line, "/metadata/colab/gpuType") if isinstance(found, Text) else None
