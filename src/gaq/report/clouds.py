"""Parity plots: predictions against the reference, force components and energies, a panel for each model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gaq.measure.predictions import Predictions
from gaq.report.numbers import significant
from gaq.report.panels import Palette, Panel, PlotTrace, Section, View, axis, layout, numbers, safe
from gaq.report.thin import sampled
from gaq.units import MEV

MOST_POINTS = 1200  # per panel
HEIGHT = 250


def parity(kept: Sequence[Predictions], palette: Palette) -> Section | None:
    """Plot forces, their errors, and energies, with a switch."""
    if not kept:
        return None
    names = names_of(kept)
    pairs = {n: _finite(p.forces, p.forces_found) for n, p in zip(names, kept, strict=True)}
    energies = {n: _energies(p) for n, p in zip(names, kept, strict=True)}
    views = []
    if any(len(x) for x, _ in pairs.values()):
        views.append(View("Forces", _diagonal(pairs, palette, "force component", "eV/Å", "meV/Å")))
        views.append(View("Force errors", _errors(pairs, palette)))
    if any(len(x) for x, _ in energies.values()):
        views.append(View("Energies", _diagonal(energies, palette, "energy per atom", "eV", "meV")))
    if not views:
        return None
    points = max(len(x) for x, _ in pairs.values())
    shown = (
        f" Of {points} components of each model, {MOST_POINTS} are drawn, the farthest off among them."
        if points > MOST_POINTS
        else ""
    )
    caption = (
        f"Each dot is a component of the force on an atom, or the energy of a frame less the mean over all frames, "
        f"on {', '.join(dict.fromkeys(p.data for p in kept))}. On the line model and reference agree.{shown}"
    )
    return Section("parity", "Predicted against reference", caption, tuple(views))


def names_of(kept: Sequence[Predictions]) -> list[str]:
    """Return the recipe of each, with model and data if recipes are not unique."""
    for parts in (("recipe",), ("model",), ("model", "engine"), ("model", "engine", "data")):
        names = [", ".join(str(getattr(p, part)) for part in parts) for p in kept]
        if len(set(names)) == len(names):
            return names
    return [f"{name} ({number})" for number, name in enumerate(names, start=1)]


def _diagonal(
    pairs: dict[str, tuple[np.ndarray, np.ndarray]], palette: Palette, what: str, unit: str, small: str
) -> tuple[Panel, ...]:
    """Plot predicted against reference, on one scale."""
    everything = np.concatenate([np.concatenate(pair) for pair in pairs.values()])
    low, high = (float(f(everything)) for f in (np.min, np.max))
    room = 0.04 * max(high - low, 1e-6)
    ends = [low - room, high + room]
    panels = []
    for index, (name, (x, y)) in enumerate(pairs.items()):
        line: PlotTrace = {"type": "scatter", "mode": "lines", "x": ends, "y": ends, "hoverinfo": "skip"}
        line["line"] = {"color": "@faint", "width": 1}
        error = _error(x, y)
        shape = layout(
            name,
            axis(f"reference, {unit}", {"range": ends}),
            axis(f"predicted, {unit}", {"range": ends}),
            {"annotations": [_note(f"MAE {error} {small}")]},
        )
        description = (
            f"{name}: predicted against reference {what}, mean absolute error {error} {small}, {len(x)} points"
        )
        panels.append(Panel(name, (line, _dots(x, y, palette.of(name), index)), shape, description, HEIGHT))
    return tuple(panels)


def _errors(pairs: dict[str, tuple[np.ndarray, np.ndarray]], palette: Palette) -> tuple[Panel, ...]:
    """Plot errors against reference, on one scale that excludes the largest half per cent."""
    errors = {name: (y - x) / MEV for name, (x, y) in pairs.items()}
    reach = 1.15 * max((float(np.percentile(np.abs(e), 99.5)) for e in errors.values() if len(e)), default=1.0)
    panels = []
    for index, (name, (x, y)) in enumerate(pairs.items()):
        error = _error(x, y)
        shape = layout(
            name,
            axis("reference, eV/Å"),
            axis("error, meV/Å", {"range": [-reach, reach], "zeroline": True, "zerolinecolor": "@faint"}),
            {"annotations": [_note(f"MAE {error} meV/Å")]},
        )
        description = f"{name}: errors of force components against their reference, mean absolute error {error} meV/Å"
        kept = sampled(x, y, MOST_POINTS)
        trace = _dots(x[kept], errors[name][kept], palette.of(name), index)
        panels.append(Panel(name, (trace,), shape, description, HEIGHT))
    return tuple(panels)


def _dots(x: np.ndarray, y: np.ndarray, colour: str, seed: int) -> PlotTrace:
    kept = sampled(x, y, MOST_POINTS, seed)
    return {
        "type": "scatter",
        "mode": "markers",
        "x": numbers(x[kept], 4),
        "y": numbers(y[kept], 4),
        "marker": {"color": colour, "size": 4, "opacity": 0.5, "line": {"width": 0}},
        "hovertemplate": "%{x:.4~g} → %{y:.4~g}<extra></extra>",
    }


def _note(text: str) -> dict[str, object]:
    font = {"color": "@ink", "size": 12}
    place = {"xref": "paper", "yref": "paper", "x": 0.02, "y": 0.99, "xanchor": "left", "yanchor": "top"}
    return place | {"text": safe(text), "showarrow": False, "font": font, "bgcolor": "@paper"}


def _energies(p: Predictions) -> tuple[np.ndarray, np.ndarray]:
    """Return energies per atom minus the mean of the labels, because totals are large and differences small."""
    atoms = np.maximum(p.atoms, 1)
    x, y = _finite(p.energy / atoms, p.energy_found / atoms)
    middle = float(np.mean(x)) if len(x) else 0.0
    return x - middle, y - middle


def _finite(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    known = np.isfinite(x) & np.isfinite(y)
    return x[known].astype(float), y[known].astype(float)


def _error(x: np.ndarray, y: np.ndarray) -> str:
    return significant(float(np.mean(np.abs(y - x))) / MEV) if len(x) else "–"
