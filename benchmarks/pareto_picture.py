"""The picture of docs/results.md: force error against bits per weight, and against time, with the front of the best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gaq.files import write_atomically
from gaq.measure.ledger import Row
from pictures import LEGEND, colour_of

NAME_WIDTH = 0.25  # of the span of points along the axis


@dataclass(frozen=True)
class Point:
    """A model: its cost along the axis, its force error, and how well it keeps the symmetry."""

    name: str
    cost: float
    force: float
    lee: float

    @property
    def colour(self) -> str:
        return colour_of(self.lee)


def points_of(groups: Mapping[str, Sequence[Row]], speed: Sequence[Row]) -> tuple[list[Point], list[Point]]:
    """By bits per weight, and by milliseconds a call; `speed`: rows of the native engine, named recipe or recipe-b8."""
    bits, times = [], []
    for name, rows in groups.items():
        found = {r.metric: r.value for r in rows}
        bits.append(Point(name, found["bits_per_weight"], found["force_mae"], found["lee_mean"]))
        timed = [r for r in speed if r.metric == "latency_ms" and r.recipe in (name, f"{name}-b8", f"{name}-b16")]
        times += [Point(r.recipe, r.value, found["force_mae"], found["lee_mean"]) for r in timed]
    return bits, times


def front(points: Sequence[Point]) -> list[Point]:
    """Those that no other beats in both, from the cheapest on."""
    best: list[Point] = []
    for point in sorted(points, key=lambda p: (p.cost, p.force)):
        if not best or point.force < best[-1].force:
            best.append(point)
    return best


def pareto(groups: Mapping[str, Sequence[Row]], speed: Sequence[Row], title: str, path: Path) -> None:
    """Two panels side by side; lower and further left is better in both."""
    figure = Figure(figsize=(10.2, 4.4), dpi=150, layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    by_bits, by_time = points_of(groups, speed)
    _panel(left, by_bits, by_bits, "bits per weight", logarithmic=True)
    _panel(right, by_time, by_bits, "milliseconds per call, one thread", logarithmic=False)
    left.set_ylabel("force error, MAE (meV/Å)")
    left.set_ylim(*_height(by_bits))
    figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    for colour, label in LEGEND:
        left.scatter([], [], s=50, color=colour, label=label, linewidth=0)
    figure.legend(loc="outside lower center", frameon=False, fontsize=8.5, ncols=3)
    write_atomically(path, lambda temporary: FigureCanvasAgg(figure).print_png(temporary))


def _height(points: Sequence[Point]) -> tuple[float, float]:
    forces = [p.force for p in points]
    return 0.85 * min(forces), 1.1 * max(forces)


def _panel(axes: Axes, points: Sequence[Point], everyone: Sequence[Point], label: str, logarithmic: bool) -> None:
    edge = front(points)
    axes.step([p.cost for p in edge], [p.force for p in edge], where="post", color="#bbbbbb", linewidth=1.0, zorder=1)
    for point in points:
        axes.scatter(point.cost, point.force, s=36, color=point.colour, linewidth=0, zorder=3)
    costs = [p.cost for p in points]
    if logarithmic:
        axes.set_xscale("log", base=2)
        axes.set_xticks([4, 8, 16, 32], ["4", "8", "16", "32"])
        axes.set_xlim(0.8 * min(costs), 2.2 * max(costs))
    else:
        span = max(costs) - min(costs)
        axes.set_xlim(min(costs) - 0.1 * span, max(costs) + 0.45 * span)
    low, high = _height(everyone)
    _name(axes, points, (high - low) / 24, logarithmic)
    axes.set_xlabel(label)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8, zorder=0)
    axes.spines[["top", "right"]].set_visible(False)


def _name(axes: Axes, points: Sequence[Point], distance: float, logarithmic: bool) -> None:
    """Names to the right of the points; from the lowest upwards, each goes up until it is clear of those before."""
    low, high = (min(p.cost for p in points), max(p.cost for p in points))
    wide = math.log(high / low) if logarithmic else high - low
    placed: list[tuple[float, float]] = []
    for point in sorted(points, key=lambda p: p.force):
        x = math.log(point.cost / low) if logarithmic else point.cost - low
        y = point.force
        while any(abs(x - other) < NAME_WIDTH * wide and abs(y - height) < distance for other, height in placed):
            y += distance / 4
        placed.append((x, y))
        right = point.cost * (high / low) ** 0.03 if logarithmic else point.cost + 0.03 * wide
        line = {"arrowstyle": "-", "color": "#cccccc", "linewidth": 0.6}
        axes.annotate(point.name, (point.cost, point.force), (right, y), va="center", fontsize=8, arrowprops=line)
