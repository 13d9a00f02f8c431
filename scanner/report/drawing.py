"""Charts to SVG: the same data give the same bytes, without dates and random ids; matplotlib is imported to draw.

Colours are Okabe and Ito's, told apart by colour-blind readers and, with markers and dashes, in grey print. A reader
who prefers dark gets dark: the drawing carries its own style sheet, as a picture cannot ask the page.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scanner.report.catalogue import word
from scanner.report.charts import Bars
from scanner.report.locale_tr import number, percent, sentence_case
from scanner.report.plots import Chart, Gauges, Lines, Spans

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = {"success": "#0072b2", "failed": "#d55e00", "unknown": "#9a9a9a"}
INK, PAPER, GRID = "#24292f", "#fefefe", "#e4e4e4"
_DARK = {INK: "#e6edf3", PAPER: "#0d1117", GRID: "#30363d"}
DASHES = ("solid", "dashed", "dotted")
MARKERS = ("o", "s", "^")

_SETTINGS: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.parse_math": False,
    "axes.unicode_minus": False,
    "svg.hashsalt": "scan-trainings",
    "svg.fonttype": "path",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.facecolor": "none",
    "figure.facecolor": PAPER,
    "legend.facecolor": "none",
}


def draw(chart: Chart, style: str) -> bytes:
    """The chart as SVG."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a letter that the font lacks is drawn as a box
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        figure = Figure(figsize=(8, _height(chart)), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        title = chart.title if isinstance(chart, Bars) else chart.words["title"]
        axes.set_title(title, loc="left", fontsize=12, pad=10 + 14.5 * _legend_rows(chart))
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.set_axisbelow(True)
        axes.grid(axis="both" if isinstance(chart, Lines) else "x", color=GRID)
        _DRAWERS[type(chart)](axes, chart, style)
        stream = io.BytesIO()
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _with_dark(stream.getvalue())


def _height(chart: Chart) -> float:
    if isinstance(chart, Lines):
        return 3.8 + 0.2 * _legend_rows(chart)
    rows = chart.labels if isinstance(chart, Bars) else chart.spans if isinstance(chart, Spans) else chart.gauges
    return 1.7 + 0.42 * len(rows)


def _legend_rows(chart: Chart) -> int:
    if isinstance(chart, Lines):
        return math.ceil(len(chart.lines) / 2)
    return int(not isinstance(chart, Bars) or len(chart.parts) > 1)


def _with_dark(svg: bytes) -> bytes:
    """The drawing with a style sheet for readers who prefer dark."""
    rules = "".join(
        f'[style*="fill: {light}"]{{fill:{dark}!important}}[style*="stroke: {light}"]{{stroke:{dark}!important}}'
        for light, dark in _DARK.items()
    )
    sheet = f"<style>@media (prefers-color-scheme: dark){{{rules}}}</style>".encode()
    head, mark, rest = svg.partition(b" <defs>")
    # The drawing repeats its texts in comments: nothing of the tree stands there but as outlines.
    return re.sub(rb"<!--.*?-->", b"", head + b" " + sheet + b"\n" + mark + rest, flags=re.DOTALL)


def _legend(axes: Axes, columns: int = 3) -> None:
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=columns, frameon=False, borderaxespad=0.2, fontsize=9)


def _whole_percent(x: float, style: str) -> str:
    """A tick of an axis: its percentages are whole."""
    return f"%{round(100 * x)}" if style == "cldr" else f"{round(100 * x)}%"


def _bars(axes: Axes, bars: Bars, style: str) -> None:
    """Bars from the top down, each part beside the one before, the count in it where it fits."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    places = range(len(bars.labels))
    ends = [0] * len(bars.labels)
    widest = max(sum(parts) for parts in zip(*bars.parts.values(), strict=True))
    for name, lengths in bars.parts.items():
        label = sentence_case(word("outcome", name) or name)
        axes.barh(places, lengths, left=ends, height=0.62, color=COLORS[name], label=label)
        for place, start, length in zip(places, ends, lengths, strict=True):
            # A digit takes about 1.4 % of the axis.
            if length >= (0.006 + 0.014 * len(number(length, style))) * widest and length:
                ink = "#000000" if name == "unknown" else "#ffffff"
                middle = start + length / 2
                axes.text(middle, place, number(length, style), ha="center", va="center", color=ink, fontsize=9)
        ends = [a + b for a, b in zip(ends, lengths, strict=True)]
    axes.set_yticks(list(places), list(bars.labels))
    axes.invert_yaxis()
    axes.set_xlim(0, widest * 1.03)
    axes.set_xlabel(bars.unit)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: number(int(x), style)))
    if len(bars.parts) > 1:
        _legend(axes)


def _spans(axes: Axes, chart: Spans, style: str) -> None:
    """A filled circle where it fitted, a cross where memory ran out, and a line between them."""
    from matplotlib.ticker import FuncFormatter, NullLocator

    known = [x for span in chart.spans for x in (span.fitting, span.oom) if x is not None]
    for place, span in enumerate(chart.spans):
        if span.fitting is not None and span.oom is not None:
            axes.plot([span.fitting, span.oom], [place, place], color=COLORS["unknown"], linewidth=2, zorder=1)
        for x, status, marker, shift in ((span.fitting, "success", "o", -0.22), (span.oom, "failed", "X", 0.36)):
            if x is not None:
                axes.scatter([x], [place], s=70, color=COLORS[status], marker=marker, zorder=2)
                axes.text(x, place + shift, number(int(x), style), ha="center", va="center", fontsize=8)
    axes.scatter([], [], s=70, color=COLORS["success"], marker="o", label=chart.words["fitting"])
    axes.scatter([], [], s=70, color=COLORS["failed"], marker="X", label=chart.words["oom"])
    axes.set_yticks(range(len(chart.spans)), [span.label for span in chart.spans])
    axes.set_ylim(len(chart.spans) - 0.4, -0.6)
    axes.set_xscale("log", base=2)
    low, high = math.floor(math.log2(min(known))), math.ceil(math.log2(max(known)))
    axes.set_xlim(2.0 ** (low - 0.5), 2.0 ** (high + 0.5))
    axes.set_xticks([2.0**n for n in range(low, high + 1)])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: number(int(x), style)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(chart.words["x"])
    _legend(axes, 2)


def _lines(axes: Axes, chart: Lines, style: str) -> None:
    """Successes in one colour, failures in the other; runs of one outcome differ by dash and marker."""
    from matplotlib.ticker import FuncFormatter

    count = {"success": 0, "failed": 0}
    for line in chart.lines:
        n = count[line.status]
        count[line.status] += 1
        axes.plot(
            line.x, line.y, color=COLORS[line.status], linestyle=DASHES[n % 3], linewidth=1.4, marker=MARKERS[n % 3],
            markevery=max(1, len(line.x) // 8), markersize=4, label=f"{line.label} ({chart.words[line.status]})",
        )  # fmt: skip
    finite = [y for line in chart.lines for y in line.y if math.isfinite(y)]
    if min(finite) > 0 and max(finite) > 20 * min(finite):
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(FuncFormatter(lambda *_: ""))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: number(float(y), style)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _whole_percent(x, style)))
    axes.set_xlim(0, 1)
    axes.set_xlabel(chart.words["x"])
    axes.set_ylabel(chart.words["y"])
    _legend(axes, 2)


def _gauges(axes: Axes, chart: Gauges, style: str) -> None:
    """How far each goal is, with its mark and, where there is one, its interval."""
    from matplotlib.ticker import FuncFormatter

    for place, gauge in enumerate(chart.gauges):
        color = COLORS["success"] if place == 0 else COLORS["failed"]
        axes.barh([place], [gauge.value], height=0.5, color=color)
        axes.plot([gauge.goal] * 2, [place - 0.38, place + 0.38], color=INK, linewidth=2.4)
        if gauge.low is not None and gauge.high is not None:
            axes.plot([gauge.low, gauge.high], [place, place], color=INK, linewidth=1.2, marker="|", markersize=9)
        text = gauge.text or percent(gauge.value, style)
        axes.text(max(gauge.value, gauge.high or 0) + 0.015, place, text, va="center", fontsize=9)
    axes.plot([], [], color=INK, linewidth=2.4, label=chart.words["goal"])
    axes.plot([], [], color=INK, linewidth=1.2, marker="|", markersize=9, label=chart.words["interval"])
    axes.set_yticks(range(len(chart.gauges)), [gauge.label for gauge in chart.gauges])
    axes.invert_yaxis()
    axes.set_xlim(0, 1.08)
    axes.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _whole_percent(x, style)))
    _legend(axes, 2)


_DRAWERS: dict[type, Callable[[Any, Any, str], None]] = {Bars: _bars, Spans: _spans, Lines: _lines, Gauges: _gauges}
