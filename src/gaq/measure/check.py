"""The check: every physical check of a force field, each against a limit. Reasons for the limits:
docs/physics.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gaq.atoms.structure import Structure
from gaq.engine.protocol import Engine
from gaq.errors import BadStructure
from gaq.measure.conservation import finite_difference, jacobian_asymmetry, open_path_work, path_work
from gaq.measure.dynamics import FEW_STEPS, calmest, short_run
from gaq.measure.invariance import permutation, translation
from gaq.measure.ledger import Row, row
from gaq.measure.limits import LIMITS, Limit, judged
from gaq.measure.smoothness import cutoff_jumps
from gaq.measure.statistics import OnProgress
from gaq.measure.subjects import stirred
from gaq.measure.symmetry import lie_derivative, reflection, symmetry
from gaq.measure.traces import Keep, forget
from gaq.units import MEV

Watch = Callable[[str, int, int], None]  # name of the check, steps done, steps in all
# The costlier checks take eight structures, and fewer of large ones: a force of 192 atoms is tried as well by one.
MOST_STRUCTURES, MOST_ATOMS = 8, 200


@dataclass(frozen=True)
class CheckPlan:
    """What is given to every check."""

    engine: Engine
    structures: Sequence[Structure]
    rotations: int
    seed: int
    data: str
    steps: int
    keep: Keep

    def few(self, most: int = MOST_STRUCTURES) -> Sequence[Structure]:
        """Return the first structures, `most` of them, or as many as have some 200 atoms together."""
        return self.structures[: max(1, min(most, MOST_ATOMS // len(self.structures[0])))]


def check(
    engine: Engine,
    structures: Sequence[Structure],
    limits: Sequence[Limit] = LIMITS,
    rotations: int = 8,
    seed: int = 0,
    watch: Watch | None = None,
    data: str = "",
    steps: int = FEW_STEPS,
    keep: Keep = forget,
) -> list[Row]:
    """Return all checks on these structures; the rows that have a limit say whether they `passed`.

    Structures at rest are rattled first. Rotations and reflections take all structures, the costlier checks
    the first few, the crossing of the cutoff the first, the run of `steps` steps (0: none) the one with the weakest
    forces; `keep` is given the energies along these two. Raises `BadStructure` for an empty list and when no structure
    has two atoms.
    """
    _something_to_feel(structures)
    plan = CheckPlan(engine, stirred(engine, structures, seed), rotations, seed, data, steps, keep)
    rows: list[Row] = []
    for name, run in CHECKS:
        rows += run(plan, _on_progress(name, watch))
    return judged(rows, limits)


def _something_to_feel(structures: Sequence[Structure]) -> None:
    if not structures:
        raise BadStructure("there is no structure to check; give at least one")
    if all(len(s) == 1 for s in structures):
        raise BadStructure(
            "there is a single atom, whose force is zero by symmetry: no check could fail. Give a molecule, or a cell "
            "of at least two atoms"
        )


def _response(plan: CheckPlan, progress: OnProgress) -> list[Row]:
    # A model that answers zero everywhere is symmetric, smooth and conservative. It is caught here.
    forces = np.concatenate([p.forces for p in plan.engine.evaluate(plan.structures)])
    norms = np.linalg.norm(forces, axis=1) / MEV
    progress(1, 1)
    return [row(plan.engine, plan.data, "force_norm", float(np.mean(norms)), "meV/Å", len(norms))]


def _rotation(plan: CheckPlan, progress: OnProgress) -> list[Row]:
    rows = symmetry(plan.engine, plan.structures, plan.rotations, plan.seed, progress, plan.data)
    return rows + lie_derivative(plan.engine, plan.few(2), data=plan.data)


def _reflection(plan: CheckPlan, progress: OnProgress) -> list[Row]:
    return reflection(plan.engine, plan.structures, plan.rotations, plan.seed, progress, plan.data)


def _translation(plan: CheckPlan, progress: OnProgress) -> list[Row]:
    rows = translation(plan.engine, plan.few(), seed=plan.seed, data=plan.data)
    progress(1, 1)
    return rows


def _permutation(plan: CheckPlan, progress: OnProgress) -> list[Row]:
    rows = permutation(plan.engine, plan.few(), seed=plan.seed, data=plan.data)
    progress(1, 1)
    return rows


def _slopes(plan: CheckPlan, progress: OnProgress) -> list[Row]:
    return finite_difference(plan.engine, plan.few(), seed=plan.seed, progress=progress, data=plan.data)


def _closed_paths(plan: CheckPlan, progress: OnProgress) -> list[Row]:
    return path_work(plan.engine, plan.few(), seed=plan.seed, progress=progress, data=plan.data)


def _open_paths(plan: CheckPlan, progress: OnProgress) -> list[Row]:
    return open_path_work(plan.engine, plan.few(), seed=plan.seed, progress=progress, data=plan.data)


def _jacobian(plan: CheckPlan, progress: OnProgress) -> list[Row]:
    return jacobian_asymmetry(plan.engine, plan.few(2), seed=plan.seed, progress=progress, data=plan.data)


def _cutoff(plan: CheckPlan, progress: OnProgress) -> list[Row]:
    first = plan.structures[:1]
    return cutoff_jumps(plan.engine, first, seed=plan.seed, progress=progress, data=plan.data, keep=plan.keep)


def _dynamics(plan: CheckPlan, progress: OnProgress) -> list[Row]:
    if not plan.steps:
        return []
    calm = calmest(plan.engine, plan.structures)
    return short_run(plan.engine, calm, plan.steps, plan.seed, progress, plan.data, plan.keep)


CHECKS: tuple[tuple[str, Callable[[CheckPlan, OnProgress], list[Row]]], ...] = (
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
    ("short run", _dynamics),
)


def _on_progress(name: str, watch: Watch | None) -> OnProgress:
    def progress(done: int, total: int) -> None:
        if watch is not None:
            watch(name, done, total)

    return progress
