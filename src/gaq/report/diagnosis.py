"""The meaning of failed checks in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from gaq.measure.dynamics import TEMPERATURE, TIMESTEP
from gaq.measure.ledger import Row, find

NOTHING = 1e-9  # meV/Å; smaller forces count as zero
ALL, MOST = 0.99, 0.5  # of the slope of the energy; zero forces miss all of it

# Meaning of a failure of each of these metrics.
MEANINGS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("lee_max", "energy_invariance"),
        "rotating the molecule changes the result: the model depends on orientation, which physics does not",
    ),
    (("lee_reflection",), "the mirror image has other forces: the model distinguishes left from right"),
    (
        ("translation_energy", "translation_force"),
        "translation changes the result: the model depends on coordinates, not distances",
    ),
    (
        ("permutation_energy", "permutation_force"),
        "the order of atoms changes the result, by rounding in sums or by more",
    ),
    (("net_force",), "the forces do not add up to zero: the molecule accelerates itself"),
    (("net_torque",), "the forces have a net torque: angular momentum is not conserved"),
    (
        ("path_work",),
        "the forces are not the slope of any energy: closed paths gain or lose energy, so NVE runs heat or cool",
    ),
    (("jacobian_asymmetry",), "the force Jacobian is not symmetric, as that of an energy would be"),
    (
        ("cutoff_energy_jump",),
        "the energy jumps as atoms come near each other: each jump is heat gained or lost in dynamics",
    ),
    (("cutoff_force_jump",), "the force jumps as atoms come near each other: dynamics is less exact there"),
    (("drift",), "the total energy drifts in a run that should conserve it"),
    (("momentum_change",), "the run gains momentum"),
    (("angular_momentum_change",), "the run gains angular momentum"),
)


def meanings(rows: Sequence[Row]) -> list[str]:
    """Return a sentence for each fault, the most serious first; none if every check passed.

    Results that are zero or not numbers are reported alone, because the other failures follow from them.
    """
    grave = _no_answer(rows)
    if grave:
        return [grave]
    failed = {r.metric for r in rows if r.passed is False}
    return [*_broken(rows), *_other_energy(rows), *(said for metrics, said in MEANINGS if failed & set(metrics))]


def _no_answer(rows: Sequence[Row]) -> str | None:
    force, slope = find(rows, "force_norm"), find(rows, "finite_difference_relative")
    if force is None or force.passed is not False:
        return None
    if force.value != force.value:
        return "forces are not numbers (NaN): the model gives no result for these structures"
    if force.value > NOTHING:
        return None
    if slope is not None and slope.value > ALL:
        return (
            "forces are zero while the energy changes: the model gives no forces. Layers that were quantized or "
            "exported without their gradients do this, and no error is raised"
        )
    return "forces are zero and the energy does not change: the model ignores the positions"


def _other_energy(rows: Sequence[Row]) -> list[str]:
    """Explain forces that are not the gradient of the energy."""
    tried = [find(rows, name) for name in ("finite_difference", "finite_difference_relative", "path_work_open")]
    if all(entry is None or entry.passed is not False for entry in tried):
        return []
    relative = tried[1]
    said = "the forces are not the slope of the energy returned with them"
    if relative is None or not relative.value > MOST:
        return [said]
    share = f"{100 * relative.value:.0f} % of it is missing or wrong"
    return [f"{said}: {share}. Layers without gradients cause this silently, and so do stepwise energies"]


def _broken(rows: Sequence[Row]) -> list[str]:
    """Explain a run that ended early."""
    held = find(rows, "stability")
    if held is None or held.passed is not False:
        return []
    after = f"after {held.value:.0f} steps of {TIMESTEP} fs from {TEMPERATURE:.0f} K"
    return [f"the run became unstable {after}: a bond was off by more than 0.5 Å, or it grew hotter by 10,000 K"]
