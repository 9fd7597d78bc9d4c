"""Energies along runs: a strip for each, all on one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gaq.report.numbers import significant
from gaq.report.panels import Palette, Panel, Section, View, axis, layout, numbers
from gaq.report.series import RunSeries
from gaq.report.thin import thinned

MOST_RECORDS = 900


def energies(runs: Sequence[RunSeries], atoms: Mapping[str, int], palette: Palette) -> Section | None:
    """Plot the conserved energy of each run, per atom if all of them give their number of atoms."""
    drawn = [run for run in runs if np.isfinite(run.change).any()]
    if not drawn:
        return None
    known = all(run.name in atoms for run in drawn)
    unit = "meV per atom" if known else "meV, all atoms"
    changes = {run.name: run.change / (atoms[run.name] if known else 1) for run in drawn}
    low, high = (float(f([f(c[np.isfinite(c)]) for c in changes.values()])) for f in (np.min, np.max))
    room = 0.08 * max(high - low, 1e-6)
    last = max(float(run.time[-1]) for run in drawn)
    per, time = (1000.0, "ps") if last >= 1000 else (1.0, "fs")
    panels = []
    for run in drawn:
        change = changes[run.name]
        kept = thinned(change, MOST_RECORDS)
        finite = change[np.isfinite(change)]
        spread, end = significant(float(np.std(finite)), 2), significant(float(finite[-1]), 2)
        title = f"{run.name}{' (thermostat)' if run.thermostat else ''}: std {spread}, end {end}"
        trace = {
            "type": "scatter",
            "mode": "lines" if len(kept) > 1 else "markers",
            "x": numbers(run.time[kept] / per),
            "y": numbers(change[kept]),
            "line": {"color": palette.of(run.name), "width": 1.2},
            "hovertemplate": f"%{{x:.4~g}} {time}: %{{y:.3~g}} {unit}<extra></extra>",
        }
        x = axis(f"time, {time}", {"range": [0, max(last / per, 1e-9)]})
        y = axis(unit, {"range": [low - room, high + room], "zeroline": True, "zerolinecolor": "@faint", "nticks": 5})
        description = (
            f"{run.name}: change of the conserved energy over {significant(last / per)} {time}, {unit}: standard "
        )
        description += f"deviation {spread}, at the end {end}"
        panels.append(Panel(title, (trace,), layout(title, x, y), description, 190))
    records = max(len(run.time) for run in drawn)
    thin = f" Of {records} records the lowest and highest of every stretch are drawn." if records > MOST_RECORDS else ""
    caption = (
        "Total energy, less what a thermostat gave, as its change since the start; one scale for all. Integration "
        "alone makes it flutter; what goes up or down for good comes from forces that are not the slope of an energy."
        + thin
    )
    return Section("energy", "Energy along the runs", caption, (View("", tuple(panels), columns=2),))
