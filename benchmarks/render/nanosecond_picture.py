"""Picture of the drift over a nanosecond."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gaq.files import write_atomically
from gaq.measure.ledger import Row, find
from gaq.quant.recommended import RECOMMENDED

OURS, OTHERS, CHOSEN = "#0072b2", "#555555", "#d55e00"
PUBLISHED = {"gaq-w4a8", "naive-int8"}
CLAIMED = 0.15  # meV/atom/ps, arXiv 2603.05343
LEAST = 3e-6  # meV/atom/ps, left edge


def drifts(rows: Sequence[Row], path: Path) -> None:
    """Draw |drift|; a cross marks a broken molecule."""
    found = {recipe: _of(rows, recipe) for recipe in dict.fromkeys(row.recipe for row in rows)}
    known = {recipe: row for recipe, row in found.items() if row is not None}
    order = sorted(known, key=lambda recipe: -abs(known[recipe].value))
    figure = Figure(figsize=(8.2, 0.7 + 0.36 * len(order)), dpi=160, layout="constrained")
    axes = figure.subplots()
    for place, recipe in enumerate(order):
        _mark(axes, place, recipe, known[recipe], find([r for r in rows if r.recipe == recipe], "stability"))
    axes.axvline(CLAIMED, color="#999999", linestyle=":", linewidth=1.2)
    axes.annotate(
        "published for W4A8", (CLAIMED, len(order) - 1), xytext=(4, 0), textcoords="offset points", fontsize=8
    )
    axes.set_xscale("log")
    axes.set_xlim(LEAST, 3)
    axes.set_yticks(range(len(order)), [_named(recipe) for recipe in order])
    axes.set_xlabel("|drift| of the total energy over 1 ns of azobenzene, meV/atom/ps")
    axes.grid(axis="x", alpha=0.25)
    write_atomically(path, lambda temporary: FigureCanvasAgg(figure).print_png(str(temporary)))


def _of(rows: Sequence[Row], recipe: str) -> Row | None:
    return find([row for row in rows if row.recipe == recipe and row.data == "nve"], "drift")


def _mark(axes: Axes, place: int, recipe: str, drift: Row, stability: Row | None) -> None:
    short = recipe.partition("/")[0]
    colour = CHOSEN if short.partition("+")[0] == RECOMMENDED else OTHERS if short in PUBLISHED else OURS
    value, error = abs(drift.value), drift.std_error or 0.0
    axes.plot([max(LEAST, value - error), value + error], [place, place], color=colour, linewidth=1.6)
    fell = stability is not None and stability.passed is False
    axes.plot([value], [place], "X" if fell else "o", color=colour, markersize=7)
    if fell:
        axes.annotate(
            f"fell apart at {stability.value * 5e-4:.0f} ps",
            (value, place),
            xytext=(-8, 6),
            fontsize=8,
            textcoords="offset points",
            ha="right",
        )


def _named(recipe: str) -> str:
    short = recipe.partition("/")[0]
    return f"{short} (recommended)" if short.partition("+")[0] == RECOMMENDED else short
