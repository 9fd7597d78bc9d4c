"""All limits in one place: those of `gaq check`, and those of the verdict. Reasons: docs/physics.md."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from gaq.errors import BadFile, UsageError, nearest
from gaq.formats.texts import read_toml
from gaq.measure.ledger import Row


@dataclass(frozen=True)
class Limit:
    """The most the size of a metric may be, or the least where `at_least`."""

    metric: str
    value: float
    at_least: bool = False

    def holds(self, entry: Row) -> bool:
        """Return whether the row is within; what is not a number never is."""
        return entry.value >= self.value if self.at_least else within(entry, self.value)


FORCE_MAE = 43.4  # meV/Å: 1 kcal/mol/Å, what chemists call chemical accuracy
FORCE_MAE_RELATIVE = 0.1  # of the root mean square force, for soft systems in which 43 meV/Å is as large as the forces

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
    Limit("force_mae", FORCE_MAE),  # meV/Å
    Limit("force_mae_relative", FORCE_MAE_RELATIVE),
)


class Aspect(Enum):
    """What a model must have to be fit for dynamics."""

    SYMMETRY = "symmetry"
    CONSERVATION = "conservation"
    ACCURACY = "accuracy"
    STABILITY = "stability"


@dataclass(frozen=True)
class Bound:
    """The largest |value| of a metric for dynamics at constant energy, and with a thermostat."""

    metric: str
    aspect: Aspect
    nve: float
    thermostat: float
    required: bool = False  # the aspect counts as measured only with this row


BOUNDS = (
    Bound("lee_mean", Aspect.SYMMETRY, nve=0.1, thermostat=2.0, required=True),  # meV/Å
    Bound("net_torque", Aspect.SYMMETRY, nve=0.1, thermostat=20.0),  # meV
    Bound("path_work", Aspect.CONSERVATION, nve=0.1, thermostat=2.0, required=True),  # meV/Å
    Bound("drift", Aspect.CONSERVATION, nve=0.005, thermostat=0.5),  # meV/atom/ps
    # A thermostat does not correct wrong forces: both columns are the same.
    Bound("force_mae", Aspect.ACCURACY, nve=FORCE_MAE, thermostat=FORCE_MAE, required=True),  # meV/Å
    Bound("force_mae_relative", Aspect.ACCURACY, nve=FORCE_MAE_RELATIVE, thermostat=FORCE_MAE_RELATIVE),
    Bound("force_fidelity", Aspect.ACCURACY, nve=FORCE_MAE, thermostat=FORCE_MAE),  # meV/Å
)
STABLE_STEPS = 2000  # steps that a run must hold: 1 ps of 0.5 fs, a hundred periods of the fastest vibrations
DOUBT = 3.0  # standard errors of a drift: of six models in a table, two would cry wolf over one in every fourth table


def within(entry: Row, bound: float, errors: float = 2.0) -> bool:
    """Return whether |value| is at most `bound`; a drift may also be so many of its standard errors."""
    doubt = errors * entry.std_error if entry.metric == "drift" and entry.std_error is not None else 0.0
    return abs(entry.value) <= max(bound, doubt)


def judged(rows: Sequence[Row], limits: Sequence[Limit] = LIMITS) -> list[Row]:
    """Return rows with their limit and verdict added, where there is one for their metric; others stay as they are."""
    by_metric = {limit.metric: limit for limit in limits}
    return [
        replace(r, limit=limit.value, passed=limit.holds(r)) if (limit := by_metric.get(r.metric)) is not None else r
        for r in rows
    ]


def failures(rows: Sequence[Row]) -> list[Row]:
    """Return the rows that are past their limit."""
    return [r for r in rows if r.passed is False]


def with_limits(overrides: Mapping[str, float]) -> tuple[Limit, ...]:
    """Return the default limits with some values replaced. Raises `UsageError` for unknown metrics and impossible
    values.
    """
    known = [limit.metric for limit in LIMITS]
    for metric, value in overrides.items():
        if metric not in known:
            raise UsageError(f"there is no limit for {metric!r}.{nearest(metric, known)} Known: {', '.join(known)}")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UsageError(f"the limit of {metric} is {value!r}; it must be a number")
        if math.isnan(value) or value < 0:
            raise UsageError(f"the limit of {metric} is {value}; it must be zero or more")
    return tuple(replace(limit, value=float(overrides.get(limit.metric, limit.value))) for limit in LIMITS)


def read_limits(path: str | Path) -> dict[str, float]:
    """Return the limits in a TOML file: lines such as `lee_max = 2.0`. Raises `BadFile`, and `UsageError` for unknown
    metrics and impossible values.
    """
    try:
        found = read_toml(path)
    except ValueError as error:
        example = "lee_max = 2.0"
        raise BadFile(
            f"{path} is no file of limits ({error}). Expected TOML, a line for each limit: {example}"
        ) from error
    try:
        with_limits(found)
    except (UsageError, OverflowError) as error:
        raise UsageError(f"{path}: {error}") from error
    return {metric: float(value) for metric, value in found.items()}
