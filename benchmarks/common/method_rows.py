"""Means over seeds and errors against the control."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from gaq.measure.ledger import Row
from gaq.report.numbers import with_spread

PARENT, CONTROL = "fp32/ptq", "fp32/qat"
MAIN_RECIPES = (
    *(PARENT, CONTROL, "frame-w8a8/qat", "w4a16+gptq+bits=6.2/qat", "mixed-w4a16/qat", "mixed-w4a8+gptq/qat"),
    *("w4a16+gptq/qat", "frame-w4a8+gptq/qat", "w4/qat", "gaq-w8a8-component/qat", "gaq-w4a8/qat"),
    *("degree-quant/qat", "naive-int8/qat", "svq-kmeans/qat"),
)
IN_PYTORCH = "svq-kmeans/qat"  # unsupported by the native engine


def trained_model(folder: Path, molecule: str, row: str, seed: int = 0) -> Path:
    return folder / molecule / row / str(seed) / "model.ckpt"


def rows_named(rows: Sequence[Row], model: str) -> list[Row]:
    return [r for r in rows if r.model == model]


def values(rows: Sequence[Row], metric: str) -> list[float]:
    return [r.value for r in rows if r.metric == metric]


def mean(rows: Sequence[Row], metric: str) -> float | None:
    found = values(rows, metric)
    return sum(found) / len(found) if found else None


def spread(found: Sequence[float]) -> float:
    """Return the standard error over seeds."""
    middle = sum(found) / len(found)
    return math.sqrt(sum((v - middle) ** 2 for v in found) / (len(found) - 1) / len(found))


def excess(mine: Sequence[Row], rows: Sequence[Row]) -> list[float]:
    """Return the force error above the control in per cent, by seed if possible."""
    control = {r.seed: r.value for r in rows_named(rows, CONTROL) if r.metric == "force_mae"}
    force = {r.seed: r.value for r in mine if r.metric == "force_mae"}
    if not control:
        return []
    middle = sum(control.values()) / len(control)
    return [100 * (value / control.get(seed, middle) - 1) for seed, value in force.items()]


def over_seeds(rows: Sequence[Row], metric: str) -> str:
    """Return the mean over seeds with its standard error; for one seed, over frames."""
    found, middle = values(rows, metric), mean(rows, metric)
    if middle is None:
        return "–"
    if len(found) == 1:
        return with_spread(middle, next(r.std_error for r in rows if r.metric == metric))
    return with_spread(middle, spread(found))


def excess_in_words(mine: Sequence[Row], rows: Sequence[Row]) -> str:
    found = excess(mine, rows)
    if not found:
        return "–"
    middle = sum(found) / len(found)
    return f"{middle:+.1f} %" if len(found) == 1 else f"{middle:+.1f} ± {spread(found):.1f} %"
