"""What the pictures of docs/results share: points, colours by symmetry, an axis of force errors, names apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from benchmarks.common.method_rows import excess, mean, rows_named
from gaq.measure.ledger import Row

EXACT, FLOAT, BROKEN = "#0072b2", "#555555", "#d55e00"
LEGEND = ((EXACT, "exact: local frames"), (FLOAT, "float32 floor"), (BROKEN, "symmetry broken"))
LOWEST = 0.5  # per cent above the control; nearer ones are drawn here
TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000)
ABOVE = "force MAE above that of fp32 trained as long (%)"
PUSHES = 200


@dataclass(frozen=True)
class Point:
    """A model: its bits per weight, its force error above the control in per cent, and its mean LEE in meV/Å."""

    name: str
    bits: float
    above: float
    lee: float
    trained: bool = True

    @staticmethod
    def of(model: str, rows: Sequence[Row]) -> Point | None:
        """From the rows of methods.py, means over seeds; None where something was not measured."""
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
    """Where an error is drawn: one that the logarithmic axis does not reach lies on it."""
    return max(above, LOWEST)


def percent_axis(axes: Axes, highest: float) -> None:
    """The upward axis of force errors above the control, logarithmic."""
    axes.set_yscale("log")
    axes.set_ylim(LOWEST, highest)
    ticks = [t for t in TICKS if t < highest]
    axes.set_yticks([LOWEST, *ticks], [f"below {LOWEST}", *(f"{t:,}" for t in ticks)])
    axes.minorticks_off()
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8, zorder=0)
    axes.spines[["top", "right"]].set_visible(False)


def apart(along: Sequence[float], heights: Sequence[float], width: float, distance: float) -> list[float]:
    """Heights of names, as logarithms: those that lie over each other push each other apart until all are clear."""
    order = sorted(range(len(heights)), key=lambda k: heights[k])
    found = [max(height, math.log(LOWEST) + distance / 2) for height in heights]  # the axis runs below
    for _ in range(PUSHES):
        for place, lower in enumerate(order):
            for upper in order[place + 1 :]:
                overlap = distance - (found[upper] - found[lower])
                if overlap > 0 and abs(along[upper] - along[lower]) < width:
                    found[lower] -= overlap / 2
                    found[upper] += overlap / 2
    return found
