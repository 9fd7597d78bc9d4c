"""Tables of what is exact under rotations, reflections and translations."""

from __future__ import annotations

from benchmarks.common.markdown import markdown
from benchmarks.common.places import rows_of
from gaq.measure.ledger import Row
from gaq.report.numbers import significant
from studies.groups.molecules import GROUPS

NOTHING = "–"
OF_A_NETWORK = ("fp32", "w4", "w4a16", "frame-w8a8", "naive-int8", "gaq-w8a8-component", "gaq-w8a8")
UNDER = ("lee_max", "lee_reflection", "lee_inversion")
CHIRAL = ("enantiomer_energy", "enantiomer_noise", "mirror_pair_energy", "diastereomer_energy")


def symmetry() -> str:
    """Return the largest equivariance errors of forces, for each network and recipe."""
    rows = _rows()
    lines = [
        [model, recipe, *(_value(rows, model, recipe, metric) for metric in (*UNDER, "translation_force"))]
        for model in _models(rows)
        for recipe in OF_A_NETWORK
    ]
    return markdown(["network", "recipe", "rotations", "reflections", "inversion", "translation"], lines)


def chirality() -> str:
    """Return energies of mirror images."""
    rows = _rows()
    lines = [
        [model, recipe, *(_value(rows, model, recipe, metric) for metric in CHIRAL)]
        for model in _models(rows)
        for recipe in ("fp32", "w4a16", "frame-w8a8", "gaq-w8a8")
    ]
    head = ["network", "recipe", "S − R", "noise of it", "SS − RR", "RS − RR"]
    return markdown(head, lines)


def own() -> str:
    """Return how far forces are from the symmetry of the molecule itself."""
    rows = _rows()
    lines = []
    for name, group in GROUPS.items():
        for recipe in ("fp32", "w4a16", "frame-w8a8", "gaq-w8a8"):
            line = [f"{name}, {group}", recipe]
            for model in _models(rows):
                found = [
                    r.value
                    for r in rows
                    if (r.model, r.recipe, r.data) == (model, recipe, name) and r.metric.startswith("own_")
                ]
                line.append(_said(max(found)) if found else NOTHING)
            lines.append(line)
    return markdown(["molecule", "recipe", *_models(rows)], lines)


def controls() -> str:
    """Return what breaks it."""
    rows = [row for row in rows_of("groups") if row.control]
    lines = []
    for model in dict.fromkeys(row.model for row in rows):
        found = {(row.control, row.metric): row.value for row in rows if row.model == model}
        wanted = (("floor", "lee_max"), ("floor", "lee_reflection"), ("left-handed", "force_change"))
        lines.append([model, *(_said(found[key]) if key in found else NOTHING for key in wanted)])
    return markdown(["network", "rounded down: rotations", "rounded down: reflections", "left-handed frames"], lines)


def _rows() -> list[Row]:
    return [row for row in rows_of("groups") if not row.control]


def _models(rows: list[Row]) -> list[str]:
    return list(dict.fromkeys(row.model for row in rows))


def _value(rows: list[Row], model: str, recipe: str, metric: str) -> str:
    found = [row.value for row in rows if (row.model, row.recipe, row.metric) == (model, recipe, metric)]
    return _said(found[0]) if found else NOTHING


def _said(value: float) -> str:
    return "0" if value == 0 else f"{value:.1e}" if value < 0.1 else significant(value, 2)
