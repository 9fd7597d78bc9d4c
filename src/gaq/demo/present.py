"""From the files of a demo to its pictures and its page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gaq.demo.folder import CURVE, PAGE, PICTURES, ROWS, SERIES
from gaq.demo.plan import CONTENDERS, PARENT, Plan
from gaq.files import write_atomically
from gaq.measure.ledger import Row, read_rows
from gaq.report.figures import costs, energy, learning, parity, symmetry
from gaq.report.page import Picture, Text, page
from gaq.report.series import Curve, Series, read_curve, read_series
from gaq.report.style import DARK, LIGHT, Style, png

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def collect(out: Path, plan: Plan) -> tuple[list[Row], list[Curve], list[Series]]:
    """Rows, learning curves and series of all contenders that have them, in the order of the table."""
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
            curves.append(read_curve(folder / CURVE, contender.name, plan.epochs if contender.trained else 0))
    return rows, curves, series


def present(
    out: Path,
    rows: Sequence[Row],
    curves: Sequence[Curve],
    series: Sequence[Series],
    facts: Mapping[str, Any],
) -> Path:
    """Writes the pictures and the page; returns the page."""
    draw: dict[str, tuple[Callable[[Style], Figure], str, str]] = {
        "costs": (
            lambda style: costs(rows, style),
            "What each recipe costs",
            "Errors on the test frames, with standard errors. The two axes on the right are logarithmic.",
        ),
        "symmetry": (
            lambda style: symmetry(rows, style),
            "Symmetry",
            "The local equivariance error: how far the forces on a turned molecule are from the turned forces. "
            "For fp32 it is the rounding of 32-bit numbers, the floor of whatever computes with them.",
        ),
        "learning": (
            lambda style: learning(curves, style),
            "Learning",
            "Validation errors. Behind the dotted line each recipe goes on from the float model; vectors are "
            "quantized after a warm-up.",
        ),
        "parity": (
            lambda style: parity(series, style),
            "Force errors",
            "Each dot is a component of the force on an atom of a test frame: its error against its reference.",
        ),
        "energy": (
            lambda style: energy(series, style),
            "Energy conservation",
            "Velocity Verlet through ASE, all from the same start. Integration alone makes the energy flutter; a "
            "trend or a random walk comes from forces that are not the slope of an energy. A short run shows the "
            "coarse cases only.",
        ),
    }
    pictures = []
    for name, (figure, title, caption) in draw.items():
        light, dark = png(figure(LIGHT)), png(figure(DARK))
        write_atomically(out / PICTURES[name], lambda temporary, image=light: temporary.write_bytes(image))
        pictures.append(Picture(title, caption, light, dark))
    document = page(_text(rows, facts), rows, pictures, facts)
    write_atomically(out / PAGE, lambda temporary: temporary.write_text(document, encoding="utf-8"))
    return out / PAGE


def _text(rows: Sequence[Row], facts: Mapping[str, Any]) -> Text:
    plan, seen = facts["plan"], {r.recipe for r in rows}
    fresh = "fresh frames labelled with GFN2-xTB" if "fresh" in facts["test"] else "held-out frames"
    lead = (
        f"Ethanol: a float model trained on {plan['train']} embedded frames for {plan['epochs']} epochs; quantized, "
        f"and where a recipe asks for it trained on for {plan['tuning']} more; measured on {plan['test']} {fresh}. "
        f"{PARENT.name} is their parent. Times of a step are those of ASE's loop around the PyTorch engine, "
        f"{facts['threads_per_worker']} thread, with {facts['workers']} such processes at once."
    )
    return Text("gaq demo: ethanol", lead, {c.name: c.about for c in CONTENDERS if c.name in seen})
