"""The limits of the inspector, and what they say of rows. Reasons: docs/physics.md."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gaq.errors import UsageError, nearest
from gaq.measure.ledger import Row


@dataclass(frozen=True)
class Limit:
    """The most the size of a metric may be, or the least where `at_least`."""

    metric: str
    value: float
    at_least: bool = False

    def holds(self, entry: Row) -> bool:
        """Whether the row is within; what is not a number never is."""
        return entry.value >= self.value if self.at_least else within(entry, self.value)


LIMITS = (
    Limit("force_norm", 1.0, at_least=True),  # meV/Å
    Limit("lee_max", 1.0),  # meV/Å
    Limit("energy_invariance", 0.1),  # meV
    Limit("lee_reflection", 1.0),  # meV/Å
    Limit("translation_energy", 0.1),  # meV
    Limit("translation_force", 1.0),  # meV/Å
    Limit("permutation_energy", 0.5),  # meV
    Limit("permutation_force", 1.0),  # meV/Å
    Limit("net_force", 0.1),  # meV/Å
    Limit("net_torque", 0.1),  # meV
    Limit("finite_difference", 5.0),  # meV/Å
    Limit("finite_difference_relative", 0.05),
    Limit("path_work", 0.1),  # meV/Å
    Limit("path_work_open", 0.5),  # meV/Å
    Limit("jacobian_asymmetry", 2e-3),
    Limit("cutoff_energy_jump", 0.5),  # meV
    Limit("cutoff_force_jump", 2.0),  # meV/Å
    Limit("drift", 1.0),  # meV/atom/ps
    Limit("momentum_change", 2e-4),  # amu Å/fs
    Limit("angular_momentum_change", 2e-4),  # amu Å²/fs
)


def within(entry: Row, bound: float, errors: float = 2.0) -> bool:
    """Whether |value| is at most `bound`; a drift may also be so many of its standard errors."""
    doubt = errors * entry.std_error if entry.metric == "drift" and entry.std_error is not None else 0.0
    return abs(entry.value) <= max(bound, doubt)


def judged(rows: Sequence[Row], limits: Sequence[Limit] = LIMITS) -> list[Row]:
    """Rows with their limit and verdict added, where there is one for their metric; others stay as they are."""
    by_metric = {limit.metric: limit for limit in limits}
    return [
        replace(r, limit=limit.value, passed=limit.holds(r)) if (limit := by_metric.get(r.metric)) is not None else r
        for r in rows
    ]


def failures(rows: Sequence[Row]) -> list[Row]:
    """The rows that are past their limit."""
    return [r for r in rows if r.passed is False]


def with_limits(overrides: Mapping[str, float]) -> tuple[Limit, ...]:
    """The default limits with some values replaced. Raises `UsageError` for unknown metrics and impossible
    values.
    """
    known = [limit.metric for limit in LIMITS]
    for metric, value in overrides.items():
        if metric not in known:
            raise UsageError(f"there is no limit for {metric!r}.{nearest(metric, known)} Known: {', '.join(known)}")
        if math.isnan(value) or value < 0:
            raise UsageError(f"the limit of {metric} is {value}; it must be zero or more")
    return tuple(replace(limit, value=overrides.get(limit.metric, limit.value)) for limit in LIMITS)
