"""Plots of rows: costs of recipes, sensitivity of slots, learning curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from gaq.measure.ledger import Row, find
from gaq.report.numbers import significant
from gaq.report.panels import Palette, Panel, PlotTrace, Section, View, axis, decades, layout, numbers, safe
from gaq.report.series import Curve
from gaq.report.thin import thinned

EXACT = 1e-13  # smaller values are drawn here, at the left edge of a logarithmic axis
MOST_EPOCHS = 600
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x", "star")
SLOTS = "slots/"  # prefix of models in rows about one kind of slot


def costs(models: Mapping[str, Sequence[Row]], palette: Palette) -> Section | None:
    """Plot force error, symmetry error, torque and path work of each model."""
    asked = (
        ("force_mae", "", "Force error", "mean absolute error, meV/Å", False),
        ("lee_mean", "lee_max", "Symmetry error (LEE)", "mean to largest, meV/Å", True),
        ("net_torque", "", "Net torque", "mean, meV", True),
        ("path_work", "", "Energy made or lost", "work on closed paths, meV/Å", True),
    )
    panels = []
    for metric, top, title, unit, logarithmic in asked:
        values = {n: r for n, rows in models.items() if (r := find(rows, metric)) and math.isfinite(r.value)}
        if values:
            tops = {n: r for n in values if top and (r := find(models[n], top)) and math.isfinite(r.value)}
            panels.append(_dots(title, unit, values, tops, palette, logarithmic))
    if not panels:
        return None
    caption = (
        "LEE, the local equivariance error, is how far the forces on a turned molecule are from the turned forces. A "
        "torque on a free molecule, or work on a closed path, is energy that comes from nowhere. Lines are standard "
        "errors; for LEE they reach to the largest error. Axes are logarithmic but for that of the force error."
    )
    return Section("costs", "What each recipe costs", caption, (View("", tuple(panels), columns=2),))


def learning(curves: Sequence[Curve], palette: Palette) -> Section | None:
    """Plot validation errors against epochs."""
    kinds = (
        ("Forces", "force_mae", "validation force MAE, meV/Å"),
        ("Energies", "energy_mae", "validation energy MAE, meV"),
    )
    views = []
    for name, attribute, title in kinds:
        traces: list[PlotTrace] = []
        drawn: list[float] = []
        for curve in curves:
            values = getattr(curve, attribute)
            if not np.isfinite(values).any():
                continue
            kept = thinned(values, MOST_EPOCHS)
            drawn += values[np.isfinite(values)].tolist()
            alone = "lines+markers" if len(kept) < 3 else "lines"
            traces.append(
                {
                    "type": "scatter",
                    "mode": alone,
                    "name": safe(curve.name),
                    "x": numbers(curve.epoch[kept]),
                    "y": numbers(values[kept]),
                    "line": {"color": palette.of(curve.name), "width": 2},
                    "marker": {"color": palette.of(curve.name), "size": 7},
                    "hovertemplate": "%{y:.3~g} after %{x} epochs<extra>%{fullData.name}</extra>",
                }
            )
        if traces:
            style = {"showlegend": True, "hovermode": "x unified", "legend": LEGEND}
            y = axis("", {"type": "log"} | _plain_ticks(drawn))
            ends = ", ".join(f"{c.name} {significant(float(getattr(c, attribute)[-1]))}" for c in curves)
            description = f"{title} against epochs; last values: {ends}"
            views.append(
                View(name, (Panel(title, tuple(traces), layout(title, axis("epoch"), y, style), description, 380),), 1)
            )
    if not views:
        return None
    return Section("learning", "Learning", "Errors on validation frames after each epoch.", tuple(views))


def sensitivity(rows: Sequence[Row]) -> Section | None:
    """Plot the force error of quantizing each kind of slot alone."""
    found = {r.model.removeprefix(SLOTS): r for r in rows if r.metric == "force_fidelity" and _is_slot(r)}
    kept = {name: r for name, r in found.items() if math.isfinite(r.value)}
    if not kept:
        return None
    names = sorted(kept, key=lambda name: kept[name].value)
    trace: PlotTrace = {
        "type": "bar",
        "orientation": "h",
        "y": [safe(name) for name in names],
        "x": numbers([kept[name].value for name in names]),
        "error_x": {
            "array": numbers([kept[n].std_error or 0.0 for n in names]),
            "color": "@ink",
            "thickness": 1,
            "width": 0,
        },
        "marker": {"color": ["@faint" if name == "all" else "@accent" for name in names]},
        "text": [f" {significant(kept[name].value)}" for name in names],
        "textposition": "outside",
        "textfont": {"color": "@ink"},
        "cliponaxis": False,
        "hovertemplate": "%{y}: %{x:.3~g} meV/Å<extra></extra>",
    }
    unit = "force RMSE against the float parent, meV/Å"
    title = f"Quantized alone, {next(iter(kept.values())).recipe}"
    reach = 1.16 * max(kept[name].value for name in names)
    shape = layout(title, axis(unit, {"range": [0, reach]}), axis("", {"gridcolor": "@paper"}))
    description = f"{unit}: " + ", ".join(f"{n} {significant(kept[n].value)}" for n in reversed(names))
    panel = Panel(title, (trace,), shape, description, 90 + 26 * len(names))
    caption = "Each bar is the error when one kind of slot is quantized and all others stay in float."
    return Section("sensitivity", "Sensitivity of the slots", caption, (View("", (panel,), columns=1),))


LEGEND = {"orientation": "h", "x": 0, "xanchor": "left", "y": -0.18, "yanchor": "top"}


def _is_slot(row: Row) -> bool:
    return row.model.startswith(SLOTS) and row.control is None


def _dots(
    title: str,
    unit: str,
    values: Mapping[str, Row],
    tops: Mapping[str, Row],
    palette: Palette,
    logarithmic: bool,
) -> Panel:
    """Return a mark for each model, a line to its largest value or as long as its standard error, and its number."""

    def place(value: float) -> float:
        return max(abs(value), EXACT) if logarithmic else value

    traces: list[PlotTrace] = []
    notes = []
    reach: list[float] = []
    for index, (name, row) in enumerate(values.items()):
        at, text = place(row.value), significant(row.value, 2 if logarithmic else 3)
        line = [at, at]
        if name in tops:
            line, text = [at, place(tops[name].value)], f"{text} / {significant(tops[name].value, 2)}"
        elif row.std_error:
            line = [place(max(row.value - row.std_error, at * 0.1)), place(row.value + row.std_error)]
        reach += [at, *line]
        colour = palette.of(name)
        lined = {"color": colour, "width": 2.5}
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": numbers(line),
                "y": [safe(name)] * 2,
                "line": lined,
                "hoverinfo": "skip",
            }
        )
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": numbers([at]),
                "y": [safe(name)],
                "marker": {"color": colour, "size": 10, "symbol": SYMBOLS[index % len(SYMBOLS)]},
                "hovertemplate": f"{safe(name)}: {safe(text)}<extra></extra>",
            }
        )
        notes.append(
            {
                "x": math.log10(line[1]) if logarithmic else line[1],
                "y": safe(name),
                "text": safe(text),
                "xanchor": "left",
                "xshift": 8,
                "showarrow": False,
                "font": {"color": "@ink", "size": 12},
            }
        )
    x = axis(unit, decades(reach, room=0.42) if logarithmic else {"range": [0, 1.28 * max(reach)]})
    y = axis("", {"autorange": "reversed", "type": "category", "gridcolor": "@paper"})
    description = f"{title}, {unit}: " + ", ".join(f"{n} {significant(r.value)}" for n, r in values.items())
    return Panel(title, tuple(traces), layout(title, x, y, {"annotations": notes}), description, 88 + 30 * len(values))


def _plain_ticks(values: Sequence[float]) -> dict[str, object]:
    """Return ticks at 1, 2, 5 of each decade, written as plain numbers."""
    positive = [v for v in values if v > 0]
    if not positive:
        return {}
    low, high = min(positive), max(positive)
    span = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if len(span) <= 4 else (1,)
    ticks = [m * 10.0**d for d in span for m in steps]
    return {"tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]}
