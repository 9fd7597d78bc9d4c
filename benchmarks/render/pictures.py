"""Points, colours and axes of pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from benchmarks.common.method_rows import excess, mean, rows_named
from gaq.measure.ledger import Row

EXACT, FLOAT, BROKEN = "#0072b2", "#555555", "#d55e00"
LEGEND = ((EXACT, "exact: local frames"), (FLOAT, "float32 floor"), (BROKEN, "symmetry broken"))
LOWEST = 0.5  # per cent; smaller errors are drawn here
TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000)
ABOVE = "force MAE above that of fp32 trained as long (%)"
PUSHES = 200


@dataclass(frozen=True)
class Point:
    """Bits per weight, excess error in per cent, LEE in meV/Å."""

    name: str
    bits: float
    above: float
    lee: float
    trained: bool = True

    @staticmethod
    def of(model: str, rows: Sequence[Row]) -> Point | None:
        """Return means over seeds, if complete."""
        mine = rows_named(rows, model)
        bits, lee, above = mean(mine, "bits_per_weight"), mean(mine, "lee_mean"), excess(mine, rows)
        if bits is None or lee is None or not above:
            return None
        name, mode = model.split("/")
        return Point(name, bits, sum(above) / len(above), lee, mode == "qat")

    @property
    def colour(self) -> str:
        return EXACT if self.lee < 1e-9 else (FLOAT if self.lee < 1e-2 else BROKEN)


def height_of(above: float) -> float:
    return max(above, LOWEST)


def percent_axis(axes: Axes, highest: float) -> None:
    """Draw a logarithmic axis of force errors."""
    axes.set_yscale("log")
    axes.set_ylim(LOWEST, highest)
    ticks = [t for t in TICKS if t < highest]
    axes.set_yticks([LOWEST, *ticks], [f"below {LOWEST}", *(f"{t:,}" for t in ticks)])
    axes.minorticks_off()
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8, zorder=0)
    axes.spines[["top", "right"]].set_visible(False)


def apart(along: Sequence[float], heights: Sequence[float], width: float, distance: float) -> list[float]:
    """Separate names that overlap; heights are logarithms."""
    order = sorted(range(len(heights)), key=lambda k: heights[k])
    found = [max(height, math.log(LOWEST) + distance / 2) for height in heights]  # the axis extends below
    for _ in range(PUSHES):
        for place, lower in enumerate(order):
            for upper in order[place + 1 :]:
                overlap = distance - (found[upper] - found[lower])
                if overlap > 0 and abs(along[upper] - along[lower]) < width:
                    found[lower] -= overlap / 2
                    found[upper] += overlap / 2
    return found
