"""The picture of docs/results.md: force error above the control against bits and time, with the front of the best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gaq.files import write_atomically
from gaq.measure.ledger import Row
from methods_rows import CONTROL, excess, mean, rows_named
from pictures import LEGEND, colour_of

SHOWN = ("gptq", "bits=")  # changes behind a + that are no control of another row
LOWEST = 0.5  # per cent above the control; nearer ones are drawn here
TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000)
NAME_WIDTH = 0.27  # of the span of points along the axis
LINE = 0.03  # height of a name, of the span of errors
PUSHES = 200


@dataclass(frozen=True)
class Point:
    """A model: its cost along the axis, its force error above the control in per cent, and its LEE in meV/Å."""

    name: str
    cost: float
    above: float
    lee: float
    trained: bool


def by_bits(rows: Sequence[Row]) -> list[Point]:
    """Trained rows by bits per weight, and those of methods that are not trained."""
    names = list(dict.fromkeys(r.model for r in rows))
    trained = {name.split("/")[0] for name in names if name.endswith("/qat")}
    points = []
    for name in names:
        short, mode = name.split("/")
        wanted = all(change.startswith(SHOWN) for change in short.split("+")[1:])
        if not wanted or (mode == "ptq" and not untrained(short, trained)):
            continue
        mine = rows_named(rows, name)
        bits, lee, above = mean(mine, "bits_per_weight"), mean(mine, "lee_mean"), excess(mine, rows)
        if bits is not None and lee is not None and above:
            points.append(Point(short, bits, max(sum(above) / len(above), LOWEST), lee, mode == "qat"))
    return points


def untrained(short: str, trained: set[str]) -> bool:
    """Whether a method has no trained row, neither itself nor from GPTQ."""
    return not any(name.split("+")[0] == short.split("+")[0] for name in trained)


def by_time(speed: Sequence[Row], rows: Sequence[Row], points: Sequence[Point]) -> list[Point]:
    """Modes of the native engine by milliseconds a call; `speed` has the times and the force error of each mode."""
    control = mean(rows_named(rows, CONTROL), "force_mae")
    lees = {point.name: point.lee for point in points}
    force = {r.recipe: r.value for r in speed if r.metric == "force_mae"}
    timed = [r for r in speed if r.metric == "latency_ms" and r.recipe in force]
    if control is None:
        return []
    found = [(r.recipe, r.value, 100 * (force[r.recipe] / control - 1), lees[recipe_in(r.recipe)]) for r in timed]
    return [Point(name, cost, max(above, LOWEST), lee, trained=True) for name, cost, above, lee in found]


def recipe_in(mode: str) -> str:
    """frame-w4a8+gptq of frame-w4a8+gptq-b8."""
    head, _, tail = mode.rpartition("-b")
    return head if tail.isdigit() else mode


def front(points: Sequence[Point]) -> list[Point]:
    """Those that no other beats in both, from the cheapest on."""
    best: list[Point] = []
    for point in sorted(points, key=lambda p: (p.cost, p.above)):
        if not best or point.above < best[-1].above:
            best.append(point)
    return best


def pareto(rows: Sequence[Row], speed: Sequence[Row], title: str, path: Path) -> None:
    """A panel for bits and, where times were measured, one for them; lower and further left is better in both."""
    figure = Figure(figsize=(10.2, 6.2), dpi=150, layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    sized = by_bits(rows)
    timed = by_time(speed, rows, sized)
    height = (LOWEST, 1.4 * max(p.above for p in (*sized, *timed)))
    _panel(left, sized, height, "bits per weight", logarithmic=True)
    _panel(right, timed, height, "milliseconds per call, one thread", logarithmic=False)
    left.set_ylabel("force MAE above that of fp32 trained as long (%)")
    figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    for colour, label in LEGEND:
        left.scatter([], [], s=50, color=colour, label=label, linewidth=0)
    left.scatter([], [], s=50, color="white", edgecolor="#555555", label="hollow: not trained, as the method has it")
    figure.legend(loc="outside lower center", frameon=False, fontsize=8.5, ncols=4)
    write_atomically(path, lambda temporary: FigureCanvasAgg(figure).print_png(temporary))


def _panel(axes: Axes, points: Sequence[Point], height: tuple[float, float], label: str, logarithmic: bool) -> None:
    axes.set_yscale("log")
    axes.set_ylim(*height)
    ticks = [t for t in TICKS if t < height[1]]
    axes.set_yticks([LOWEST, *ticks], [f"below {LOWEST}", *(f"{t:,}" for t in ticks)])
    axes.minorticks_off()
    axes.set_xlabel(label)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8, zorder=0)
    axes.spines[["top", "right"]].set_visible(False)
    if not points:
        return
    edge = front(points)
    axes.step([p.cost for p in edge], [p.above for p in edge], where="post", color="#bbbbbb", linewidth=1.0, zorder=1)
    for point in points:
        colour = colour_of(point.lee)
        inside = colour if point.trained else "white"
        axes.scatter(point.cost, point.above, s=26, color=inside, edgecolor=colour, zorder=3, clip_on=False)
    costs = [p.cost for p in points]
    if logarithmic:
        axes.set_xscale("log", base=2)
        axes.set_xticks([4, 5, 6, 8, 16, 32], ["4", "5", "6", "8", "16", "32"])
        axes.minorticks_off()
        axes.set_xlim(0.9 * min(costs), 1.6 * max(costs))
    else:
        span = max(costs) - min(costs)
        axes.set_xlim(min(costs) - 0.1 * span, max(costs) + 0.45 * span)
    _name(axes, points, math.log(height[1] / height[0]) * LINE, logarithmic)


def _name(axes: Axes, points: Sequence[Point], distance: float, logarithmic: bool) -> None:
    """Names to the right of the points, as near to them as they find room."""
    low, high = (min(p.cost for p in points), max(p.cost for p in points))
    wide = math.log(high / low) if logarithmic else high - low
    along = [(math.log(p.cost / low) if logarithmic else p.cost - low) / wide for p in points]
    heights = _apart(along, [math.log(p.above) for p in points], distance)
    for point, height in zip(points, heights, strict=True):
        right = point.cost * (high / low) ** 0.03 if logarithmic else point.cost + 0.03 * wide
        line = {"arrowstyle": "-", "color": "#cccccc", "linewidth": 0.6}
        place = (right, math.exp(height))
        axes.annotate(point.name, (point.cost, point.above), place, va="center", fontsize=7.5, arrowprops=line)


def _apart(along: Sequence[float], heights: Sequence[float], distance: float) -> list[float]:
    """Heights of names: those that lie over each other push each other up and down until all are clear."""
    order = sorted(range(len(heights)), key=lambda k: heights[k])
    found = list(heights)
    for _ in range(PUSHES):
        for place, lower in enumerate(order):
            for upper in order[place + 1 :]:
                overlap = distance - (found[upper] - found[lower])
                if overlap > 0 and abs(along[upper] - along[lower]) < NAME_WIDTH:
                    found[lower] -= overlap / 2
                    found[upper] += overlap / 2
    return found
