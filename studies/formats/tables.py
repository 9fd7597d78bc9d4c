"""Table and picture of number formats."""

from __future__ import annotations

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.common.markdown import markdown
from benchmarks.common.places import rows_of
from benchmarks.render.pictures import EXACT, FLOAT
from gaq.files import write_atomically
from gaq.measure.ledger import Row
from gaq.report.numbers import significant, with_spread

NOTHING = "–"
# Bits of a weight, and of what it is multiplied with.
BITS = {
    "fp32": (32, 32),
    "tf32": (19, 19),
    "bf16": (16, 16),
    "w8a16": (8, 16),
    "mixed-w4a16": (5.4, 16),
    "w4a16": (4.5, 16),
    "frame-w8a8": (8, 8),
    "frame-w4a8": (4.5, 8),
}


def formats() -> str:
    """Return bits, errors and times."""
    rows = rows_of("formats")
    head = ["products", "bits of weights, features", "F RMSE to FP32 meV/Å", "F MAE meV/Å", "ms", "× our fp32"]
    return markdown(head, [_line(name, rows) for name in BITS])


def _line(name: str, rows: list[Row]) -> list[str]:
    mine = {row.metric: row for row in rows if row.recipe == name}
    change, error, time, ratio = (mine.get(m) for m in ("force_fidelity", "force_mae", "latency_ms", "speedup"))
    weights, features = BITS[name]
    line = [name, f"{weights:g}, {features:g}"]
    line.append("0" if name == "fp32" else _said(change))
    return [*line, _said(error), significant(time.value, 3) if time else NOTHING, _ratio(ratio)]


def _said(row: Row | None) -> str:
    return with_spread(row.value, row.std_error) if row else NOTHING


def _ratio(row: Row | None) -> str:
    return significant(row.value, 3) if row else NOTHING


def draw(path: Path) -> None:
    """Draw change of forces against time; formats without a time in the engine are marks on the axis."""
    rows = rows_of("formats")
    found = {(row.recipe, row.metric): row.value for row in rows}
    figure = Figure(figsize=(7.0, 4.2), layout="constrained")
    axes = figure.add_subplot()
    axes.set_yscale("log")
    for name, (weights, _) in BITS.items():
        change, time = found.get((name, "force_fidelity")), found.get((name, "latency_ms"))
        if change is None or name == "fp32":
            continue
        if time is None:
            axes.axhline(change, color=FLOAT, linewidth=0.8, linestyle=":")
            axes.annotate(name, (0.01, change), xycoords=("axes fraction", "data"), ha="left", va="bottom")
        else:
            axes.scatter([time], [change], s=12 * weights + 20, color=EXACT, zorder=3)
            axes.annotate(f"{name}, {weights:g} bits", (time, change), xytext=(7, 4), textcoords="offset points")
    time = found.get(("fp32", "latency_ms"))
    if time is not None:
        axes.axvline(time, color=FLOAT, linewidth=0.8)
        axes.annotate(
            "fp32", (time, 0.5), xycoords=("data", "axes fraction"), xytext=(4, 0), textcoords="offset points"
        )
    axes.margins(0.08, 0.15)
    axes.set_xlabel("ms per evaluation, one core")
    axes.set_ylabel("rms change of forces, meV/Å")
    axes.spines[["top", "right"]].set_visible(False)
    canvas = FigureCanvasAgg(figure)
    write_atomically(path, lambda temporary: canvas.print_png(str(temporary)))
