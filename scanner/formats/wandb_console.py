"""What Weights & Biases prints into a program's console: which run it tracks, and how it ended.

    wandb: Run data is saved locally in /home/me/project/wandb/run-20240414_232859-a8434xkj
    wandb: Syncing run valiant-forest-44
    wandb: View run at https://wandb.ai/team/project/runs/a8434xkj
    wandb: Waiting for W&B process to finish... (success).
    wandb: Run summary:
    wandb:     average_loss 0.00048

The summary repeats, rounded, what was logged before, and the history beside it is a drawing: both are claimed, so that
nobody takes them for measurements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import Document, Stated

ID = "wandb_console"
DESCRIPTION = "Lines of Weights & Biases in a program's console"
SAMPLE = """wandb: Run data is saved locally in /home/me/project/wandb/run-20240414_232859-a8434xkj
wandb: Syncing run valiant-forest-44"""

_LINE = re.compile(r"^\s*(?:\[rank\d+\]:\s*)?wandb:\s?(?P<text>.*)$")
_FOLDER = re.compile(
    r"Run data is saved locally in (?:<code>)?(?P<path>[^<>]{0,400}?(?:offline-)?run-\d{8}_\d{6}-(?P<id>[\w-]{1,64}))"
)
_SAVED = "Run data is saved locally in "
_NAME = re.compile(r"(?:Syncing run|Resuming run) (?P<name>\S.{0,127}?)\s*$")
_URL = re.compile(r"(?:View run .{0,160}?at:?|Run page:)\s*https?://\S{1,200}/runs/(?P<id>[\w-]{1,64})")
_ENDED = re.compile(r"Waiting for W&B process to finish\.\.\. \((?P<how>success|failed|crashed)\b[^)]{0,20}\)")
_TABLE_ROW = re.compile(r"^\s+\S.{0,80}? (?:\S+)\s*$")


def wants(document: Document) -> bool:
    """Logs in which its lines stand."""
    return document.kind == "log" and document.mentions("wandb: ", _SAVED)


def read(document: Document) -> Iterator[Stated]:
    """The tracked run's id and name, and the word it was closed with."""
    in_table = False
    for number, line in document.frames():
        match = _LINE.match(line)
        if match is None:
            in_table = False
            if _SAVED in line:  # a notebook shows the words without the name before them
                yield from _message(line.strip(), number)
            continue
        text = match["text"]
        if text.startswith(("Run summary:", "Run history:")):
            in_table = True
        in_table = in_table and (not text or text.startswith(("Run ", " ")) or _TABLE_ROW.match(text) is not None)
        if in_table or "uploaded" in text:
            document.claimed.add(number)
            continue
        yield from _message(text, number)


def _message(text: str, number: int) -> Iterator[Stated]:
    if (found := _FOLDER.search(text)) is not None:
        yield Stated("tracker_run", f"wandb:{found['id']}", number, "fact", raw=text)
        yield Stated("output_dir", found["path"], number, "fact", raw=text)
    elif (found := _URL.search(text)) is not None:
        yield Stated("tracker_run", f"wandb:{found['id']}", number, "fact", raw=text)
    elif (found := _NAME.search(text)) is not None:
        yield Stated("run_name", found["name"], number, "fact", raw=text)
    elif (found := _ENDED.search(text)) is not None:
        yield Stated("tracker_status", f"wandb:{found['how']}", number, "fact", raw=text)
