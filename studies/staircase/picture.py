"""Picture of the staircase."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from gaq.report.numbers import significant
from gaq.report.style import LIGHT, dressed, write_png
from gaq.units import MEV
from studies.staircase.measures import Line

BASE = "frame-w4a8"
SHOWN = ("fp32", "w4", "w4a16", BASE, "gaq-w4a8", "naive-int8")
# length in Å: title, unit
ZOOMS: dict[float, tuple[str, float, str]] = {
    0.2: ("four time steps long: a smooth ramp, with fuzz", 1.0, "Å"),
    2e-3: ("100 × nearer: the fuzz is made of steps", 1e-3, "mÅ"),
    5e-5: ("40 × nearer: level treads, steps up and down", 1e-6, "µÅ"),
}
LENGTH = 2e-4  # Å; line on which recipes are compared
STRIP = 1.25  # half height of a strip


def draw(path: Path, zooms: Mapping[float, Line], recipes: Mapping[str, Line], step: float) -> None:
    """Draw lines by length and recipe; `step` in Å."""
    with dressed(LIGHT):
        figure = Figure(figsize=(10.4, 8.2))
        above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=(1.0, 1.3))[:, 0]
        above.suptitle(f"{BASE}: energy, and the work of its force", x=0.012, ha="left", fontsize=11, weight="bold")
        for axes, (length, line) in zip(above.subplots(1, len(zooms)), zooms.items(), strict=True):
            enlargement(axes, line, length, step)
        strips(below, recipes)
        write_png(path, figure)


def enlargement(axes: Axes, line: Line, length: float, step: float) -> None:
    """Draw energy and ramp on one scale."""
    title, unit, symbol = ZOOMS[length]
    middle = line.ramp[len(line.ramp) // 2]
    energy, ramp = ((values - middle) / MEV for values in (line.energy, line.ramp))
    nearer = [other for other in ZOOMS if other < length]
    if nearer:
        axes.axvspan(-max(nearer) / unit / 2, max(nearer) / unit / 2, color=LIGHT.others[0], alpha=0.25, linewidth=0)
    longest = length == max(ZOOMS)
    how = "default" if longest else "steps-mid"
    axes.plot(line.places / unit, energy, color=LIGHT.colour(BASE), linewidth=1.0, drawstyle=how, label="energy E")
    axes.plot(line.places / unit, ramp, color=LIGHT.ink, linewidth=1.4, label="−∫ F·dx")
    axes.set_title(title, fontsize=9.5, weight="normal")
    axes.set_xlabel(f"along the motion, {symbol}")
    axes.set_xlim(line.places[0] / unit, line.places[-1] / unit)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    if longest:
        axes.set_ylabel("meV")
        axes.legend(loc="upper center")
        bar = {"arrowstyle": "|-|,widthA=0.25,widthB=0.25", "color": LIGHT.faint, "shrinkA": 0, "shrinkB": 0}
        across = axes.get_xaxis_transform()
        ends = (0.02, 0.1), (0.02 + step, 0.1)
        axes.annotate("", *ends, xycoords=across, textcoords=across, arrowprops=bar)
        axes.text(ends[1][0] - step / 2, 0.13, "0.5 fs", transform=across, ha="center", color=LIGHT.faint, fontsize=8)


def strips(figure: SubFigure, recipes: Mapping[str, Line]) -> None:
    figure.suptitle(
        "every recipe on 200 µÅ: E + ∫ F·dx, each on its own scale", x=0.012, ha="left", fontsize=11, weight="bold"
    )
    rows = figure.subplots(len(recipes), 1, sharex=True)
    for axes, (name, line) in zip(rows, recipes.items(), strict=True):
        rest, places = (line.energy - line.ramp) / MEV, line.places / 1e-6
        axes.plot(places, rest, color=LIGHT.colour(name), linewidth=1.0, drawstyle="steps-mid")
        axes.axhline(0, color=LIGHT.ink, linewidth=0.7)
        top = STRIP * np.abs(rest).max()
        axes.set(ylim=(-top, top), xlim=(places[0], places[-1]), yticks=[])
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.grid(visible=False)
        axes.tick_params(bottom=axes is rows[-1])
        axes.set_ylabel(name, rotation=0, ha="right", va="center", color=LIGHT.colour(name), weight="bold", labelpad=8)
        scatter = float(np.std(rest))
        beside = f"± {significant(scatter, 2)} meV" if scatter > 0.1 else f"± {significant(1e3 * scatter, 2)} µeV"
        axes.text(1.01, 0.5, beside, transform=axes.transAxes, va="center", color=LIGHT.ink)
    rows[-1].set_xlabel("along the motion, µÅ")
