"""Common style of pictures, light and dark, with colours safe for the colour-blind."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gaq.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESOLUTION = 160  # dots per inch


@dataclass(frozen=True)
class Style:
    """Colours of one theme. `known` are fixed colours of common recipes."""

    name: str
    paper: str
    ink: str
    faint: str  # axes, labels of ticks
    grid: str
    known: tuple[tuple[str, str], ...]
    others: tuple[str, ...]

    def colour(self, name: str, index: int = 0) -> str:
        """Return the colour of a recipe, the same in all pictures; `index` chooses one for unknown recipes."""
        return dict(self.known).get(name, self.others[index % len(self.others)])


# Hues of Okabe and Ito, https://jfly.uni-koeln.de/color/, darkened on white and lightened on black.
LIGHT = Style(
    name="light",
    paper="#ffffff",
    ink="#1f2328",
    faint="#656d76",
    grid="#e4e7eb",
    known=(
        ("fp32", "#1f2328"),
        ("fp32-control", "#7d8590"),
        ("naive-int8", "#b0400f"),
        ("gaq-w4a8", "#bf8400"),
        ("frame-w4a8", "#0a6eb4"),
        ("w4", "#00805c"),
    ),
    others=("#a8508a", "#3f93c9", "#8a6d3b", "#5b5bd6"),
)
DARK = Style(
    name="dark",
    paper="#14171c",
    ink="#e6e9ed",
    faint="#98a1ac",
    grid="#2a3038",
    known=(
        ("fp32", "#e6e9ed"),
        ("fp32-control", "#8b949e"),
        ("naive-int8", "#f08354"),
        ("gaq-w4a8", "#e9b13b"),
        ("frame-w4a8", "#62b5ee"),
        ("w4", "#37c493"),
    ),
    others=("#d88fbd", "#7cc4ea", "#c3a770", "#9d9df0"),
)
STYLES = (LIGHT, DARK)


@contextmanager
def dressed(style: Style) -> Iterator[None]:
    """Apply Matplotlib's settings within the block."""
    import matplotlib

    settings: dict[str, Any] = {
        "figure.facecolor": style.paper,
        "savefig.facecolor": style.paper,
        "axes.facecolor": style.paper,
        "axes.edgecolor": style.faint,
        "axes.labelcolor": style.ink,
        "axes.titlecolor": style.ink,
        "axes.titlelocation": "left",
        "axes.titlesize": 10,
        "axes.titleweight": "bold",
        "axes.titlepad": 8,
        "axes.labelsize": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.8,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": style.grid,
        "grid.linewidth": 0.7,
        "xtick.color": style.faint,
        "ytick.color": style.faint,
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 8.5,
        "xtick.minor.visible": False,
        "ytick.minor.visible": False,
        "text.color": style.ink,
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "lines.linewidth": 1.5,
        "lines.solid_capstyle": "round",
        "legend.frameon": False,
        "legend.fontsize": 8.5,
        "figure.constrained_layout.use": True,
    }
    with matplotlib.rc_context(settings):
        yield


def png(figure: Figure) -> bytes:
    """Return the picture as PNG bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    stream = io.BytesIO()
    FigureCanvasAgg(figure).print_png(stream, metadata={"Software": "gaq"})
    return stream.getvalue()


def write_png(path: Path, figure: Figure) -> None:
    """Write the picture to a file."""
    picture = png(figure)
    write_atomically(path, lambda temporary: temporary.write_bytes(picture))
