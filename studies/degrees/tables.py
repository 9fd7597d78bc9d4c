"""Tables of degrees, and of whole recipes, on published networks."""

from __future__ import annotations

from benchmarks.common.markdown import markdown
from benchmarks.common.places import rows_of
from gaq.report.numbers import significant
from studies.degrees.run import CODEBOOK, SCHEMES, WHOLE, bits_of_vector

DEGREES = (1, 2, 3)
METRICS = ("force_fidelity", "lee_mean", "lee_max", "cost")
HEAD = ("F RMSE to float", "LEE mean", "LEE max", "time × float")


def degrees() -> str:
    """Return what rounding the features of one degree costs, for each network and scheme."""
    found = _found()
    lines = []
    for model in dict.fromkeys(model for model, *_ in found):
        for name, spec in {**SCHEMES, "codebook": CODEBOOK}.items():
            for degree in DEGREES:
                recipe = f"{name}-l{degree}"
                if (model, recipe, METRICS[0]) in found:
                    bits = f"{bits_of_vector(spec, degree):g}"
                    lines.append([model, name, str(degree), bits, *_cells(found, model, recipe)])
    return markdown(["network", "scheme", "ℓ", "bits of a vector", *HEAD], lines)


def recipes() -> str:
    """Return what whole recipes cost."""
    found = _found()
    lines = [
        [model, name, significant(found[model, name, "bits_per_weight"], 2), *_cells(found, model, name)]
        for model in dict.fromkeys(model for model, *_ in found)
        for name in WHOLE
        if (model, name, METRICS[0]) in found
    ]
    return markdown(["network", "recipe", "bits of a weight", *HEAD], lines)


def _found() -> dict[tuple[str, str, str], float]:
    return {(row.model, row.recipe, row.metric): row.value for row in rows_of("degrees")}


def _cells(found: dict[tuple[str, str, str], float], model: str, recipe: str) -> list[str]:
    values = [found[model, recipe, metric] for metric in METRICS]
    return [f"{value:.1e}" if value < 0.01 else significant(value, 2) for value in values]
