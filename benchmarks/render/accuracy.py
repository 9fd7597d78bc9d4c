"""Tables of accuracy."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.common.markdown import markdown
from benchmarks.common.places import FIRST, rows_of
from benchmarks.render.published import FLOAT_MODELS
from gaq.measure.ledger import Row
from gaq.report.numbers import significant, with_spread

ORDER = (
    "fp32",
    "fp32-control",
    "w8",
    "w4",
    "w4a16",
    "frame-w8a8",
    "frame-w4a8",
    "mixed-w4a16",
    "mixed-w4a8",
    "gaq-w8a8",
    "gaq-w4a8",
    "int8-per-vector",
    "naive-int8",
)


def float_models() -> str:
    """Return our float models and published ones."""
    head = ["molecule", "gaq fp32", "gaq fp32, first generation", *FLOAT_MODELS["azobenzene"]]
    lines = []
    for molecule, published in FLOAT_MODELS.items():
        ours = [by_recipe(rows_of(f"{before}rmd17-{molecule}"))["fp32"] for before in ("", FIRST)]
        errors = [f"{cell(rows, 'energy_mae')} / {cell(rows, 'force_mae')}" for rows in ours]
        lines.append([molecule, *errors, *published.values()])
    return markdown(head, lines)


def recipes(molecule: str) -> str:
    """Return every recipe of one molecule."""
    groups = by_recipe(rows_of(f"{FIRST}rmd17-{molecule}"))
    control = value(groups["fp32-control"], "force_mae")
    head = ["recipe", "bits / weight", "E MAE meV", "F MAE meV/Å", "F against the control"]
    head += ["F RMSE to FP32", "LEE mean / max meV/Å", "energies identical", "net torque meV", "path work meV/Å"]
    return markdown(head, [recipe_line(name, rows, control) for name, rows in groups.items()])


def recipe_line(name: str, rows: Sequence[Row], control: float | None) -> list[str]:
    force, bits = value(rows, "force_mae"), value(rows, "bits_per_weight")
    against = _against(force, control)
    lee = f"{cell_short(rows, 'lee_mean')} / {cell_short(rows, 'lee_max')}"
    identical = value(rows, "frames_identical")
    line = [name, f"{bits:.1f}" if bits else "–", cell(rows, "energy_mae"), cell(rows, "force_mae"), against]
    line += ["0" if name == "fp32" else cell(rows, "force_fidelity"), lee]
    line.append("–" if identical is None else f"{100 * identical:.4g} %")
    return [*line, cell_short(rows, "net_torque"), cell(rows, "path_work")]


def cell_short(rows: Sequence[Row], metric: str) -> str:
    found = value(rows, metric)
    return "–" if found is None else significant(found, 2)


def untouched() -> str:
    """Return ethanol on untouched test frames."""
    groups = by_recipe(rows_of("untouched-ethanol"))
    control = value(groups["fp32-control"], "force_mae")
    lines = []
    for name, rows in groups.items():
        against = _against(value(rows, "force_mae"), control)
        lines.append([name, cell(rows, "energy_mae"), cell(rows, "force_mae"), against])
    return markdown(["recipe", "E MAE meV", "F MAE meV/Å", "F against the control"], lines)


def cell(rows: Sequence[Row], metric: str) -> str:
    found = [r for r in rows if r.metric == metric]
    return with_spread(found[0].value, found[0].std_error) if found else "–"


def value(rows: Sequence[Row], metric: str) -> float | None:
    found = [r for r in rows if r.metric == metric]
    return found[0].value if found else None


def by_recipe(rows: Sequence[Row]) -> dict[str, list[Row]]:
    return {name: found for name in ORDER if (found := [r for r in rows if r.recipe == name])}


def _against(force: float | None, control: float | None) -> str:
    return f"{100 * (force / control - 1):+.1f} %" if force and control else "–"
