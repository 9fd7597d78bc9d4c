"""Pictures of a comparison: what recipes cost, learning, errors of forces and of symmetry, energy in time.

Each function draws on a Figure of its own; none keeps state. Numbers come from rows and series alone.
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
from gaq.units import MEV

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EXACT = 1e-12  # meV/Å; what is smaller is drawn here, at the left edge of a logarithmic axis
LINE_OF_TEXT = 0.062  # its height as a share of the axis of the learning curves


def costs(rows: Sequence[Row], style: Style) -> Figure:
    """Force error, symmetry error and path work of each model, side by side."""
    models = _by_recipe(rows)
    with dressed(style):
        figure = _sheet(8.0, 0.9 + 0.34 * len(models))
        axes = figure.subplots(1, 3, sharey=True)
        panels: tuple[tuple[Axes, str, str, str], ...] = (
            (axes[0], "force_mae", "Force error", "mean absolute error, meV/Å"),
            (axes[1], "lee_mean", "Symmetry error", "mean LEE, meV/Å"),
            (axes[2], "path_work", "Energy made or lost", "work on closed paths, meV/Å"),
        )
        for panel, metric, title, unit in panels:
            values = [find(group, metric) for group in models.values()]
            _dots(panel, list(models), values, style, logarithmic=metric != "force_mae")
            panel.set_title(title)
            panel.set_xlabel(unit)
    return figure


def symmetry(rows: Sequence[Row], style: Style) -> Figure:
    """The local equivariance error of each model: mean and largest, on a logarithmic axis."""
    models = _by_recipe(rows)
    with dressed(style):
        figure = _sheet(7.4, 1.2 + 0.36 * len(models))
        axes = figure.subplots()
        means = [find(group, "lee_mean") for group in models.values()]
        largest = [find(group, "lee_max") for group in models.values()]
        _dots(axes, list(models), means, style, logarithmic=True, largest=largest)
        axes.set_title("How far forces are off when the molecule is turned")
        axes.set_xlabel("local equivariance error, meV/Å: mean (mark) to largest (end of the line)")
    return figure


def learning(curves: Sequence[Curve], style: Style) -> Figure:
    """Validation error of the forces against epochs; curves that begin late go on where the first ended."""
    with dressed(style):
        figure = _sheet(7.4, 3.6)
        axes = figure.subplots()
        for index, curve in enumerate(curves):
            axes.plot(curve.epoch, curve.force_mae, color=style.colour(curve.name, index), zorder=3)
        last = max(float(curve.epoch[-1]) for curve in curves)
        axes.set_yscale("log")
        axes.set_xlim(0, last)
        _plain_ticks(axes)
        ends = []
        for index, curve in enumerate(curves):
            end, value = float(curve.epoch[-1]), float(curve.force_mae[-1])
            if end == last:
                ends.append((value, curve.name, style.colour(curve.name, index)))
            else:
                _name_start(axes, curve, style.colour(curve.name, index))
                axes.axvline(end, color=style.faint, linewidth=0.8, linestyle=(0, (2, 2)))
        _name_ends(axes, ends)
        axes.set_title("Learning curves")
        axes.set_xlabel("epoch")
        axes.set_ylabel("validation force MAE, meV/Å")
    return figure


def parity(series: Sequence[Series], style: Style) -> Figure:
    """Error of each force component against its reference value, a panel per model, on one scale."""
    with dressed(style):
        columns = min(3, len(series))
        lines = -(-len(series) // columns)
        figure = _sheet(7.4, 0.7 + 1.9 * lines)
        panels = np.atleast_1d(figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)).ravel()
        errors = [(s.predicted - s.reference) / MEV for s in series]
        reach = max(float(np.percentile(np.abs(e), 99.5)) for e in errors)
        for index, (panel, one, error) in enumerate(zip(panels, series, errors, strict=False)):
            colour = style.colour(one.name, index)
            panel.axhline(0, color=style.faint, linewidth=0.8)
            panel.plot(one.reference, error, ".", color=colour, markersize=2.4, markeredgewidth=0, alpha=0.55)
            panel.set_title(one.name)
            panel.annotate(
                f"MAE {significant(float(np.mean(np.abs(error))))} meV/Å",
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
            strip.set_xlim(0, max(float(s.time[-1]) for s in series) / 1000)
            strip.set_ylim(low - room, high + room)
            strip.annotate(
                f"{one.name}\nstd {significant(float(np.std(change)), 2)}",
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
    """A mark per model with its standard error, or a line to its largest value, and the number beside it."""
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
        if largest and (top := largest[index]) is not None:
            text += f" / {significant(top.value, 2)}"
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
    """Whole decades, some of them labelled, with room for a number behind the last mark."""
    from matplotlib.ticker import FixedLocator, NullLocator

    low, high = (math.log10(end) for end in axes.get_xlim())
    first, last = math.floor(low), math.ceil(high)
    axes.set_xlim(10.0**first, 10.0 ** (high + 0.3 * (high - first)))
    step = max(1, round((last - first) / 4))
    axes.xaxis.set_major_locator(FixedLocator([10.0**d for d in range(first, last + 1, step)]))
    axes.xaxis.set_minor_locator(NullLocator())


def _plain_ticks(axes: Axes) -> None:
    """Ticks at 1, 2, 5 of each decade of a logarithmic y axis, written as plain numbers."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    low, high = axes.get_ylim()
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [m * 10.0**d for d in decades for m in (1, 2, 5) if low <= m * 10.0**d <= high]
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _name_start(axes: Axes, curve: Curve, colour: str) -> None:
    """The name of a curve above its middle."""
    middle = len(curve.epoch) // 2
    axes.annotate(
        curve.name,
        (float(curve.epoch[middle]), float(curve.force_mae[middle])),
        xytext=(6, 8),
        textcoords="offset points",
        color=colour,
        fontsize=9,
    )


def _name_ends(axes: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Names at the right ends of curves (value, name, colour), apart where they would lie on each other."""
    low, high = axes.get_ylim()
    spots: list[float] = []
    for value, _, _ in sorted(ends):
        spot = math.log(max(value, low) / low) / math.log(high / low)
        spots.append(max(spot, spots[-1] + LINE_OF_TEXT) if spots else spot)
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
