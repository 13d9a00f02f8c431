"""What the records of a W&B `run-<id>.wandb` file state; see `_wandb_datastore` for how they are framed.

    history/3    train_loss 0.61, global_step 400        run/display_name    calm-sun-3
    config       learning_rate 2e-05                     exit                code 1

A record that cannot be read is where a damaged file ends; what stands before it counts, configuration included.
"""

from __future__ import annotations

from collections.abc import Iterator

from scanner.formats import _json, _recorded_config, _wandb_metadata
from scanner.formats import _protobuf_wire as wire
from scanner.formats._base import Document, Stated
from scanner.formats._json import Leaf
from scanner.formats._wandb_datastore import CONFIG, ENVIRONMENT, EXIT, HISTORY, RUN, SUMMARY, items, records
from scanner.formats._wandb_history import Cell, History

Path = tuple[str, ...]
_AGGREGATES = frozenset({"min", "max", "mean", "best", "last", "first"})


def stated(document: Document) -> Iterator[Stated]:
    """Settings, facts and the history of the run."""
    store = _Store(History(document.naming))
    for kind, record in records(document.data):
        try:
            found = list(store.read(kind, record))
        except ValueError:
            break
        yield from found
    yield from store.end()


class _Store:
    """The records of one file as they come; configuration and summary are complete only at the end."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._rows = 0
        self._config: dict[Path, str] = {}
        self._summary: dict[Path, str] = {}

    def read(self, kind: int, record: bytes) -> Iterator[Stated]:
        """What one record states at once."""
        if kind == HISTORY:
            cells = list(_cells(items(record), f"history/{self._rows}"))
            self._rows += 1
            yield from self._history.row(cells)
        elif kind == SUMMARY:
            self._summary.update(items(record))
        elif kind == CONFIG:
            self._config.update(items(record))
        elif kind == RUN:
            run = wire.message(record)
            for part in wire.inner(run, 4):
                self._config.update(items(part))
            if name := wire.text(run, 8):
                yield Stated("run_name", name, 0, "fact", origin="reported", pointer="run/display_name")
        elif kind == ENVIRONMENT:
            yield from _wandb_metadata.environment(wire.message(record))
        elif kind == EXIT:
            code = wire.signed(wire.message(record).get(1, [0])[-1])
            yield Stated("tracker_status", f"wandb:exit_{code}", 0, "fact", origin="reported", pointer="exit")

    def end(self) -> Iterator[Stated]:
        """The last configuration, and the summary where no history was kept."""
        yield from self._history.end()
        if not self._rows:
            yield from self._history.row(list(_cells(iter(self._summary.items()), "summary")))
        leaves = [
            Leaf((*path, *leaf.path), leaf.value, 0)
            for path, text in self._config.items()
            if path and path[0] != "_wandb"
            for leaf in _read(text)
        ]
        for found in _recorded_config.stated(leaves):
            yield found._replace(pointer=f"config{found.pointer}")


def _cells(found: Iterator[tuple[Path, str]], pointer: str) -> Iterator[Cell]:
    """Scalars by key; a metric's aggregate (`loss.max`) measures something else and is left out."""
    for path, text in found:
        if 1 <= len(path) <= 2 and path[-1] not in _AGGREGATES and text[:1] not in ("{", "["):
            for leaf in _read(text):
                yield "/".join(path), leaf.value, 0, pointer


def _read(text: str) -> list[Leaf]:
    try:
        return list(_json.leaves(text))
    except ValueError:
        return []
