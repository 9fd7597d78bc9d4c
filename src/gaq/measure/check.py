"""The inspector: every physical check of a force field, each against a limit. Reasons for the limits:
docs/physics.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gaq.atoms.structure import Structure
from gaq.engine.protocol import Engine
from gaq.errors import UsageError, nearest
from gaq.measure.conservation import finite_difference, jacobian_asymmetry, open_path_work, path_work
from gaq.measure.invariance import permutation, translation
from gaq.measure.ledger import Row, row
from gaq.measure.smoothness import cutoff_jumps
from gaq.measure.statistics import Progress
from gaq.measure.subjects import stirred
from gaq.measure.symmetry import reflection, symmetry
from gaq.units import MEV

Watch = Callable[[str, int, int], None]  # name of the check, steps done, steps in all


@dataclass(frozen=True)
class Limit:
    """The most a metric may be, or the least where `at_least`."""

    metric: str
    value: float
    at_least: bool = False

    def holds(self, value: float) -> bool:
        """Whether the value is within; what is not a number never is."""
        return value >= self.value if self.at_least else value <= self.value


LIMITS = (
    Limit("force_norm", 1.0, at_least=True),  # meV/Å
    Limit("lee_max", 1.0),  # meV/Å
    Limit("energy_invariance", 0.1),  # meV
    Limit("lee_reflection", 1.0),  # meV/Å
    Limit("translation_energy", 0.1),  # meV
    Limit("translation_force", 1.0),  # meV/Å
    Limit("permutation_energy", 0.1),  # meV
    Limit("permutation_force", 1.0),  # meV/Å
    Limit("net_force", 0.1),  # meV/Å
    Limit("net_torque", 0.1),  # meV
    Limit("finite_difference", 2.0),  # meV/Å
    Limit("finite_difference_relative", 0.05),
    Limit("path_work", 0.02),  # meV/Å
    Limit("path_work_open", 0.1),  # meV/Å
    Limit("jacobian_asymmetry", 1e-3),
    Limit("cutoff_energy_jump", 0.1),  # meV
    Limit("cutoff_force_jump", 2.0),  # meV/Å
)


@dataclass(frozen=True)
class Plan:
    """What is given to every check."""

    engine: Engine
    structures: Sequence[Structure]
    rotations: int
    seed: int
    data: str


def check(
    engine: Engine,
    structures: Sequence[Structure],
    limits: Sequence[Limit] = LIMITS,
    rotations: int = 8,
    seed: int = 0,
    watch: Watch | None = None,
    data: str = "",
) -> list[Row]:
    """All checks on these structures; the rows that have a limit say whether they `passed`.

    Structures at rest are rattled first. Rotations and reflections take all structures, the costlier checks
    the first few.
    """
    plan = Plan(engine, stirred(engine, structures, seed), rotations, seed, data)
    rows: list[Row] = []
    for name, run in CHECKS:
        rows += run(plan, _told(name, watch))
    return judged(rows, limits)


def judged(rows: Sequence[Row], limits: Sequence[Limit] = LIMITS) -> list[Row]:
    """Rows with their limit and verdict added, where there is one for their metric."""
    by_metric = {limit.metric: limit for limit in limits}
    return [
        replace(r, limit=limit.value, passed=limit.holds(r.value))
        if (limit := by_metric.get(r.metric)) is not None
        else r
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


def _response(plan: Plan, progress: Progress) -> list[Row]:
    # A model that answers zero everywhere is symmetric, smooth and conservative. It is caught here.
    forces = np.concatenate([p.forces for p in plan.engine.evaluate(plan.structures)])
    norms = np.linalg.norm(forces, axis=1) / MEV
    progress(1, 1)
    return [row(plan.engine, plan.data, "force_norm", float(np.mean(norms)), "meV/Å", len(norms))]


def _rotation(plan: Plan, progress: Progress) -> list[Row]:
    return symmetry(plan.engine, plan.structures, plan.rotations, plan.seed, progress, plan.data)


def _reflection(plan: Plan, progress: Progress) -> list[Row]:
    return reflection(plan.engine, plan.structures, plan.rotations, plan.seed, progress, plan.data)


def _translation(plan: Plan, progress: Progress) -> list[Row]:
    rows = translation(plan.engine, plan.structures[:8], seed=plan.seed, data=plan.data)
    progress(1, 1)
    return rows


def _permutation(plan: Plan, progress: Progress) -> list[Row]:
    rows = permutation(plan.engine, plan.structures[:8], seed=plan.seed, data=plan.data)
    progress(1, 1)
    return rows


def _slopes(plan: Plan, progress: Progress) -> list[Row]:
    return finite_difference(plan.engine, plan.structures[:8], seed=plan.seed, progress=progress, data=plan.data)


def _closed_paths(plan: Plan, progress: Progress) -> list[Row]:
    return path_work(plan.engine, plan.structures[:8], seed=plan.seed, progress=progress, data=plan.data)


def _open_paths(plan: Plan, progress: Progress) -> list[Row]:
    return open_path_work(plan.engine, plan.structures[:8], seed=plan.seed, progress=progress, data=plan.data)


def _jacobian(plan: Plan, progress: Progress) -> list[Row]:
    return jacobian_asymmetry(plan.engine, plan.structures[:2], seed=plan.seed, progress=progress, data=plan.data)


def _cutoff(plan: Plan, progress: Progress) -> list[Row]:
    return cutoff_jumps(plan.engine, plan.structures[:1], seed=plan.seed, progress=progress, data=plan.data)


CHECKS: tuple[tuple[str, Callable[[Plan, Progress], list[Row]]], ...] = (
    ("answers", _response),
    ("rotation, net force and torque", _rotation),
    ("reflection", _reflection),
    ("translation", _translation),
    ("permutation", _permutation),
    ("finite differences", _slopes),
    ("closed paths", _closed_paths),
    ("open paths", _open_paths),
    ("force Jacobian", _jacobian),
    ("cutoff", _cutoff),
)


def _told(name: str, watch: Watch | None) -> Progress:
    def progress(done: int, total: int) -> None:
        if watch is not None:
            watch(name, done, total)

    return progress
