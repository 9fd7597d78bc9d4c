"""The picture of a check: every value as a share of its limit, and two energy traces."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gaq.measure.ledger import Row
from gaq.measure.traces import Trace, Way
from gaq.report.style import RESOLUTION, Style, dressed
from gaq.report.tables import AT_LEAST, limit_of, question, value_of
from gaq.units import MEV

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

GOOD, BAD = "w4", "naive-int8"  # their green and red are used in every picture
LEAST, MOST = 1e-6, 1e9  # shares of a limit; values outside are drawn at the edge
COLUMNS = (0.0, 0.06, 0.84)  # of the texts right of the bars: mark, value, limit
TITLES = {
    Way.RUN: "Total energy in the short run, change since its start",
    Way.MEETING: "Energy as a copy of the molecule leaves it",
    Way.SHAKE: "Energy as the box is shaken along a line",
}


def findings(rows: Sequence[Row], traces: Sequence[Trace], title: str, style: Style) -> Figure:
    """Draw a bar for every judged row, up to value/limit (limit/value for lower limits), and the traces below.

    Bars that end left of the line at 1 have passed.
    """
    from matplotlib.figure import Figure

    judged = [r for r in rows if r.limit is not None]
    height = 1.3 + 0.25 * len(judged)
    with dressed(style):
        figure = Figure(figsize=(9.6, height + (2.1 if traces else 0.0)), dpi=RESOLUTION)
        figure.suptitle(title, x=0.012, ha="left", fontsize=11, fontweight="bold", color=style.ink)
        if not traces:
            _checks(figure, judged, style)
            return figure
        parts = figure.add_gridspec(2, 1, height_ratios=(height, 2.1))
        above, below = figure.add_subfigure(parts[0]), figure.add_subfigure(parts[1])
        _checks(above, judged, style)
        for panel, trace in zip(below.subplots(1, len(traces), squeeze=False)[0], traces, strict=True):
            _trace(panel, trace, style)
    return figure


def share(entry: Row) -> float:
    """Return the share of the limit: below 1 within, above 1 outside; infinite for NaN.

    A drift within its error has passed and takes at most 1.
    """
    value, limit = abs(entry.value), entry.limit or 0.0
    if not math.isfinite(value):
        return math.inf
    above, below = (limit, value) if entry.metric in AT_LEAST else (value, limit)
    found = above / below if below > 0 else (0.0 if above == 0 else math.inf)
    return min(found, 1.0) if entry.passed else found


def _checks(part: Figure | SubFigure, rows: Sequence[Row], style: Style) -> None:
    bars, texts = part.subplots(1, 2, sharey=True, width_ratios=(2, 1.1))
    _bars(bars, rows, style)
    texts.set_axis_off()
    for place, heading in zip(COLUMNS[1:], ("value", "limit"), strict=True):
        _write(texts, heading, (place, -0.85), style.faint)
    for line, entry in enumerate(rows):
        unit = "" if entry.unit == "1" else f" {entry.unit}"
        ink, weight = (style.ink, "normal") if entry.passed else (style.colour(BAD), "bold")
        mark, shade = ("✓", style.colour(GOOD)) if entry.passed else ("✗", ink)
        _write(texts, mark, (COLUMNS[0], line), shade)
        _write(texts, value_of(entry) + unit, (COLUMNS[1], line), ink, weight)
        _write(texts, limit_of(entry), (COLUMNS[2], line), ink, weight)


def _bars(axes: Axes, rows: Sequence[Row], style: Style) -> None:
    from matplotlib.ticker import NullLocator

    shares = [min(max(share(r), 2 * LEAST), MOST) for r in rows]
    axes.set_xscale("log")
    axes.set_xlim(LEAST, 10.0 ** max(1.0, math.ceil(math.log10(max(shares, default=1.0)) + 0.1)))
    axes.xaxis.set_minor_locator(NullLocator())
    for line, (entry, end) in enumerate(zip(rows, shares, strict=True)):
        colour, strength = (GOOD, 0.55) if entry.passed else (BAD, 0.9)
        axes.barh(line, end - LEAST, left=LEAST, height=0.6, color=style.colour(colour), alpha=strength)
    axes.axvline(1.0, color=style.ink, linewidth=1.2)
    axes.annotate("limit", (1.0, -0.85), ha="center", va="center", fontsize=8.5, annotation_clip=False)
    axes.set_yticks(range(len(rows)), [question(r) for r in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0, labelcolor=style.ink)
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)
    passed = sum(r.passed is True for r in rows)
    axes.set_xlabel(f"share of the limit, the less the better; {passed} of {len(rows)} checks are within it")


def _write(axes: Axes, text: str, at: tuple[float, float], colour: str, weight: str = "normal") -> None:
    """Write text in a line of the bars, at a share of the width from the left."""
    axes.text(
        *at, text, transform=axes.get_yaxis_transform(), va="center", fontsize=8.5, fontweight=weight, color=colour
    )


def _trace(axes: Axes, trace: Trace, style: Style) -> None:
    change = (trace.energy - trace.energy[-1 if trace.way is Way.MEETING else 0]) / MEV
    known = np.isfinite(change)
    axes.set_title(TITLES[trace.way], fontsize=9)
    axes.set_xlabel(trace.way.value)
    axes.set_ylabel("meV/atom" if trace.way is Way.RUN else "meV")
    if known.sum() < 2:
        axes.annotate("no number came", (0.5, 0.5), xycoords="axes fraction", ha="center", color=style.colour(BAD))
        axes.set_xticks([])
        axes.set_yticks([])
        return
    change = change / trace.atoms if trace.way is Way.RUN else change
    axes.axhline(0, color=style.faint, linewidth=0.7, linestyle=(0, (2, 2)))
    axes.plot(trace.along[known], change[known], color=style.colour("frame-w4a8"), linewidth=1.1)
    axes.margins(x=0)
