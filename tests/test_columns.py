"""What is read together is what would be read line by line."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scanner.formats import plain_loop, progress_bars
from scanner.formats._base import Document, Rows, Stated
from scanner.formats._loop_columns import Irregular
from scanner.formats._places import Lines
from scanner.formats._shapes import shape_of
from scanner.formats._sieve import MANY, Sieve
from scanner.formats.plain_loop import _Loop
from scanner.intake.extract import extract
from scanner.intake.read_file import vocabulary
from scanner.records import SourceFile


def log(lines: list[str]) -> Document:
    return Document("run/train.log", "log", lines, naming=vocabulary())


# ------------------------------------------------------------------------------------------------ numbers at places


@given(
    st.lists(
        st.one_of(
            st.floats(allow_nan=False, allow_infinity=False).map(repr),
            st.decimals(allow_nan=False, allow_infinity=False, places=4).map(str),
            st.integers(-(10**18), 10**18).map(str),
            st.floats(1e-9, 1e9).map(lambda x: f"{x:.6e}"),
            st.sampled_from(
                ["nan", "-inf", "0.", ".5", "+3", "-0.0", "1E5", "000.10", "1e-400", "12345678901234567.5"]
            ),
        ),
        min_size=1,
        max_size=60,
    ),
    st.sampled_from(["x=", "kayıp → ", "☃ "]),
)
def test_a_number_at_its_place_is_the_one_that_its_text_is(written: list[str], words: str) -> None:
    lines = [f"{words}{text} |" for text in written]
    of = Lines(lines)
    for shape in sorted(set(map(shape_of, lines))):
        places = np.array([n for n, line in enumerate(lines) if shape_of(line) == shape])
        found = of.numbers(places, shape, (len(words), len(shape) - 2)).tolist()
        expected = [float(written[n]) for n in places]
        assert list(map(repr, found)) == list(map(repr, expected))


# -------------------------------------------------------------------------------------------------------- the sieve


@given(st.lists(st.integers(0, 5), min_size=MANY, max_size=3 * MANY), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_a_sieve_leaves_out_what_was_silenced_before_it_was_reached(kinds: list[int], seed: int) -> None:
    """As it would be going through all frames; silenced, woken, given back and put to rest at random places."""
    chance = random.Random(seed)
    acts = {
        n: chance.choice(("silence", "take", "give back", "wake", "rest")) for n in chance.sample(range(len(kinds)), 40)
    }
    document = log([f"{'abcdef'[kind]} {n}" if kind else "" for n, kind in enumerate(kinds)])

    def met(
        frames: Iterable[tuple[int, str, int]], silent: set[int], taken: set[int], sieve: Sieve | None
    ) -> Iterator[int]:
        is_awake = False
        for line, _, shape in frames:
            if not is_awake and shape in silent | taken:
                continue
            yield line
            match acts.get(line):
                case "silence":
                    silent.add(shape)
                case "take":
                    taken.add(shape)
                case "give back" if sieve is None:
                    taken.clear()
                case "give back":
                    sieve.give_back(list(taken))
                case "wake":
                    is_awake = True
                    if sieve is not None:
                        sieve.wake()
                case "rest":
                    is_awake = False
                    if sieve is not None:
                        sieve.rest()

    sieve = Sieve(document)
    assert list(met(sieve, sieve.silent, sieve.taken, sieve)) == list(met(document.shaped_frames(), set(), set(), None))


# --------------------------------------------------------------------------------------------- hand-written loops

_KINDS = (
    "Epoch {e} loss: {l:.4f} acc: {a:.1f}%",
    "Epoch [{e}/40], Step [{s}/600], Loss: {l:.4f}",
    "epoch {e} | train_loss: {l:.4f} | val_loss: {m:.4f}",
    "step {s} loss {l:.5f} lr 3.0e-04",
    "iter {s}: loss {l:.4f}, time {t:.2f}ms",
    "[2024-03-01 12:00:{s2:02d}] INFO train: step={s} loss={l:.5f} gnorm={a:.3f}",
    "loss: {l:.4f}, acc: {a:.3f}",
    "Epoch: [{e}][{s}/100]\tTime {a:.3f} ({a:.3f})\tLoss {l:.4e} ({m:.4e})\tAcc@1 {t:.2f} ({a:.2f})",
    "val: step {s} loss {l:.4f}",
    "step {s} avg loss {l:.4f}",
    "step {s}/4000 loss: {l:.3f}",
    "fetched x_{s}.npz in {a:.3f}s",
    "best acc: {a:.2f}",
)
_HEADINGS = ("--- Validation ---", "Start training", "Epoch {e}/40", "", "epoch {e} finished", "Evaluating...")


def lines_of(seed: int, kinds: list[int], headings: float) -> Iterator[str]:
    """A log in which a few kinds of lines take turns, with headings between them and epochs that may begin again."""
    chance = random.Random(seed)
    epoch, step = 1, 0
    for _ in range(MANY + 300):
        step += chance.choice((1, 1, 1, 7))
        if chance.random() < 0.02:
            epoch, step = chance.choice((epoch + 1, epoch + 1, epoch + 1, 1)), chance.choice((step, step, 0))
        kind = _KINDS[chance.choice(kinds)] if chance.random() > headings else chance.choice(_HEADINGS)
        numbers = {
            "l": chance.uniform(0, 12),
            "m": chance.uniform(0, 3),
            "a": chance.random(),
            "t": chance.uniform(1, 300),
        }
        yield kind.format(e=epoch, s=step, s2=step % 60, **numbers)


def one_by_one(found: Iterable[Stated | Rows]) -> list[tuple[object, ...]]:
    """Every statement in the order of the lines, numbers as numbers."""
    singles = [s for item in found for s in (item.stated() if isinstance(item, Rows) else (item,))]

    def value(stated: Stated) -> object:
        return float(str(stated.value).removesuffix("%")) if stated.role == "metric" else stated.value

    told = [(s.line, s.role, s.key, repr(value(s)), s.step, s.epoch) for s in singles]
    return sorted(told, key=lambda one: one[0])


@given(
    st.integers(0, 2**32),
    st.lists(st.integers(0, len(_KINDS) - 1), min_size=1, max_size=4),
    st.sampled_from([0.0, 0.01, 0.05, 0.2]),
)
@example(5, [0, 0, 5, 6], 0.0)
@settings(max_examples=120, deadline=None)
def test_columns_of_a_loop_tell_what_its_lines_tell(seed: int, kinds: list[int], headings: float) -> None:
    document = log(list(lines_of(seed, kinds, headings)))
    expected = one_by_one(_Loop(document, has_columns=False).read())
    try:
        found = one_by_one(_Loop(document, has_columns=True).read())
    except Irregular:
        found = one_by_one(plain_loop.read(document))
    assert found == expected


def test_a_loop_is_read_as_columns() -> None:
    """The lines of two kinds, beside a third that stands under a heading."""
    lines = [
        f"step {n} loss {9 - n / 100:.4f}" if n % 3 else f"[INFO] Epoch {n} acc: {n / 10:.1f}%" for n in range(1, 700)
    ]
    rows = [found for found in plain_loop.read(log(lines)) if isinstance(found, Rows)]
    assert sum(len(one.lines) for one in rows) > 600


# ------------------------------------------------------------------------------------------------ bars, the Trainer


def test_bars_on_one_line_are_one_curve_in_the_order_of_their_frames() -> None:
    frames = [
        f"Epoch {e}: {n}%|##| {n}/100 [00:01<00:09, 8.1it/s, loss={e + n / 1000:.3f}]"
        for e in (1, 2, 3)
        for n in range(0, 101, 2)
    ]
    text = "\r".join(frames)
    found = list(progress_bars.read(log([text])))
    told = [
        (key, value, epoch) for _, role, key, value, _, epoch in one_by_one(found) if role == "metric" and key == "loss"
    ]
    assert told == [("loss", repr(round(e + n / 1000, 3)), float(e)) for e in (1, 2, 3) for n in range(0, 101, 2)]
    assert any(isinstance(one, Rows) for one in found)


@pytest.mark.parametrize("seed", range(12))
def test_the_trainers_dictionaries_between_other_lines(seed: int) -> None:
    """Banners, evaluations, tables, printed arguments and sentences between them: every dictionary is one point."""
    chance = random.Random(seed)
    lines: list[str] = []
    expected: list[tuple[int, float, float]] = []
    n = 0
    while len(lines) < 2 * MANY:
        pick = chance.random()
        if pick < 0.003:
            lines += [
                "***** Running training *****",
                "  Num examples = 1,000",
                "  Num Epochs = 3",
                "  Total optimization steps = 93",
            ]
        elif pick < 0.006:
            lines += ["***** Running Evaluation *****", "  Num examples = 50", "  Batch size = 8"]
            lines.append(f"{{'eval_loss': {chance.random():.3f}, 'eval_runtime': 1.5, 'epoch': {n / 100:.2f}}}")
        elif pick < 0.008:
            lines += [
                "***** eval metrics *****",
                "  eval_loss = 0.5",
                f"  eval_runtime = 0:00:0{chance.randrange(9)}.00",
            ]
        elif pick < 0.01:
            lines.append("Saving model checkpoint to out/checkpoint-10")
        elif pick < 0.2:
            lines.append(f"[2024-01-01 10:00:{n % 60:02d}] a line about shard {n}")
        else:
            n += 1
            loss, epoch = round(chance.uniform(0, 20), 4), round(n / 100, 2)
            rate = f"'grad_norm': {chance.uniform(0, 20):.3f}, 'learning_rate': {5e-5 / n:.3e}"
            lines.append(f"{{'loss': {loss:.4f}, {rate}, 'epoch': {epoch:.2f}}}")
            expected.append((len(lines), loss, epoch))
    found = extract(log(lines), SourceFile("run/train.log", 1, "", "utf-8", (), 0, 0))
    points = [
        (line, value, epoch)
        for curve in found.series
        if curve.written == "loss"
        for line, value, epoch in zip(curve.lines, curve.values, curve.epochs, strict=True)
    ]
    assert sorted(points) == expected
    assert not any(math.isnan(epoch) for _, _, epoch in points)
