"""The charts: a few counts drawn as bars. Same figures, same bytes; matplotlib is imported when drawing.

A chart is drawn where there is something to compare; every number in it stands in the document, too.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from scanner.report.catalogue import catalogue, word
from scanner.report.escape import visible
from scanner.report.locale_tr import number, sentence_case
from scanner.report.view import Document, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STATUSES = ("success", "failed", "unknown")
COLORS = {"success": "#1b7837", "failed": "#c0392b", "unknown": "#bdbdbd"}
"""Told apart by lightness too, in grey print and by colour-blind readers; the legend names each."""

MAX_BARS = 12
LEAST_BARS = 2
"""A comparison needs two."""


class Bars(NamedTuple):
    """A chart of horizontal bars, each in parts."""

    title: str
    unit: str
    labels: tuple[str, ...]
    parts: Mapping[str, tuple[int, ...]]
    """Name of a part -> its length in each bar."""


def bars_of(document: Document) -> dict[str, Bars]:
    """File name (without extension) -> what to draw; charts without data are left out."""
    text = catalogue()["chart"]
    rates = document.of("learning_rate_decade")
    found = {
        "outcomes": _by_outcome(text["outcomes"], document.of("runs"), [text["all_runs"]]),
        "models": _of_rows(text["models"], document.of("by_model")),
        "learning_rates": _of_rows(
            text["learning_rates"], rates, [f"1e{r.subject} – 1e{int(r.subject) + 1}" for r in rates]
        ),
        "batch_sizes": _of_rows(text["batch_sizes"], document.of("by_batch_size")),
        "failures": _failures(text["failures"], document.of("failure")),
    }
    return {name: bars for name, bars in found.items() if bars is not None}


def _of_rows(title: str, rows: Sequence[Row], labels: Sequence[str] | None = None) -> Bars | None:
    named = zip(rows, labels or [visible(row.subject, 32) for row in rows], strict=True)
    kept = [(row, label) for row, label in named if row["executed"].value]
    if len(kept) < LEAST_BARS:
        return None
    # What is left out is the rarest, wherever it stands on the scale; the order stays.
    most_used = sorted(range(len(kept)), key=lambda at: -int(kept[at][0]["executed"].value or 0))[:MAX_BARS]
    shown = [kept[at] for at in sorted(most_used)]
    return _by_outcome(title, [row for row, _ in shown], [label for _, label in shown], len(kept))


def _by_outcome(title: str, rows: Sequence[Row], labels: Sequence[str], n_all: int = 0) -> Bars | None:
    if not any(row["executed"].value for row in rows):
        return None
    parts = {name: tuple(int(row[name].value or 0) for row in rows) for name in STATUSES}
    return Bars(title, _unit(len(rows), n_all), tuple(labels), parts)


def _failures(title: str, rows: Sequence[Row]) -> Bars | None:
    if len(rows) < LEAST_BARS:
        return None
    kept = rows[:MAX_BARS]
    labels = tuple(word("failure", row.subject) or row.subject for row in kept)
    counts = tuple(int(row["executed"].value or 0) for row in kept)
    return Bars(title, _unit(len(kept), len(rows)), labels, {"failed": counts})


def _unit(n_shown: int, n_all: int) -> str:
    """What the axis counts; and how many bars of how many are drawn, where some are left out."""
    text = catalogue()["chart"]
    return f"{text['unit']} ({text['shown']}: {n_shown} / {n_all})" if n_all > n_shown else str(text["unit"])


def draw(bars: Bars, style: str) -> bytes:
    """The chart as PNG."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    settings: Any = {
        "font.family": "DejaVu Sans",
        "font.size": 10,
        "text.parse_math": False,
        "axes.unicode_minus": False,
    }
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a letter that the font lacks is drawn as a box
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(settings)
        figure = Figure(figsize=(8, 1.7 + 0.42 * len(bars.labels)), dpi=110, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        _stack(axes, bars, style)
        axes.set_title(bars.title, loc="left", fontsize=12, pad=26 if len(bars.parts) > 1 else 10)
        axes.set_xlabel(bars.unit)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: number(int(x), style)))
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.set_axisbelow(True)
        axes.grid(axis="x", color="#e5e5e5")
        stream = io.BytesIO()
        figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def _stack(axes: Axes, bars: Bars, style: str) -> None:
    """Bars from the top down, each part beside the one before, the count in or behind it."""
    places = range(len(bars.labels))
    ends = [0] * len(bars.labels)
    widest = max(sum(parts) for parts in zip(*bars.parts.values(), strict=True))
    for name, lengths in bars.parts.items():
        label = sentence_case(word("outcome", name) or name)
        axes.barh(places, lengths, left=ends, height=0.62, color=COLORS[name], label=label)
        for place, start, length in zip(places, ends, lengths, strict=True):
            # A digit takes about 1.4 % of the axis.
            if length >= (0.006 + 0.014 * len(number(length, style))) * widest and length:
                ink = "#222222" if name == "unknown" else "white"
                middle = start + length / 2
                axes.text(middle, place, number(length, style), ha="center", va="center", color=ink, fontsize=9)
        ends = [a + b for a, b in zip(ends, lengths, strict=True)]
    axes.set_yticks(list(places), list(bars.labels))
    axes.invert_yaxis()
    axes.set_xlim(0, widest * 1.03)
    if len(bars.parts) > 1:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, frameon=False, borderaxespad=0.2)
