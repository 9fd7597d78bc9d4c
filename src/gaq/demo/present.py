"""From the files of a demo to its pictures and its page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gaq.demo.folder import CURVE, PAGE, ROWS, SERIES
from gaq.demo.plan import CONTENDERS, Plan
from gaq.demo.workers import Tell
from gaq.files import write_atomically
from gaq.measure.ledger import Row, read_rows
from gaq.report.figures import costs, energy, learning, parity, symmetry
from gaq.report.page import Picture, Text, page
from gaq.report.series import Curve, Series, read_curve, read_series
from gaq.report.style import DARK, LIGHT, Style, png

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Found:
    """What the contenders left, in the order of the table."""

    rows: tuple[Row, ...]
    curves: tuple[Curve, ...]
    series: tuple[Series, ...]


@dataclass(frozen=True)
class Drawing:
    """A picture to be made: the name of its file, how it is drawn, what stands above and below it."""

    name: str
    draw: Callable[[Found, Style], Figure]
    title: str
    caption: str


DRAWINGS = (
    Drawing(
        "costs",
        lambda found, style: costs(found.rows, style),
        "What each recipe costs",
        "Errors on the test frames, with standard errors. The two axes on the right are logarithmic.",
    ),
    Drawing(
        "symmetry",
        lambda found, style: symmetry(found.rows, style),
        "Symmetry",
        "The local equivariance error: how far the forces on a turned molecule are from the turned forces. "
        "For fp32 it is the rounding of 32-bit numbers.",
    ),
    Drawing(
        "learning",
        lambda found, style: learning(found.curves, style),
        "Learning",
        "Validation errors. Behind the dotted line each recipe goes on from the float model; vectors are "
        "quantized after a warm-up.",
    ),
    Drawing(
        "parity",
        lambda found, style: parity(found.series, style),
        "Force errors",
        "Each dot is a component of the force on an atom of a test frame: its error against the reference.",
    ),
    Drawing(
        "energy",
        lambda found, style: energy(found.series, style),
        "Energy conservation",
        "Velocity Verlet through ASE, all from the same start. Integration alone makes the energy flutter a "
        "little; more than that comes from forces that are not the slope of the energy. A run this short "
        "shows the coarse cases only.",
    ),
)


def collect(out: Path, plan: Plan) -> Found:
    """Rows, learning curves and series of all contenders that have them."""
    rows: list[Row] = []
    curves: list[Curve] = []
    series: list[Series] = []
    for contender in CONTENDERS:
        folder = out / contender.name
        if not (folder / ROWS).exists():
            continue
        rows += read_rows(folder / ROWS)
        series.append(read_series(folder / SERIES))
        if (folder / CURVE).exists():
            after = plan.epochs if contender.trained else 0
            curves.append(read_curve(folder / CURVE, contender.name, after))
    return Found(tuple(rows), tuple(curves), tuple(series))


def present(out: Path, found: Found, facts: Mapping[str, Any], tell: Tell) -> Path:
    """Writes the pictures and the page; returns the page."""
    pictures = []
    for number, drawing in enumerate(DRAWINGS):
        tell("pictures", number, len(DRAWINGS))
        light, dark = (png(drawing.draw(found, style)) for style in (LIGHT, DARK))
        _write(out / f"{drawing.name}.png", light)
        pictures.append(Picture(drawing.title, drawing.caption, light, dark))
    document = page(_text(found, facts), found.rows, pictures, facts)
    _write(out / PAGE, document.encode("utf-8"))
    return out / PAGE


def _text(found: Found, facts: Mapping[str, Any]) -> Text:
    plan, seen = facts["plan"], {entry.recipe for entry in found.rows}
    fresh = "fresh frames, labelled with GFN2-xTB" if "fresh" in facts["test"] else "held-out frames"
    lead = (
        f"A float model of ethanol, trained on {plan['train']} embedded frames for {plan['epochs']} epochs; "
        f"five others made from it, four of them trained on for {plan['tuning']} epochs; all measured on "
        f"{plan['test']} {fresh}. Times per step are those of ASE's loop around the engine "
        f"{facts['engine']!r}, {facts['threads_per_worker']} thread each, {facts['workers']} processes at once."
    )
    return Text("gaq demo: ethanol", lead, {c.name: c.about for c in CONTENDERS if c.name in seen})


def _write(path: Path, content: bytes) -> None:
    write_atomically(path, lambda temporary: temporary.write_bytes(content))
