"""Picture of force error against symmetry error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.common.method_rows import MAIN_RECIPES, PARENT
from benchmarks.render.pictures import ABOVE, LEGEND, Point, apart, height_of, percent_axis
from gaq.files import write_atomically
from gaq.measure.ledger import Row

RIGHTMOST, LEFTMOST = 1e5, 1e-14  # meV/Å
NAME_WIDTH = 3.5  # decades
LINE = 0.052  # height of a name, of the axis


def force_against_symmetry(rows: Sequence[Row], title: str, path: Path) -> None:
    """Draw points sized by bits per weight."""
    points = [point for name in MAIN_RECIPES if (point := Point.of(name, rows)) and name != PARENT]
    if not points:
        return
    figure = Figure(figsize=(8.2, 4.8), dpi=160, layout="constrained")
    axes = figure.add_subplot()
    percent_axis(axes, 1.6 * max(p.above for p in points))
    for point in points:
        axes.scatter(
            point.lee,
            height_of(point.above),
            s=7 * point.bits,
            color=point.colour,
            linewidth=0,
            zorder=3,
            clip_on=False,
        )
    low, high = (math.log(limit) for limit in axes.get_ylim())
    along, upwards = [math.log10(p.lee) for p in points], [math.log(height_of(p.above)) for p in points]
    for point, height in zip(points, apart(along, upwards, NAME_WIDTH, LINE * (high - low)), strict=True):
        line = {"arrowstyle": "-", "color": "#bbbbbb", "linewidth": 0.6}
        place = (point.lee * 4, math.exp(height))
        axes.annotate(
            point.name, (point.lee, height_of(point.above)), place, va="center", fontsize=8.5, arrowprops=line
        )
    axes.set_xscale("log")
    axes.set_xlim(LEFTMOST, RIGHTMOST)
    axes.set_xlabel("local equivariance error, mean (meV/Å)")
    axes.set_ylabel(ABOVE, fontsize=9)
    axes.set_title(title, loc="left", fontsize=10)
    for colour, label in LEGEND:
        axes.scatter([], [], s=60, color=colour, label=label, linewidth=0)
    figure.legend(loc="outside lower center", frameon=False, fontsize=8.5, ncols=3)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda temporary: FigureCanvasAgg(figure).print_png(temporary))
