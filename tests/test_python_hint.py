"""Which sources are parsed: all that state something, and few others."""

from __future__ import annotations

import pytest

from scanner.formats import python_script
from scanner.formats._base import Document
from scanner.formats._python_hint import may_state


@pytest.mark.parametrize(
    "source",
    [
        "for x in data:\n    loss(x).backward()\n    optimizer.step()",
        "from engine import train_model as go\ngo()",
        "def build(p):\n    return torch.optim.AdamW(p, lr=1e-3)",
        "from .cli import main\nmain(epochs=3)",
        "from .loops import (\n    a,\n    run,\n)\nrun()",
        "from . import worker\nworker.jobs.MyTrainer(lr=1)",
        "class TrainConfig:\n    '''def example(): of use'''\n    lr = 1e-3",
        'table = {}\ntable["fit"](x, epochs=3)',
        "def lr_at(i):\n    return 0.5 * (1 + math.cos(math.pi * i / n))",
    ],
)
def test_a_source_that_may_state_something_is_parsed(source: str) -> None:
    assert may_state(Document("a/b.py", "python", source.split("\n")))


@pytest.mark.parametrize(
    "source",
    [
        "class Block(Module):\n    def forward(self, x, training):\n        return self.fit_in(x, training)",
        "def main():\n    return learning_rate\n\nmain()",
        "class Options:\n    def get(self):\n        return self.batch",
        "import asyncio\nasync def epoch():\n    (await x()).run()",
    ],
)
def test_a_source_that_states_nothing_is_not_parsed(source: str) -> None:
    document = Document("a/b.py", "python", source.split("\n"))
    assert not may_state(document)
    assert list(python_script.read(document)) == []
