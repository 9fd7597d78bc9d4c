"""The picture of docs/results.md and of the README: what each recipe costs in force error, and in symmetry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gaq.files import write_atomically
from gaq.measure.ledger import Row

SMALLEST = 1e-14  # meV/Å; an error of exactly zero is drawn here
EXACT, FLOAT, BROKEN = "#0072b2", "#555555", "#d55e00"
LEGEND = ((EXACT, "exact: local frames"), (FLOAT, "float32 floor"), (BROKEN, "symmetry broken"))


def colour_of(lee: float) -> str:
    """The colour of a model by its mean LEE in meV/Å."""
    return EXACT if lee < 1e-9 else (FLOAT if lee < 1e-2 else BROKEN)


@dataclass(frozen=True)
class _Point:
    name: str
    lee: float
    force: float
    bits: float

    @staticmethod
    def of(name: str, rows: Sequence[Row]) -> _Point:
        found = {r.metric: r for r in rows}
        lee, force, bits = (found[m].value for m in ("lee_mean", "force_mae", "bits_per_weight"))
        return _Point(name, max(lee, SMALLEST), force, bits)

    @property
    def colour(self) -> str:
        return colour_of(self.lee)


def _apart(points: Sequence[_Point], distance: float) -> list[tuple[_Point, float]]:
    """Heights of labels: those of points of one colour at least `distance` from each other, from the lowest upwards."""
    placed: list[tuple[_Point, float]] = []
    for colour in (EXACT, FLOAT, BROKEN):
        last = -distance
        for point in sorted((p for p in points if p.colour == colour), key=lambda p: p.force):
            last = max(point.force, last + distance)
            placed.append((point, last))
    return placed


def force_against_symmetry(groups: Mapping[str, Sequence[Row]], title: str, path: Path) -> None:
    """One point a recipe: LEE (logarithmic) to the right, force error upwards, bits per weight as its size."""
    figure = Figure(figsize=(8.2, 4.2), dpi=160, layout="constrained")
    axes = figure.add_subplot()
    points = [_Point.of(name, rows) for name, rows in groups.items()]
    top = 1.15 * max(p.force for p in points)
    for point in points:
        axes.scatter(point.lee, point.force, s=7 * point.bits, color=point.colour, alpha=0.85, linewidth=0, zorder=3)
    for point, height in _apart(points, top / 19):
        axes.annotate(
            point.name,
            (point.lee, point.force),
            xytext=(point.lee * 6, height),
            va="center",
            fontsize=8.5,
            arrowprops={"arrowstyle": "-", "color": "#bbbbbb", "linewidth": 0.6},
        )
    control = {r.metric: r for r in groups.get("fp32-control", ())}
    if control:
        axes.axhline(control["force_mae"].value, color="#999999", linewidth=0.8, linestyle=":", zorder=1)
    axes.set_xscale("log")
    axes.set_xlim(1e-14, 1e4)
    axes.set_ylim(0, top)
    axes.set_xlabel("local equivariance error, mean (meV/Å)")
    axes.set_ylabel("force error, MAE (meV/Å)")
    axes.set_title(title, loc="left", fontsize=10)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8, zorder=0)
    axes.spines[["top", "right"]].set_visible(False)
    for colour, label in LEGEND:
        axes.scatter([], [], s=60, color=colour, label=label, linewidth=0)
    figure.legend(loc="outside lower center", frameon=False, fontsize=8.5, ncols=3)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda temporary: FigureCanvasAgg(figure).print_png(temporary))
