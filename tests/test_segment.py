"""One console text with several executions is cut where the next one begins, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.formats._base import Document
from scanner.intake import relaunch
from scanner.intake.segment import Event, cut


def _epochs(first_line: int, *numbers: float) -> list[Event]:
    return [Event(first_line + n, "epoch", "loop", number) for n, number in enumerate(numbers)]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        pytest.param([Event(1, "start"), *_epochs(2, 1, 2, 3)], [], id="one-training"),
        pytest.param([*_epochs(1, 1, 2, 3), *_epochs(10, 1, 2)], [10], id="counter-falls-back"),
        pytest.param([*_epochs(1, 1, 2), Event(5, "setting", "lr"), *_epochs(6, 1)], [5], id="cut-before-the-settings"),
        pytest.param([Event(1, "launch"), *_epochs(2, 1), Event(4, "launch"), *_epochs(5, 2)], [4], id="launch"),
        pytest.param(
            [Event(1, "start"), *_epochs(2, 1), Event(3, "start"), *_epochs(4, 2)], [], id="start-announced-every-epoch"
        ),
        pytest.param([Event(1, "start"), Event(4, "launch"), *_epochs(5, 1)], [], id="start-announced-then-launched"),
        pytest.param([Event(1, "start"), Event(60, "launch"), *_epochs(61, 1)], [60], id="launch-far-below-a-start"),
        pytest.param(
            [Event(1, "start"), *_epochs(2, 1), Event(3, "start"), Event(4, "fatal")], [3], id="second-start-dies"
        ),
        pytest.param([Event(1, "fatal"), Event(2, "start"), *_epochs(3, 1)], [2], id="start-after-a-failure"),
        pytest.param(
            [Event(1, "setting", "lr"), Event(2, "fatal"), Event(3, "setting", "lr"), Event(4, "fatal")],
            [3],
            id="restart-loop",
        ),
        pytest.param(
            [Event(1, "relaunch"), Event(2, "start"), Event(3, "relaunch"), Event(4, "start")],
            [3],
            id="appended-starts",
        ),
        pytest.param(
            [Event(1, "relaunch"), Event(3, "fatal"), Event(4, "relaunch"), Event(6, "relaunch"), Event(8, "fatal")],
            [4, 6],
            id="launches-that-left-nothing",
        ),
        pytest.param(
            [Event(1, "relaunch"), *_epochs(2, 1), Event(3, "relaunch"), Event(4, "relaunch"), *_epochs(5, 2)],
            [],
            id="worker-processes-print-the-first-lines",
        ),
        pytest.param([*_epochs(1, 1, 1, 2, 2, 3, 3)], [], id="counter-repeats"),
        pytest.param(
            [Event(n, "step", "loop", float(n % 10)) for n in range(1, 30)]
            + [Event(n, "epoch", "loop", float(n // 10)) for n in range(1, 30)],
            [],
            id="steps-restart-within-epochs",
        ),
    ],
)
def test_cut(events: list[Event], expected: list[int]) -> None:
    """The first line of every execution after the first."""
    assert cut(events) == expected


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5))
def test_as_many_executions_as_countings(lengths: list[int]) -> None:
    """Trainings of two and more epochs appended to one log are told apart, however long each is."""
    events: list[Event] = []
    starts: list[int] = []
    for length in lengths:
        starts.append(len(events) + 1)
        events += [Event(len(events) + 1 + n, "epoch", "loop", float(n + 1)) for n in range(length + 1)]
    assert cut(events) == starts[1:]


_EVENT = st.builds(
    Event,
    st.integers(1, 200),
    st.sampled_from(["launch", "relaunch", "start", "end", "fatal", "setting", "epoch", "step"]),
    st.sampled_from(["", "lr", "loop"]),
    st.floats(0, 100),
)


@given(st.lists(_EVENT, max_size=60))
def test_cuts_are_lines_of_the_text(events: list[Event]) -> None:
    """Whatever a log says, the cuts are ascending lines that something stands on, and never before the first."""
    cuts = cut(events)
    lines = [event.line for event in events]
    assert cuts == sorted(set(cuts))
    assert set(cuts) <= set(lines)
    assert not cuts or cuts[0] >= min(lines)


def test_first_lines_again() -> None:
    """The first two lines together, whatever the time on them, show a launch; the first alone shows none."""
    lines = ["2024-01-01 10:00:00 - loading data", "device: cuda", "2024-01-01 10:00:05 - loading data", "epoch 1"]
    assert list(relaunch.read(Document("train.log", "log", lines))) == []
    again = [*lines, "2024-01-02 10:00:00 - loading data", "device: cuda"]
    assert [s.line for s in relaunch.read(Document("train.log", "log", again))] == [1, 5]
