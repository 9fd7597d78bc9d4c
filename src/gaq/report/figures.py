"""Pictures of a comparison: what each recipe costs, learning curves, force errors, symmetry errors, energy in time.

Each function draws on a Figure of its own; none keeps state between calls. Numbers come from rows and series alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gaq.measure.ledger import Row, find
from gaq.report.numbers import significant
from gaq.report.series import Curve, Series
from gaq.report.style import MARKERS, RESOLUTION, Style, dressed
from gaq.report.tables import by_model

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EXACT = 1e-12  # meV/Å; what is smaller is drawn here, at the left edge of a logarithmic axis
MEV_PER_EV = 1e3


def costs(rows: Sequence[Row], style: Style) -> Figure:
    """Force error, symmetry error and path work of each model, side by side."""
    models = _by_recipe(rows)
    with dressed(style):
        figure = _sheet(8.0, 0.9 + 0.34 * len(models))
        axes = figure.subplots(1, 3, sharey=True)
        panels: tuple[tuple[Axes, str, str, bool], ...] = (
            (axes[0], "force_mae", "Force error\nMAE, meV/Å", False),
            (axes[1], "lee_mean", "Symmetry error\nmean LEE, meV/Å", True),
            (axes[2], "path_work", "Energy from nowhere\npath work, meV/Å", True),
        )
        for panel, metric, heading, logarithmic in panels:
            values = [find(group, metric) for group in models.values()]
            _dots(panel, list(models), values, style, logarithmic)
            panel.set_title(heading.split("\n")[0])
            panel.set_xlabel(heading.split("\n")[1])
    return figure


def symmetry(rows: Sequence[Row], style: Style) -> Figure:
    """The local equivariance error of each model: mean and largest, on a logarithmic axis."""
    models = _by_recipe(rows)
    with dressed(style):
        figure = _sheet(7.0, 1.2 + 0.36 * len(models))
        axes = figure.subplots()
        means = [find(group, "lee_mean") for group in models.values()]
        largest = [find(group, "lee_max") for group in models.values()]
        _dots(axes, list(models), means, style, logarithmic=True, largest=largest)
        axes.set_title("How much forces change when the molecule is turned")
        axes.set_xlabel("LEE, meV/Å: mean (mark) to largest (end of the line)")
    return figure


def learning(curves: Sequence[Curve], style: Style) -> Figure:
    """Validation error of the forces against epochs; a curve that begins late goes on where the first one ended."""
    with dressed(style):
        figure = _sheet(7.0, 3.6)
        axes = figure.subplots()
        ends: list[tuple[float, str, str]] = []
        for index, curve in enumerate(curves):
            colour = style.colour(curve.name, index)
            axes.plot(curve.epoch, curve.force_mae, color=colour, zorder=3)
            ends.append((float(curve.force_mae[-1]), curve.name, colour))
        axes.set_yscale("log")
        _plain_log_ticks(axes.yaxis, *axes.get_ylim())
        last = max(float(curve.epoch[-1]) for curve in curves)
        first = max(float(curves[0].epoch[-1]), 1.0)
        axes.set_xlim(0, last * 1.0)
        if last > first:
            axes.axvline(first, color=style.faint, linewidth=0.8, linestyle=(0, (2, 2)))
        axes.set_title("Learning curves")
        axes.set_xlabel("epoch")
        axes.set_ylabel("validation force MAE, meV/Å")
        _label_ends(axes, last, ends)
    return figure


def parity(series: Sequence[Series], style: Style) -> Figure:
    """Error of each force component against its reference value, a panel per model, on one scale."""
    with dressed(style):
        columns = min(3, len(series))
        lines = -(-len(series) // columns)
        figure = _sheet(7.4, 0.7 + 1.9 * lines)
        panels = np.atleast_1d(
            figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
        ).ravel()
        errors = [MEV_PER_EV * (s.predicted - s.reference) for s in series]
        reach = max(float(np.percentile(np.abs(e), 99.5)) for e in errors)
        for index, (panel, one, error) in enumerate(zip(panels, series, errors, strict=False)):
            colour = style.colour(one.name, index)
            panel.axhline(0, color=style.faint, linewidth=0.8)
            panel.plot(one.reference, error, ".", color=colour, markersize=2.4, markeredgewidth=0, alpha=0.55)
            panel.set_title(one.name)
            panel.annotate(
                f"MAE {significant(float(np.mean(np.abs(error))))}",
                (0.97, 0.95),
                xycoords="axes fraction",
                ha="right",
                va="top",
                fontsize=8.5,
                color=style.ink,
            )
            panel.set_ylim(-1.15 * reach, 1.15 * reach)
        for panel in panels[len(series) :]:
            panel.set_visible(False)
        figure.supxlabel("reference force component, eV/Å", fontsize=9)
        figure.supylabel("predicted − reference, meV/Å", fontsize=9)
    return figure


def energy(series: Sequence[Series], style: Style) -> Figure:
    """Total energy in a run at constant energy, a strip per model, on one scale."""
    with dressed(style):
        figure = _sheet(7.4, 0.9 + 0.72 * len(series))
        strips = figure.subplots(len(series), 1, sharex=True, sharey=True, squeeze=False).ravel()
        changes = [one.total - one.total[0] for one in series]
        low, high = (float(f(np.concatenate([c[np.isfinite(c)] for c in changes]))) for f in (np.min, np.max))
        room = 0.12 * max(high - low, 1e-6)
        for index, (strip, one, change) in enumerate(zip(strips, series, changes, strict=True)):
            colour = style.colour(one.name, index)
            strip.axhline(0, color=style.faint, linewidth=0.7, linestyle=(0, (2, 2)))
            strip.plot(one.time / 1000, change, color=colour, linewidth=0.9)
            strip.set_ylim(low - room, high + room)
            strip.annotate(
                one.name,
                (1.01, 0.5),
                xycoords="axes fraction",
                va="center",
                color=colour,
                fontsize=9,
                annotation_clip=False,
            )
            if one.unstable_at is not None:
                strip.axvline(one.time[-1] / 1000, color=colour, linewidth=1.2)
        strips[0].set_title("Total energy at constant energy (NVE), change since the start")
        strips[-1].set_xlabel("time, ps")
        figure.supylabel("meV per atom", fontsize=9)
    return figure


def _sheet(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=RESOLUTION)


def _by_recipe(rows: Sequence[Row]) -> dict[str, list[Row]]:
    return {recipe: group for (_, recipe, _), group in by_model(rows).items()}


def _dots(
    axes: Axes,
    names: Sequence[str],
    values: Sequence[Row | None],
    style: Style,
    logarithmic: bool,
    largest: Sequence[Row | None] = (),
) -> None:
    """A mark per model with its standard error, or with a line to its largest value, and its number beside it."""
    place: Callable[[float], float] = (lambda x: max(x, EXACT)) if logarithmic else (lambda x: x)
    for index, (name, entry) in enumerate(zip(names, values, strict=True)):
        if entry is None or not math.isfinite(entry.value):
            continue
        colour, marker = style.colour(name, index), MARKERS[index % len(MARKERS)]
        at = place(entry.value)
        right = at
        if largest and (top := largest[index]) is not None:
            right = place(top.value)
            axes.plot([at, right], [index, index], color=colour, linewidth=1.6, zorder=2)
        elif entry.std_error:
            low, right = place(entry.value - entry.std_error), place(entry.value + entry.std_error)
            axes.plot([low, right], [index, index], color=colour, linewidth=1.6, zorder=2)
        axes.plot([at], [index], marker, color=colour, markersize=6.5, zorder=3)
        text = significant(entry.value, 2 if logarithmic else 3)
        axes.annotate(
            text,
            (right, index),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            color=style.ink,
            annotation_clip=False,
        )
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0, labelcolor=style.ink)
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)
    if logarithmic:
        axes.set_xscale("log")
        _decades(axes)
    else:
        axes.set_xlim(0, axes.get_xlim()[1] * 1.18)


def _decades(axes: Axes) -> None:
    """Whole decades with room for a number behind the last mark; every third or so is labelled."""
    from matplotlib.ticker import LogLocator, NullLocator

    low, high = axes.get_xlim()
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    width = last - first
    axes.set_xlim(10.0**first, 10.0 ** (last + 0.28 * width))
    axes.xaxis.set_major_locator(LogLocator(numticks=5))
    axes.xaxis.set_minor_locator(NullLocator())


def _plain_log_ticks(axis, low: float, high: float) -> None:
    """Ticks at 1, 2, 5 of each decade, written as plain numbers."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [m * 10.0**d for d in decades for m in (1, 2, 5) if low <= m * 10.0**d <= high]
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _label_ends(axes: Axes, x: float, ends: Sequence[tuple[float, str, str]]) -> None:
    """Names at the right ends of curves, moved apart where they would lie on each other."""
    low, high = axes.get_ylim()
    scale = math.log(high / low)
    needed = 0.062  # height of a line of text as a share of the axis
    spots: list[float] = []
    for value, _, _ in sorted(ends):
        spot = math.log(max(value, low) / low) / scale
        spots.append(max(spot, spots[-1] + needed) if spots else spot)
    for spot, (_, name, colour) in zip(spots, sorted(ends), strict=True):
        axes.annotate(
            name,
            (1.015, spot),
            xycoords="axes fraction",
            va="center",
            color=colour,
            fontsize=9,
            annotation_clip=False,
        )
