"""Picture of force error, bits and time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.common.method_rows import CONTROL, mean, rows_named
from benchmarks.render.pictures import ABOVE, LEGEND, Point, apart, height_of, percent_axis
from gaq.files import write_atomically
from gaq.measure.ledger import Row

SHOWN = ("gptq", "bits=")  # suffixes that are no ablation
NAME_WIDTH = 0.27  # of the span along the axis
LINE = 0.03  # of the span of errors


@dataclass(frozen=True)
class Placed:
    """A model or mode at its cost."""

    point: Point
    name: str
    cost: float
    above: float  # per cent

    @property
    def height(self) -> float:
        return height_of(self.above)


def by_bits(rows: Sequence[Row]) -> list[Placed]:
    """Return models by bits per weight."""
    names = list(dict.fromkeys(r.model for r in rows))
    trained = {name.split("/")[0].split("+")[0] for name in names if name.endswith("/qat")}
    shown = [name for name in names if _shown(name, trained)]
    points = [point for name in shown if (point := Point.of(name, rows))]
    return [Placed(point, point.name, point.bits, point.above) for point in points]


def _shown(name: str, trained: set[str]) -> bool:
    """Leave out ablations and duplicates."""
    recipe, mode = name.split("/")
    short, *changes = recipe.split("+")
    return all(change.startswith(SHOWN) for change in changes) and (mode == "qat" or short not in trained)


def by_time(speed: Sequence[Row], rows: Sequence[Row], sized: Sequence[Placed]) -> list[Placed]:
    control = mean(rows_named(rows, CONTROL), "force_mae")
    points = {placed.name: placed.point for placed in sized}
    force = {r.recipe: r.value for r in speed if r.metric == "force_mae"}
    found = []
    for entry in speed:
        if entry.metric == "latency_ms" and entry.recipe in force and control is not None:
            above = 100 * (force[entry.recipe] / control - 1)
            found.append(Placed(points[recipe_in(entry.recipe)], entry.recipe, entry.value, above))
    return found


def recipe_in(mode: str) -> str:
    head, _, tail = mode.rpartition("-b")
    return head if tail.isdigit() else mode


def front(points: Sequence[Placed]) -> list[Placed]:
    """Return the Pareto front, cheapest first."""
    best: list[Placed] = []
    for point in sorted(points, key=lambda p: (p.cost, p.above)):
        if not best or point.above < best[-1].above:
            best.append(point)
    return best


def pareto(rows: Sequence[Row], speed: Sequence[Row], title: str, path: Path) -> None:
    figure = Figure(figsize=(10.2, 6.2), dpi=150, layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    sized = by_bits(rows)
    timed = by_time(speed, rows, sized)
    percent_axis(left, 1.4 * max(p.above for p in (*sized, *timed)))
    right.grid(axis="y", color="#e6e6e6", linewidth=0.8, zorder=0)
    right.spines[["top", "right"]].set_visible(False)
    _panel(left, sized, "bits per weight", logarithmic=True)
    _panel(right, timed, "milliseconds per call, one thread", logarithmic=False)
    left.set_ylabel(ABOVE)
    figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    for colour, label in LEGEND:
        left.scatter([], [], s=50, color=colour, label=label, linewidth=0)
    left.scatter([], [], s=50, color="white", edgecolor="#555555", label="hollow: not trained, as the method has it")
    figure.legend(loc="outside lower center", frameon=False, fontsize=8.5, ncols=4)
    write_atomically(path, lambda temporary: FigureCanvasAgg(figure).print_png(temporary))


def _panel(axes: Axes, points: Sequence[Placed], label: str, logarithmic: bool) -> None:
    axes.set_xlabel(label)
    if not points:
        return
    edge = front(points)
    axes.step([p.cost for p in edge], [p.height for p in edge], where="post", color="#bbbbbb", linewidth=1.0, zorder=1)
    for placed in points:
        colour = placed.point.colour
        inside = colour if placed.point.trained else "white"
        axes.scatter(placed.cost, placed.height, s=26, color=inside, edgecolor=colour, zorder=3, clip_on=False)
    low, high = min(p.cost for p in points), max(p.cost for p in points)
    if logarithmic:
        axes.set_xscale("log", base=2)
        axes.set_xticks([4, 5, 6, 8, 16, 32], ["4", "5", "6", "8", "16", "32"])
        axes.minorticks_off()
        axes.set_xlim(0.9 * low, 1.6 * high)
    else:
        axes.set_xlim(low - 0.1 * (high - low), high + 0.45 * (high - low))
    _name(axes, points, logarithmic)


def _name(axes: Axes, points: Sequence[Placed], logarithmic: bool) -> None:
    """Place names without overlap."""
    low, high = (min(p.cost for p in points), max(p.cost for p in points))
    wide = math.log(high / low) if logarithmic else high - low
    along = [(math.log(p.cost / low) if logarithmic else p.cost - low) / wide for p in points]
    bottom, top = (math.log(limit) for limit in axes.get_ylim())
    heights = apart(along, [math.log(p.height) for p in points], NAME_WIDTH, LINE * (top - bottom))
    for placed, height in zip(points, heights, strict=True):
        right = placed.cost * (high / low) ** 0.03 if logarithmic else placed.cost + 0.03 * wide
        line = {"arrowstyle": "-", "color": "#cccccc", "linewidth": 0.6}
        place = (right, math.exp(height))
        axes.annotate(placed.name, (placed.cost, placed.height), place, va="center", fontsize=7.5, arrowprops=line)
