"""Speed of every candidate, with ratios to the controls of the same run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gaq.measure.ledger import Row
from gaq.report.numbers import significant
from gaq.report.panels import Panel, PlotTrace, Section, View, axis, decades, layout, numbers, safe
from gaq.report.speed_table import CONTROLS, by_candidate


@dataclass(frozen=True)
class Rung:
    """A candidate: its median time of a call with the 10th and 90th percentile, in ms, and its label."""

    label: str
    middle: float
    low: float
    high: float
    text: str


def ladder(rows: Sequence[Row]) -> Section | None:
    """Plot times of a call of every candidate, slowest first, with ratios to the controls of the same run."""
    rows = _timed(rows)
    groups = {key: group for key, group in by_candidate(rows).items() if _latency(group) is not None}
    if not groups:
        return None
    rungs = _rungs(groups)
    order = rungs[::-1]  # plotly.js starts at the bottom
    colours = ["@accent" if "native" in rung.label else "@faint" for rung in order]
    trace: PlotTrace = {
        "type": "scatter",
        "mode": "markers",
        "y": [safe(rung.label) for rung in order],
        "x": numbers([rung.middle for rung in order]),
        "error_x": {
            "array": numbers([rung.high - rung.middle for rung in order]),
            "arrayminus": numbers([rung.middle - rung.low for rung in order]),
            "symmetric": False,
            "color": "@faint",
            "thickness": 2,
            "width": 0,
        },
        "marker": {"color": colours, "size": 12},
        "hovertemplate": "%{y}: %{x:.3~g} ms<extra></extra>",
    }
    notes = [
        {
            "x": math.log10(rung.high),
            "y": safe(rung.label),
            "text": safe(rung.text),
            "showarrow": False,
            "xanchor": "left",
            "xshift": 9,
            "font": {"color": "@ink", "size": 12},
        }
        for rung in order
    ]
    scale = decades([end for rung in rungs for end in (rung.low, rung.high)], room=0.5)
    y = axis("", {"type": "category", "gridcolor": "@paper"})
    shape = layout("Time of a call", axis("milliseconds", scale), y, {"annotations": notes})
    description = "milliseconds a call: " + ", ".join(f"{rung.label} {significant(rung.middle)}" for rung in rungs)
    panel = Panel("Time of a call", (trace,), shape, description, 100 + 34 * len(rungs))
    caption = (
        "Medians, with the 10th and 90th percentile; energies and forces of one structure. Ratios are those measured "
        "in the same run as their control: eager PyTorch, compiled PyTorch, the native engine in float. The axis is "
        "logarithmic."
    )
    return Section("speed", "Speed", caption, (View("", (panel,), columns=1),))


def _rungs(groups: Mapping[tuple[str, str, str], Sequence[Row]]) -> list[Rung]:
    """Return candidates, slowest first; models are named if recipe and engine are not unique."""
    pairs = [(recipe, engine) for _, recipe, engine in groups]
    rungs = []
    for (model, recipe, engine), group in groups.items():
        row = _latency(group)
        if row is None:
            continue
        label = f"{recipe}, {engine}" if pairs.count((recipe, engine)) == 1 else f"{recipe}, {engine}, {model}"
        low, high = (row.value if end is None or not end > 0 else end for end in (row.p10, row.p90))
        ratios = (_ratio(group, name, heading) for name, heading in CONTROLS)
        text = "   ".join([f"{significant(row.value)} ms", *(ratio for ratio in ratios if ratio)][:2])
        rungs.append(Rung(label, row.value, min(low, row.value), max(high, row.value), text))
    return sorted(rungs, key=lambda rung: -rung.middle)


def _ratio(group: Sequence[Row], control: str, heading: str) -> str:
    found = [r for r in group if r.metric == "speedup" and r.control == control]
    return f"{significant(found[-1].value)}{heading}" if found else ""


def _timed(rows: Sequence[Row]) -> list[Row]:
    """Return times of `gaq bench`, which have percentiles, otherwise those of steps of dynamics."""
    times = [r for r in rows if r.metric == "latency_ms" and r.control is None]
    timed = [r for r in times if r.p10 is not None] or times
    return [*timed, *(r for r in rows if r.metric == "speedup")]


def _latency(group: Sequence[Row]) -> Row | None:
    """Return the last time of a candidate that a logarithmic axis can show."""
    found = [r for r in group if r.metric == "latency_ms" and r.value > 0 and math.isfinite(r.value)]
    return found[-1] if found else None
