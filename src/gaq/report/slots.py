"""Costs of the parts of a model: table and picture of `gaq sensitivity`, from rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from gaq.measure.ledger import Row, find
from gaq.report.numbers import significant, with_spread
from gaq.report.style import RESOLUTION, Style, dressed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PREFIX = "slots/"
ALL = "all"
NOTHING = "–"
MOST_DRAWN = 40
COLUMNS = (
    ("force_fidelity", "F RMSE\nmeV/Å", "Force", "root mean square error, meV/Å"),
    ("energy_fidelity", "E RMSE\nmeV", "Energy", "root mean square error, meV"),
    ("lee_mean", "LEE mean\nmeV/Å", "Symmetry", "mean LEE, meV/Å"),
    ("lee_max", "LEE max\nmeV/Å", "", ""),
    ("path_work", "path work\nmeV/Å", "Conservation", "work on closed paths, meV/Å"),
)
LEAST_DRAWN = 1e-4  # meV, meV/Å; the round-off of float32, where a logarithmic axis begins

Costs = dict[str, list[Row]]


def costs_by_part(rows: Sequence[Row]) -> Costs:
    """Return the rows of each part: all slots together, then the largest force error first; other rows are skipped."""
    found: Costs = {}
    for entry in rows:
        if entry.model.startswith(PREFIX) and entry.control is None:
            found.setdefault(entry.model.removeprefix(PREFIX), []).append(entry)
    return dict(sorted(found.items(), key=lambda item: (item[0] != ALL, -_force(item[1]))))


def cost_table(rows: Sequence[Row], title: str | None = None) -> Table:
    """Return one line per part, sorted by force error, without empty columns."""
    found = costs_by_part(rows)
    kept = [column for column in COLUMNS if any(find(group, column[0]) for group in found.values())]
    table = Table(title=title, title_justify="left", header_style="bold", box=box.SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("slots", overflow="fold")
    for _, heading, _, _ in kept:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, group in found.items():
        table.add_row(name, *(_cell(group, metric) for metric, _, _, _ in kept))
    return table


def floor_line(rows: Sequence[Row]) -> str:
    """Return the values of the float parent, a lower bound of any measurement; empty if not measured."""
    floor = {entry.metric: entry for entry in rows if entry.control == "fp32-floor"}
    figures = [f"{metric} {significant(floor[metric].value, 2)} {floor[metric].unit}" for metric in sorted(floor)]
    return f"float parent: {', '.join(figures)}" if figures else ""


def cost_figure(rows: Sequence[Row], title: str, style: Style) -> Figure:
    """Return a bar per part and measure on logarithmic axes, the forty most expensive parts."""
    from matplotlib.figure import Figure

    found = dict(list(costs_by_part(rows).items())[:MOST_DRAWN])
    panels = [
        (metric, heading, unit)
        for metric, _, heading, unit in COLUMNS
        if heading and any(find(group, metric) for group in found.values())
    ]
    with dressed(style):
        figure = Figure(figsize=(2.2 + 2.3 * len(panels), 1.2 + 0.22 * len(found)), dpi=RESOLUTION)
        axes = figure.subplots(1, len(panels), sharey=True, squeeze=False).ravel()
        for panel, (metric, heading, unit) in zip(axes, panels, strict=True):
            _bars(panel, [find(group, metric) for group in found.values()], style)
            panel.set_title(heading)
            panel.set_xlabel(unit)
        axes[0].set_yticks(range(len(found)), list(found))
        axes[0].set_ylim(len(found) - 0.4, -0.6)
        figure.suptitle(title, fontsize=10)
    return figure


def _bars(axes: Axes, entries: Sequence[Row | None], style: Style) -> None:
    from matplotlib.ticker import NullFormatter

    axes.set_xscale("log")
    for index, entry in enumerate(entries):
        if entry is None or not math.isfinite(entry.value):
            continue
        value = max(entry.value, LEAST_DRAWN)
        colour = style.ink if index == 0 else style.colour("frame-w4a8")
        axes.plot([LEAST_DRAWN, value], [index, index], color=colour, linewidth=5.0, solid_capstyle="butt")
    axes.set_xlim(left=LEAST_DRAWN)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="y", length=0, labelcolor=style.ink)
    axes.grid(axis="y", visible=False)


def _cell(group: Sequence[Row], metric: str) -> str:
    entry = find(group, metric)
    return NOTHING if entry is None else with_spread(entry.value, entry.std_error)


def _force(group: Sequence[Row]) -> float:
    entry = find(group, "force_fidelity")
    return entry.value if entry is not None and math.isfinite(entry.value) else math.inf
