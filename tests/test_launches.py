"""Launch commands outside a log of their own: a notebook's shell lines, and scripts that would not end."""

from __future__ import annotations

from scanner.formats import launch_lines, shell_launcher
from scanner.formats._base import Document, Stated


def _settings(document: Document) -> dict[str, object]:
    found = launch_lines.read(document) if document.kind == "python" else shell_launcher.read(document)
    return {stated.key: stated.value for stated in found if isinstance(stated, Stated) and stated.role == "setting"}


def test_a_notebooks_shell_line_is_a_launch() -> None:
    """`!python` over two lines; a Python variable in braces is not known; `!pip` launches nothing."""
    lines = ["!pip install torch", "!python train.py --lr {lr} \\", "    --epochs 3 --fp16"]
    cell = Document("a.ipynb", "python", lines, numbers=[10, 11, 12], pointers=["cell 2"] * 3)
    assert launch_lines.wants(cell)
    assert _settings(cell) == {"--epochs": "3", "--fp16": True}


def test_a_variable_that_names_itself_does_not_grow_without_end() -> None:
    """Sixty doublings of a variable are not carried out."""
    lines = ["A=x", *['A="$A$A"'] * 60, "python train.py --name $A --seed 1"]
    assert _settings(Document("a.sh", "shell", lines)) == {"--seed": "1"}
