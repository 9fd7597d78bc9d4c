"""How rows of methods.py are read: those of one model, means over seeds, and the force error against the control."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gaq.measure.ledger import Row

CONTROL = "fp32/qat"


def rows_named(rows: Sequence[Row], model: str) -> list[Row]:
    return [r for r in rows if r.model == model]


def values(rows: Sequence[Row], metric: str) -> list[float]:
    return [r.value for r in rows if r.metric == metric]


def mean(rows: Sequence[Row], metric: str) -> float | None:
    """The mean of a metric over seeds; None where there is no row of it."""
    found = values(rows, metric)
    return sum(found) / len(found) if found else None


def spread(found: Sequence[float]) -> float:
    """The standard error of the mean of some seeds, two or more."""
    middle = sum(found) / len(found)
    return math.sqrt(sum((v - middle) ** 2 for v in found) / (len(found) - 1) / len(found))


def excess(mine: Sequence[Row], rows: Sequence[Row]) -> list[float]:
    """How much the force error of each seed is above that of the control, in per cent; empty without both.

    Seed by seed where the control has that seed, over its mean elsewhere.
    """
    control = {r.seed: r.value for r in rows_named(rows, CONTROL) if r.metric == "force_mae"}
    force = {r.seed: r.value for r in mine if r.metric == "force_mae"}
    if not control:
        return []
    middle = sum(control.values()) / len(control)
    return [100 * (value / control.get(seed, middle) - 1) for seed, value in force.items()]
