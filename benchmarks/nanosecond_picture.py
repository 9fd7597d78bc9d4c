"""The picture of nanosecond.py: total energies over a nanosecond, on the scale on which each can be seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gaq.files import write_atomically

COLOURS = {
    "fp32": "#555555",
    "w4": "#009e73",
    "w4a16": "#0072b2",
    "mixed": "#56b4e9",
    "frame-w4a8": "#e69f00",
    "frame-w4a8-b16": "#f0c75e",
    "gaq-w4a8": "#d55e00",
    "naive-int8": "#cc79a7",
}
CLAIMED = 0.15  # meV/atom/ps, of W4A8 in arXiv 2603.05343
POINTS = 1000  # means over as many pieces: what Verlet's own oscillation leaves out is not seen at this scale
NEAR, FAR = (-0.3, 0.3), (-5.0, 40.0)  # meV/atom


def energy_traces(out: Path, modes: Sequence[str], path: Path) -> None:
    """Two panels: the modes that stay near on their own scale, and all of them with the drift that the paper claims."""
    traces = {mode: _trace(out / f"nve-{mode}.log") for mode in modes if (out / f"nve-{mode}.log").exists()}
    figure = Figure(figsize=(8.2, 6.2), dpi=160, layout="constrained")
    near, far = figure.subplots(2, 1, sharex=True)
    _panel(near, {mode: trace for mode, trace in traces.items() if np.abs(trace[1]).max() < NEAR[1]}, NEAR)
    _panel(far, traces, FAR)
    far.plot([0, 1000], [0, 1000 * CLAIMED], color="#999999", linestyle=":", linewidth=1.2, label="published for W4A8")
    far.set_xlabel("time, ps")
    figure.legend(*far.get_legend_handles_labels(), loc="outside upper center", ncols=5, fontsize=8.5, frameon=False)
    write_atomically(path, lambda temporary: FigureCanvasAgg(figure).print_png(str(temporary)))


def _panel(axes: Axes, traces: dict[str, tuple[np.ndarray, np.ndarray]], limits: tuple[float, float]) -> None:
    for mode, (time, energy) in traces.items():
        axes.plot(time, energy, color=COLOURS[mode], linewidth=1.1, label=mode)
        if len(time) < POINTS:
            axes.plot(time[-1:], energy[-1:], "x", color=COLOURS[mode])  # where it became unstable
    axes.set_ylim(*limits)
    axes.set_xlim(0, 1000)
    axes.set_ylabel("change of total energy,\nmeV/atom")
    axes.grid(alpha=0.25)


def _trace(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Time in ps and change of the total energy in meV per atom of azobenzene, averaged over pieces."""
    table = np.loadtxt(path)
    pieces = min(POINTS, len(table))
    time, energy = (
        np.array([part.mean() for part in np.array_split(column, pieces)])
        for column in (table[:, 1] / 1000, (table[:, 2] + table[:, 3]) * 1000 / 24)
    )
    return time, energy - energy[0]
