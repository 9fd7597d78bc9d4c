"""The picture of docs/results.md and of the README: what each recipe costs in force error, and in symmetry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gaq.files import write_atomically
from gaq.measure.ledger import Row

SMALLEST = 1e-14  # meV/Å; an error of exactly zero is drawn here
EXACT, FLOAT, BROKEN = "#0072b2", "#555555", "#d55e00"


def force_against_symmetry(groups: Mapping[str, Sequence[Row]], title: str, path: Path) -> None:
    """One point a recipe: LEE (logarithmic) to the right, force error upwards, bits per weight as its size."""
    figure = Figure(figsize=(8.2, 4.2), dpi=160, layout="constrained")
    axes = figure.add_subplot()
    for name, rows in groups.items():
        found = {r.metric: r for r in rows}
        lee, force, bits = (found[m].value for m in ("lee_mean", "force_mae", "bits_per_weight"))
        x = max(lee, SMALLEST)
        colour = EXACT if x < 1e-9 else (FLOAT if x < 1e-2 else BROKEN)
        axes.scatter(x, force, s=12 * bits, color=colour, alpha=0.85, linewidth=0, zorder=3)
        axes.annotate(name, (x, force), xytext=(9, 0), textcoords="offset points", va="center", fontsize=8.5)
    control = {r.metric: r for r in groups.get("fp32-control", ())}
    if control:
        axes.axhline(control["force_mae"].value, color="#999999", linewidth=0.8, linestyle=":", zorder=1)
    axes.set_xscale("log")
    axes.set_xlim(1e-14, 1e3)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("local equivariance error, mean (meV/Å)")
    axes.set_ylabel("force error, MAE (meV/Å)")
    axes.set_title(title, loc="left", fontsize=10)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8, zorder=0)
    axes.spines[["top", "right"]].set_visible(False)
    labels = ((EXACT, "exact: local frames"), (FLOAT, "float32 floor"), (BROKEN, "symmetry broken"))
    for colour, label in labels:
        axes.scatter([], [], s=60, color=colour, label=label, linewidth=0)
    axes.legend(loc="upper left", frameon=False, fontsize=8.5, ncols=3)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda temporary: FigureCanvasAgg(figure).print_png(temporary))
