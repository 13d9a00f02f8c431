"""What only notebooks show, read from the lines that `_notebook_text` made of it (cells of tables stand between tabs).

    Step<TAB>Training Loss<TAB>Validation Loss          Trainer of Hugging Face, evaluation by step
    500<TAB>2.301200<TAB>2.113000
    [12610/20710 4:11:36 < 2:41:38, 0.84 it/s, Epoch 3.04/5]
    TrainOutput(global_step=936, training_loss=0.53, metrics={'train_runtime': 812.1, ..., 'epoch': 3.0})
    epoch<TAB>train_loss<TAB>valid_loss<TAB>accuracy<TAB>time     fastai, whose epochs count from 0 or 1
    60.00% [3/5 00:12<00:08]                            its bar, which is there only while it runs

`training_loss` of TrainOutput is a mean over the run and the epoch of a full bar is rounded down: neither is stated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import LOOSE_NUMBER, Document, Stated
from scanner.formats._notebook_html import FIRST_COLUMNS, tracker_of

_BAR = re.compile(
    r"^\[\s*(?P<done>\d+)/(?P<total>\d+)\s(?P<rest>[^\]]{0,120}),\s*Epoch (?P<epoch>[\d.]+)/(?P<epochs>\d+)\]"
)
_FASTAI_BAR = re.compile(r"^\d{1,3}\.\d+% \[(?P<done>\d+)/(?P<total>\d+) ")
_OUTPUT = re.compile(
    rf"TrainOutput\(global_step=(?P<step>\d+),\s*training_loss=(?:{LOOSE_NUMBER})(?:,\s*metrics=\{{(?P<metrics>[^{{}}]{{0,2000}})\}})?"
)
_PAIR = re.compile(rf"'(?P<key>train_runtime|epoch)':\s*(?P<value>{LOOSE_NUMBER})")
_NUMBER = re.compile(rf"{LOOSE_NUMBER}%?$")
_PROMPT = re.compile(r"^(?P<what>In|Out) ?\[(?P<count>\d*|\*)\]:$")
VERSION_FOLDER = re.compile(r"(?:[\w.-]+/)*lightning_logs/version_\d+")
_GPU = "gpuType: "


def read_console(document: Document) -> Iterator[Stated]:
    """Marks of cells, tables, bars and closing values of the notebook's trainers."""
    lines = document.lines
    table: _Table | None = None
    trained, tracked = False, ""
    for line, text in enumerate(lines, 1):
        if "\t" in text:
            cells = text.split("\t")
            if cells[0] in FIRST_COLUMNS:
                yield from _closed(table)
                table = _Table.headed(cells, line, trained)
                document.claimed.add(line)
                continue
            if table is not None and len(cells) <= len(table.columns):
                document.claimed.add(line)
                yield from table.row(cells, line)
                trained = True
                continue
        bar = _BAR.match(text)
        if bar:
            yield from _bar(bar, line, is_headed=table is not None and table.is_open)
            trained = True
            document.claimed.add(line)
        elif table is not None and table.is_open and (fastai := _FASTAI_BAR.match(text)):
            document.claimed.add(line)
            if table.is_fastai and not table.has_bar:
                table.has_bar = True
                yield Stated("plan_epochs", int(fastai["total"]), line, "mark", raw=text)
        elif "TrainOutput(" in text:
            yield from _output(lines, line)
        elif text.startswith("View run at "):
            run = tracker_of(text)
            if run and trained and run != tracked:  # a sweep in one cell: each tracked run is an execution
                yield Stated("launch", True, line, "mark", raw=text)
                trained = False
            if run:
                tracked = run
                yield Stated("tracker_run", run, line, "fact", raw=text)
        elif text.startswith(_GPU):
            yield Stated("gpuType", text.removeprefix(_GPU), line, raw=text)
        elif VERSION_FOLDER.fullmatch(text):
            yield Stated("output_dir", text, line, "fact", raw=text)
        elif text.endswith("]:"):
            yield from _prompt(text, line)
        else:
            continue
        if table is not None and not (table.is_fastai and table.has_bar):
            yield from _closed(table)
    yield from _closed(table)


def _closed(table: _Table | None) -> Iterator[Stated]:
    if table is not None:
        yield from table.close()


class _Table:
    """A trainer's table, row by row."""

    def __init__(self, columns: list[str], line: int, is_fastai: bool, trained: bool) -> None:
        self.columns = columns
        self.is_fastai = is_fastai
        self.is_open = True
        self.has_bar = False
        """Whether fastai's bar stands below: it disappears at the end of the training."""
        self._head = (line, " | ".join(columns))
        self._begun = trained and is_fastai  # `fine_tune` shows the frozen and the whole model: one training
        self._again = trained
        self._last: tuple[int, str] | None = None

    @classmethod
    def headed(cls, columns: list[str], line: int, trained: bool) -> _Table | None:
        """The table that a header begins, after other trainings or not; None when it is no training's."""
        is_fastai = columns[0] == "epoch"
        if columns[1] != ("train_loss" if is_fastai else "Training Loss"):
            return None
        return cls(columns, line, is_fastai, trained)

    def row(self, cells: list[str], line: int) -> Iterator[Stated]:
        """The points of a row; what is no number ("No log", "#na#", a time) states nothing."""
        if not cells[0].replace(".", "", 1).isdigit() or "#na#" in cells:
            return
        counted = float(cells[0])
        yield from self._begin(counted)
        step, epoch = (counted, None) if self.columns[0] == "Step" else (None, counted)
        raw = " | ".join(cells)
        self._last = (line, raw)
        for column, value in zip(self.columns[1:], cells[1:], strict=False):
            if _NUMBER.match(value):
                yield Stated(self._key(column), value, line, "metric", step, epoch, raw=raw)

    def _begin(self, counted: float | None = None) -> Iterator[Stated]:
        line, raw = self._head
        if not self._begun:
            self._begun = True
            if self._again:
                yield Stated("launch", True, line, "mark", raw=raw)
            yield Stated("training_start", True, line, "mark", raw=raw)
            yield Stated("framework", "fastai" if self.is_fastai else "hf-trainer", line, raw=raw)
            if self.is_fastai and counted == 0:  # the first releases counted from 1
                yield Stated("first_epoch", 0, line, "mark", raw=raw)

    def _key(self, column: str) -> str:
        """Columns beside the losses are measured on the validation data, where there is any."""
        written = column.lower().replace(" ", "_")
        if written.startswith(("train", "valid", "eval")):
            return written
        if self.is_fastai or "Validation Loss" in self.columns:
            return f"eval_{written}"
        return column

    def close(self) -> Iterator[Stated]:
        """The end of the table."""
        if self.is_open and not self.is_fastai:
            yield from self._begin()
        if self.is_open and self.is_fastai and not self.has_bar and self._last is not None:
            line, raw = self._last
            yield Stated("training_end", True, line, "mark", raw=raw)
        self.is_open = False


def _bar(bar: re.Match[str], line: int, is_headed: bool) -> Iterator[Stated]:
    raw = bar.group()
    done, total = int(bar["done"]), int(bar["total"])
    if not is_headed:
        yield Stated("training_start", True, line, "mark", raw=raw)
    yield Stated("framework", "hf-trainer", line, raw=raw)
    yield Stated("plan_steps", total, line, "mark", raw=raw)
    yield Stated("num_train_epochs", int(bar["epochs"]), line, raw=raw)
    is_rounded = done >= total and float(bar["epoch"]) < float(bar["epochs"])
    epoch = None if is_rounded else float(bar["epoch"])
    if epoch == 0:  # the bar counts what is done, not which epoch it is in
        yield Stated("first_epoch", 1, line, "mark", raw=raw)
    yield Stated("step", done, line, "metric", step=float(done), epoch=epoch, raw=raw)
    if epoch is not None:
        yield Stated("epoch", epoch, line, "metric", step=float(done), epoch=epoch, raw=raw)


def _output(lines: list[str], line: int) -> Iterator[Stated]:
    found = _OUTPUT.search(" ".join(lines[line - 1 : line + 11]))
    if found is None:
        return
    raw = found.group()
    said = {m["key"]: m["value"] for m in _PAIR.finditer(found["metrics"] or "")}
    step, epoch = float(found["step"]), float(said["epoch"]) if "epoch" in said else None
    yield Stated("training_end", True, line, "mark", step, epoch, raw=raw)
    yield Stated("framework", "hf-trainer", line, raw=raw)
    yield Stated("step", int(found["step"]), line, "metric", step, epoch, raw=raw)
    if epoch is not None:
        yield Stated("epoch", epoch, line, "metric", step, epoch, raw=raw)
    if "train_runtime" in said:
        yield Stated("train_runtime", said["train_runtime"], line, raw=raw)


def _prompt(text: str, line: int) -> Iterator[Stated]:
    """The marks that the notebook's reader set at cells."""
    found = _PROMPT.match(text)
    if found is None:
        return
    if found["what"] == "Out":
        yield Stated("training_end", True, line, "mark", raw=text)
    elif found["count"] == "*":
        yield Stated("cell_running", True, line, "mark", raw=text)
    else:
        yield Stated("training_start", True, line, "mark", raw=text)
