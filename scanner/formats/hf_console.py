"""The console of the Hugging Face Trainer (transformers, TRL, LLaMA-Factory, Unsloth) in all its versions.

    ***** Running training *****
      Num examples = 1,000
      Num Epochs = 3
      Instantaneous batch size per device = 8
      Total optimization steps = 93
    {'loss': 2.3, 'grad_norm': 1.2, 'learning_rate': 4.9e-05, 'epoch': 0.1}
    {'eval_loss': 2.1, 'eval_runtime': 1.2, 'epoch': 1.0}
    {'train_runtime': 12.3, 'train_samples_per_second': 24.1, 'train_loss': 2.2, 'epoch': 3.0}
    ***** train metrics *****
      train_runtime            = 0:00:12.30

The `learning_rate` of a dictionary is momentary; the closing `train_loss` is the mean over the run and is not yielded.
An evaluation or prediction alone is no training, though its program prints all training arguments. Lines read here are
claimed, so that nobody takes the epochs that the Trainer only worked out, or an evaluation's examples, for a plan.
"""

from __future__ import annotations

import math
import re
from collections.abc import Generator, Iterator

from scanner.formats import _hf_arguments, _hf_metrics, _hf_sentences
from scanner.formats._base import Document, Rows, Stated, parse_number
from scanner.formats._hf_banner import Block, hardware, is_unsloth, process
from scanner.formats._hf_columns import Columns
from scanner.formats._sieve import Sieve

ID = "hf_console"
DESCRIPTION = "Console of the Hugging Face Trainer (transformers, TRL, LLaMA-Factory, Unsloth)"
SAMPLE = """***** Running training *****
  Num Epochs = 3
{'loss': 2.3, 'learning_rate': 4.9e-05, 'epoch': 0.1}"""

_LITERALS = (
    *(
        "*****",
        "{'",
        '{"',
        "Arguments(",
        "Config(",
        "TrainOutput(",
        "Saving model checkpoint",
        "Unsloth",
        "llamafactory",
    ),
    *("Process rank: ", "is incompatible with", "Training completed. Do not", "trl/trainer/", "trl\\trainer\\"),
)
_SENTENCES = (
    *("Training completed. Do not forget", "TrainOutput(", "Process rank: ", "Saving model checkpoint to "),
    *("loading weights file", "is incompatible with", "trl", "llamafactory", "llmtuner"),
)
"""Words of which every sentence that is read holds one."""
_BANNER = re.compile(r"\*{5} Running (?P<what>.{1,60}?) \*{5}")
_BY_TRAINER = re.compile(r"trainer\.py:|transformers\.trainer|^\[transformers\]")
_OTHER_BLOCK = re.compile(r"(?:Num examples|Batch size)\s*[=:]\s")
_TABLE = re.compile(r"\*{5} (?P<split>\w+) metrics \*{5}")
_ROW = re.compile(r"^\s{1,4}(?P<key>[\w/@.\-]+)\s*=\s*(?P<value>\S+)\s*$")
_OUTPUT = re.compile(r"TrainOutput\(global_step=(?P<step>\d+), training_loss=")
MAX_TRIES = 100
"""Objects that look like printed arguments and are none, before a document's are no longer looked at."""
BLOCK_LINES = 40
"""Lines after a training's banner in which its block may stand."""
EVALUATION_LINES = 8
"""Lines after an evaluation's banner in which its own numbers may stand."""


def wants(document: Document) -> bool:
    """Logs in which anything of the Trainer's may stand."""
    return document.kind == "log" and document.mentions(*_LITERALS)


def read(document: Document) -> Iterator[Stated | Rows]:
    """Metric lines, the plan printed before training, arguments, and the closing summary."""
    yield from _Reader(document).read()


class _Reader:
    """One pass over a document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._block: Block | None = None
        self._table = ""
        self._evaluating = -EVALUATION_LINES
        self._inside = 0
        self._tried = 0
        self._tries = 0
        self._devices_in_process = 1
        self._last_logged: tuple[float | None, float | None] = (None, None)
        self._logged_at = 0
        """The line that logged it."""
        self._sieve = Sieve(document)
        self._columns = Columns(document, self._sieve)
        self._folder = ""
        self._weights: dict[str, tuple[int, str]] = {}
        self._frameworks: set[str] = set()
        self._evaluated: tuple[int, str] | None = None
        self._trained = False
        self._counts_done = False
        """Whether it was told that the fraction of epochs done is counted, in which 0 is no epoch's number."""

    def read(self) -> Iterator[Stated | Rows]:
        """All that the document states."""
        texts, asked = self._document.shapes().texts, set[int]()
        for line, text, shape in self._sieve:
            if line <= self._inside:
                continue
            if shape not in asked:
                asked.add(shape)
                if _is_foreign(texts[shape]):
                    self._sieve.silent.add(shape)
            if (
                self._trained
                and self._is_calm
                and self._columns.take(line, text, shape, self._frameworks, self._counts_done)
            ):
                continue
            self._columns.look_at(line, text, shape)
            dump = self._find_dump(line, text)
            if dump is not None:
                self._columns.leave_out(dump.first, dump.last)
                yield from self._arguments(dump)
            else:
                yield from self._line(line, text)
            if not self._is_calm:
                self._columns.settle(line + 1)
            if self._is_calm and line + 1 - self._evaluating >= EVALUATION_LINES:
                self._sieve.rest()
            else:
                self._sieve.wake()
        yield from self._columns.rows()
        yield from self._close_block()
        if self._evaluated and not self._trained:
            yield Stated("evaluates", self._evaluated[1], self._evaluated[0], "fact", raw=self._evaluated[1])

    @property
    def _is_calm(self) -> bool:
        """Whether neither a training's block nor a table is being printed."""
        return self._block is None and not self._table

    def _line(self, line: int, text: str) -> Iterator[Stated]:
        if "*****" in text and (yield from self._stars(line, text)):
            return
        if self._block is not None and self._block.add(line, text):
            self._document.claimed.add(line)
            return
        if self._block is not None and (self._block.is_complete or line - self._block.line > BLOCK_LINES):
            yield from self._close_block()
        if is_unsloth(text):
            yield from self._sloth(line, text)
            return
        if self._table:
            row = _ROW.match(text)
            if row:
                yield from self._row(row, line)
                return
            self._table = ""
        if line - self._evaluating < EVALUATION_LINES and _OTHER_BLOCK.search(text[:200]):
            self._document.claimed.add(line)  # the evaluation's own number of examples and batch size
            return
        for raw, pairs in _hf_metrics.find_metrics(text):
            yield from self._metrics(raw, pairs, line, text)
        yield from self._sentence(line, text)

    def _find_dump(self, line: int, text: str) -> _hf_arguments.Dump | None:
        if line == self._tried or self._tries >= MAX_TRIES or not _hf_arguments.may_open(text):
            return None
        self._tried = line
        dump = _hf_arguments.find_dump(self._document.lines, line)
        self._tries += dump is None
        return dump

    # ---- the beginning ------------------------------------------------------------------------------------------

    def _arguments(self, dump: _hf_arguments.Dump) -> Iterator[Stated]:
        self._inside = dump.last
        self._document.claimed.update(range(dump.first, dump.last + 1))
        gpus = dump.number("_n_gpu") or dump.number("n_gpu")
        self._devices_in_process = int(gpus) if gpus and 1 < gpus < math.inf else 1
        yield from _hf_arguments.stated(dump)

    def _stars(self, line: int, text: str) -> Generator[Stated, None, bool]:
        """Read a line with stars; whether it was one of the Trainer's."""
        banner = _BANNER.search(text)
        table = _TABLE.search(text) if banner is None else None
        if banner is None and table is None:
            return False
        yield from self._close_block()
        self._document.claimed.add(line)
        self._table = table["split"] if table else ""
        self._evaluating = -EVALUATION_LINES
        if table is not None or banner is None:
            return True
        if banner["what"].lower() != "training":
            self._evaluating = line
            self._evaluated = self._evaluated or (line, banner.group().strip())
            return True
        self._block = Block(line)
        yield from self._start(line, text)
        if _BY_TRAINER.search(text[: banner.start()].strip()):
            yield from self._framework("hf-trainer", line, text)
        return True

    def _start(self, line: int, text: str) -> Iterator[Stated]:
        self._trained = True
        self._folder = ""
        self._frameworks.clear()
        yield Stated("training_start", True, line, "mark", raw=text.strip())
        if len(self._weights) == 1:
            (model, (at, raw)), *_ = self._weights.items()
            yield Stated("model_path", model, at, raw=raw)
        self._weights = {}

    def _sloth(self, line: int, text: str) -> Iterator[Stated]:
        self._document.claimed.add(line)
        if "====" in text:
            yield from self._close_block()
            if "Num GPUs" in text or "free finetuning" in text.lower() or "faster" in text.lower():
                self._block = Block(line)
                yield from self._start(line, text)
            yield from self._framework("unsloth", line, text)
        elif self._block is None:
            yield from hardware(line, text)
        if self._block is not None:
            self._block.add(line, text)

    def _close_block(self) -> Iterator[Stated]:
        if self._block is not None:
            yield from self._block.stated(self._devices_in_process)
            if self._block.counts_parameters:
                yield from self._framework("hf-trainer", self._block.line, "***** Running training *****")
            self._devices_in_process = 1
            self._block = None

    def _framework(self, name: str, line: int, text: str) -> Iterator[Stated]:
        if name not in self._frameworks:
            self._frameworks.add(name)
            yield Stated("framework", name, line, raw=text.strip()[:160])

    # ---- measurements -------------------------------------------------------------------------------------------

    def _metrics(self, raw: str, pairs: dict[str, str], line: int, text: str) -> Iterator[Stated]:
        epoch = parse_number(pairs["epoch"]) if "epoch" in pairs else None
        if _hf_metrics.is_closing(pairs):
            if "epoch" in pairs:
                self._trained = True
                self._document.claimed.add(line)
                yield Stated("training_end", True, line, "mark", epoch=epoch, raw=raw)
                yield Stated("train_runtime", pairs["train_runtime"], line, raw=raw)
                yield Stated("epoch", pairs["epoch"], line, "metric", epoch=epoch, raw=raw)
                yield from self._framework("hf-trainer", line, raw)
            return
        training = _hf_metrics.is_training(pairs)
        if not training and not epoch:
            epoch = None  # an evaluation before the first step
        if not training and not (_hf_metrics.is_evaluation(pairs) and "epoch" in pairs):
            return
        if training and self._is_repeated(pairs, line, text):
            self._document.claimed.add(line)
            return
        self._trained = self._trained or training or bool(epoch)
        names = _hf_metrics.names_of(pairs)
        for key, value in pairs.items():
            if key != "epoch":
                yield Stated(names[key], value, line, "metric", epoch=epoch, raw=raw)
        if epoch == 0 and not self._counts_done:
            self._counts_done = True
            yield Stated("first_epoch", 1, line, "mark", raw=raw)
        if _hf_metrics.is_by_trainer(pairs):
            yield from self._framework("hf-trainer", line, raw)
            if _hf_metrics.is_by_trl(pairs):
                yield from self._framework("trl", line, raw)

    def _is_repeated(self, pairs: dict[str, str], line: int, text: str) -> bool:
        """Whether LLaMA-Factory's callback prints again, rounded, what the Trainer has just printed."""
        taken = self._columns.last_before(line)
        if taken is not None and taken[0] > self._logged_at:
            self._last_logged = _logged(*taken[1:])
        self._logged_at = line
        logged = _logged(pairs["loss"], pairs.get("epoch", ""))
        repeated = logged == self._last_logged and ("callbacks" in text or "throughput" in pairs)
        self._last_logged = logged
        return repeated

    def _row(self, row: re.Match[str], line: int) -> Iterator[Stated]:
        """A row of the closing tables, whose values are rounded: what the dictionaries have told is not told again."""
        self._document.claimed.add(line)
        key, value, raw = row["key"], row["value"], row.group().strip()
        if self._table == "train" and key == "train_runtime":
            self._trained = True
            yield Stated("training_end", True, line, "mark", raw=raw)
            yield Stated(key, value, line, raw=raw)
            yield from self._framework("hf-trainer", line, raw)
        elif self._table == "train" and key == "epoch" and parse_number(value):
            yield Stated(key, value, line, "metric", epoch=parse_number(value), raw=raw)
        elif self._table == "eval" and key.startswith("eval_") and parse_number(value) is not None:
            yield Stated(key, value, line, "metric", raw=raw)

    # ---- sentences ----------------------------------------------------------------------------------------------

    def _sentence(self, line: int, text: str) -> Iterator[Stated]:
        if "Training completed. Do not forget to share your model" in text:
            self._trained = True
            yield Stated("training_end", True, line, "mark", raw=text.strip())
        elif "TrainOutput(" in text and (output := _OUTPUT.search(text)) is not None:
            self._trained = True
            self._document.claimed.add(line)
            yield Stated("training_end", True, line, "mark", raw=output.group())
            yield Stated(
                "global_step", int(output["step"]), line, "metric", step=float(output["step"]), raw=output.group()
            )
            yield from self._framework("hf-trainer", line, output.group())
        elif "Process rank: " in text:
            self._document.claimed.add(line)
            yield from process(line, text)
        elif (folder := _hf_sentences.output_folder(text)) is not None:
            if folder != self._folder:
                self._folder = folder
                yield Stated("output_dir", folder, line, "fact", raw=text.strip()[-200:])
        elif (model := _hf_sentences.loaded_model(text)) is not None:
            self._weights.setdefault(model[0], (line, model[1]))
        elif not self._trained and (words := _hf_sentences.forward_of_training(text)) is not None:
            self._trained = True
            yield Stated("training_start", True, line, "mark", raw=words)
            yield Stated("gradient_checkpointing", True, line, raw=words)
        for name in _hf_sentences.frameworks(text):
            yield from self._framework(name, line, text)


def _is_foreign(text: str) -> bool:
    """Whether a line of a shape says nothing by itself: whatever may be said has its words."""
    if "*****" in text or is_unsloth(text) or "{'" in text or '{"' in text or _hf_arguments.may_open(text):
        return False
    return not any(word in text for word in _SENTENCES)


def _logged(loss: str, epoch: str) -> tuple[float | None, float | None]:
    """What LLaMA-Factory's callback would print again of a line."""
    numbers = parse_number(loss), parse_number(epoch)
    return None if numbers[0] is None else round(numbers[0], 4), None if numbers[1] is None else round(numbers[1], 2)
