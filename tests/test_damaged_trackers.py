"""Binary files of trackers that a crash, a full disk or a pointer left behind: what stands before the damage counts."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from scanner.formats import _protobuf_wire as wire
from scanner.formats import tensorboard_events, wandb_files
from scanner.formats._base import Document

FIXTURES = Path(__file__).parent / "fixtures" / "formats"
STORE = next((FIXTURES / "wandb_files" / "offline").rglob("*.wandb"))
EVENTS = next((FIXTURES / "tensorboard_events" / "hf-trainer").rglob("*tfevents*"))


def _store(data: bytes) -> list[tuple[str, object]]:
    document = Document("wandb/run-20240102_030405-abcd1234/run-abcd1234.wandb", "binary", data=data)
    return [(s.key, s.value) for s in wandb_files.read(document)]


def _events(data: bytes) -> list[tuple[str, object]]:
    document = Document("runs/a/events.out.tfevents.1700000000.host", "binary", data=data)
    return [(s.key, s.value) for s in tensorboard_events.read(document)]


@pytest.mark.parametrize("share", [0.9, 0.7, 0.5, 0.3])
def test_a_cut_file_states_a_part_of_the_whole_one(share: float) -> None:
    """Nothing is stated of a cut file that the whole one does not state, the times of its last event aside."""
    for path, read in ((STORE, _store), (EVENTS, _events)):
        data = path.read_bytes()
        whole, part = read(data), read(data[: int(len(data) * share)])
        # A Trainer's closing mean is told from its loss by what stands behind it; an end time moves with the cut.
        ignored = ("ended_at", "train/train_loss", "evaluates", "training_start")
        assert [x for x in part if x[0] not in ignored and x not in whole] == []


def test_no_damage_raises_anything_but_a_value_error() -> None:
    """Flipped bytes end the reading, they never break it."""
    chance = random.Random(7)
    for path, read in ((STORE, _store), (EVENTS, _events)):
        original = path.read_bytes()
        for _ in range(200):
            data = bytearray(original)
            for _ in range(chance.randint(1, 12)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            try:
                read(bytes(data))
            except ValueError:
                continue


@pytest.mark.parametrize("data", [b"\x80", b"\x0a\x05ab", b"\x0b", b"\xff" * 12])
def test_bytes_that_are_no_message_are_refused(data: bytes) -> None:
    """A tag without its value, a length beyond the end, a group, an endless number."""
    with pytest.raises(ValueError):
        wire.message(data)


def test_a_float_is_the_shortest_decimal_that_means_it() -> None:
    """What was logged as 0.2 is not read as 0.20000000298."""
    assert wire.real(b"\xcd\xcc\x4c\x3e") == 0.2
    assert wire.shortest(float("inf")) == float("inf")
