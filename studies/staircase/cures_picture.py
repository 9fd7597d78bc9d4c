"""Picture of the cures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gaq.measure.ledger import Row
from gaq.report.style import LIGHT, dressed, write_png

# name in the rows, label, recipe of the colour
LINES = (
    ("naive-int8", "naive-int8", "naive-int8"),
    ("frame-w4a8", "frame-w4a8: 8 bits, and 8 in the backward pass", "frame-w4a8"),
    ("a8-b32", "8 bits, gradients in float", "frame-w4a8"),
    ("a8, dither", "+ dither", "cure"),
    ("a8, subtracted dither", "+ dither, subtracted", "cure"),
    ("a8, mean of 4", "+ mean of 4 dithers", "cure"),
    ("a8-b8, float every 2", "+ float forces every 2nd step", "cure"),
    ("a8, corrected energy", "+ corrected energy", "cure"),
    ("a8, error feedback", "+ error feedback", "cure"),
    ("a8, both", "+ both", "cure"),
    ("w4a16-b8", "w4a16, 8 bits in the backward pass", "w4"),
    ("w4a16", "w4a16", "w4"),
    ("float", "features in float", "fp32"),
)
PANELS = (
    ("What is read off: the energy", "meV", (("energy_noise", "rounding noise of the energy"),)),
    (
        "What atoms feel: a walk of the total energy",
        "meV/√ps",
        (("energy_walk", "from the errors of the force"), ("total_energy_walk", "seen in NVE")),
    ),
)


def compare(path: Path, rows: Sequence[Row]) -> None:
    found = {(entry.recipe, entry.metric): entry for entry in rows}
    with dressed(LIGHT):
        figure = Figure(figsize=(10.4, 4.6))
        both = figure.subplots(1, 2, sharey=True, width_ratios=(1, 1.35))
        for axes, (title, unit, metrics) in zip(both, PANELS, strict=True):
            panel(axes, found, metrics)
            axes.set(title=title, xlabel=unit, xscale="log")
        both[0].set_yticks(range(len(LINES)), [shown for _, shown, _ in LINES], color=LIGHT.ink)
        both[0].invert_yaxis()
        both[1].legend(loc="upper left")
        write_png(path, figure)


def panel(axes: Axes, found: Mapping[tuple[str, str], Row], metrics: Sequence[tuple[str, str]]) -> None:
    """Draw filled predictions and open measurements."""
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    for height, (name, _, hue) in enumerate(LINES):
        axes.axhline(height, color=LIGHT.grid, linewidth=0.7, zorder=0)
        colour = LIGHT.colour(hue)
        for metric, _ in metrics:
            entry = found.get((name, metric))
            if entry is None:
                continue
            seen = metric == "total_energy_walk"
            axes.errorbar(
                *(entry.value, height, None, entry.std_error or None),
                fmt="o",
                markersize=8 if seen else 5,
                markerfacecolor="none" if seen else colour,
                color=colour,
                elinewidth=0.9,
            )
    for metric, label in metrics:
        face = "none" if metric == "total_energy_walk" else LIGHT.ink
        axes.plot([], [], "o", color=LIGHT.ink, markerfacecolor=face, label=label)
