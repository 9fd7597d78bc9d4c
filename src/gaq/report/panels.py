"""Plots as plain data for plotly.js: panels side by side, with named colours.

A colour is `@ink`, `@faint`, `@grid`, `@paper`, `@accent`, or `@0`, `@1`, … of the palette; page.js replaces it by
that of the reader's theme, or of paper for printing.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from gaq.report.style import DARK, LIGHT, Style

PlotTrace = dict[str, Any]
ACCENT = ("#0a6eb4", "#62b5ee")


@dataclass(frozen=True)
class Panel:
    """One plot: traces and layout of plotly, a text for screen readers, its least width in pixels."""

    title: str
    traces: tuple[PlotTrace, ...]
    layout: dict[str, Any]
    description: str
    height: int = 260

    def plain(self) -> dict[str, Any]:
        """Return JSON."""
        return {"traces": [plain(t) for t in self.traces], "layout": plain(self.layout), "height": self.height}


@dataclass(frozen=True)
class View:
    """Panels that are shown together; a section with several views has a switch."""

    name: str
    panels: tuple[Panel, ...]
    columns: int = 3  # the largest number


@dataclass(frozen=True)
class Section:
    """A heading, a caption, and the views."""

    key: str
    title: str
    caption: str
    views: tuple[View, ...] = field(default=())


class Palette:
    """A colour for each name, the same in all plots; known recipes have fixed ones."""

    def __init__(self, names: Iterable[str]) -> None:
        self._known = {name: index for index, (name, _) in enumerate(LIGHT.known)}
        self._others = list(dict.fromkeys(n for n in names if self._recipe(n) is None))

    def of(self, name: str) -> str:
        """Return the name of its colour."""
        recipe = self._recipe(name)
        if recipe is not None:
            return f"@{self._known[recipe]}"
        place = self._others.index(name) if name in self._others else 0
        return f"@{len(self._known) + place % len(LIGHT.others)}"

    def _recipe(self, name: str) -> str | None:
        """Return the longest known recipe in a name."""
        inside = [recipe for recipe in self._known if recipe in name]
        return max(inside, key=len) if inside else None


def theme(style: Style) -> dict[str, Any]:
    """Return the colours of a theme, for page.js."""
    accent = ACCENT[0] if style.name == "light" else ACCENT[1]
    colours = [colour for _, colour in style.known] + list(style.others)
    named = {"paper": style.paper, "ink": style.ink, "faint": style.faint, "grid": style.grid, "accent": accent}
    return named | {str(index): colour for index, colour in enumerate(colours)}


def themes() -> dict[str, Any]:
    """Return both themes."""
    return {"light": theme(LIGHT), "dark": theme(DARK)}


def axis(title: str, settings: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """Return an axis in the common style; `settings` of plotly change it."""
    return {
        "title": {"text": safe(title), "standoff": 8},
        "gridcolor": "@grid",
        "linecolor": "@faint",
        "zeroline": False,
        "automargin": True,
        "fixedrange": False,
        **settings,
    }


def layout(
    title: str, x: dict[str, Any], y: dict[str, Any], settings: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    """Return the layout common to all panels; `settings` of plotly change it."""
    return {
        "title": {"text": safe(title), "x": 0, "xref": "container", "xanchor": "left", "y": 1, "yanchor": "top"},
        "margin": {"l": 8, "r": 14, "t": 34, "b": 8},
        "paper_bgcolor": "@paper",
        "plot_bgcolor": "@paper",
        "showlegend": False,
        "hovermode": "closest",
        "xaxis": x,
        "yaxis": y,
        **settings,
    }


def decades(values: Iterable[float], room: float = 0.0) -> dict[str, Any]:
    """Return a logarithmic axis over integer decades with some labels; `room` is added to the right, as a share."""
    positive = [v for v in values if v > 0 and math.isfinite(v)]
    low, high = (math.log10(f(positive)) for f in (min, max)) if positive else (0.0, 1.0)
    first, last = math.floor(low), max(math.ceil(high), math.floor(low) + 1)
    step = max(1, math.ceil((last - first) / 5))
    ticks = list(range(first, last + 1, step))
    end = max(high, first + 0.5) + max(room, 0.04) * (last - first)
    return {
        "type": "log",
        "range": [first - 0.08 * (last - first) / 4, end],
        "tickvals": [10.0**d for d in ticks],
        "ticktext": [_power(d) if min(ticks) < -3 or max(ticks) > 3 else f"{10.0**d:g}" for d in ticks],
    }


def numbers(values: np.ndarray | Sequence[float], digits: int = 5) -> list[float | None]:
    """Return numbers for JSON with so many digits; null for NaN and infinity."""
    return [float(f"{v:.{digits}g}") if math.isfinite(v) else None for v in np.asarray(values, dtype=float).tolist()]


def safe(text: str) -> str:
    """Escape the HTML that plotly.js interprets in names."""
    return html.escape(text, quote=False)


def plain(value: Any) -> Any:
    """Replace numbers that JSON lacks."""
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _power(decade: int) -> str:
    return f"10<sup>{decade}</sup>".replace("-", "−") if decade else "1"
