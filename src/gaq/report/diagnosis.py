"""What failed checks mean, in sentences: the rows say how much, these say what is wrong and what it does."""

from __future__ import annotations

from collections.abc import Sequence

from gaq.measure.dynamics import TEMPERATURE, TIMESTEP
from gaq.measure.ledger import Row, find

NOTHING = 1e-9  # meV/Å; what is smaller is no force at all
ALL, MOST = 0.99, 0.5  # of the slope of the energy; forces that are zero miss all of it

# What it means when one of these metrics fails.
MEANINGS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("lee_max", "energy_invariance"),
        "turning the molecule changes the answer: orientation is part of this model, which physics does not know",
    ),
    (("lee_reflection",), "the mirror image has other forces: this model tells left from right"),
    (
        ("translation_energy", "translation_force"),
        "moving everything changes the answer: coordinates count, not distances",
    ),
    (
        ("permutation_energy", "permutation_force"),
        "the order in which atoms are listed changes the answer: by sums whose rounding depends on it, or by more",
    ),
    (("net_force",), "the forces do not add up to zero: the molecule accelerates itself"),
    (("net_torque",), "the forces turn the molecule as a whole: angular momentum is not conserved"),
    (
        ("path_work",),
        "the forces are not the slope of any energy: closed paths gain or lose some, so that NVE runs heat or cool",
    ),
    (("jacobian_asymmetry",), "the force Jacobian is not symmetric, as that of an energy would be"),
    (
        ("cutoff_energy_jump",),
        "the energy jumps as atoms come near each other: each jump is heat gained or lost in dynamics",
    ),
    (("cutoff_force_jump",), "the force jumps as atoms come near each other: dynamics is less exact there"),
    (("drift",), "the total energy drifts in a run that should conserve it"),
    (("momentum_change",), "the run gains momentum out of nothing"),
    (("angular_momentum_change",), "the run gains angular momentum out of nothing"),
)


def meanings(rows: Sequence[Row]) -> list[str]:
    """Return a sentence for each thing that is wrong, the gravest first; none where every check passed.

    Answers that are no answers, not numbers or zero, are said alone: what else fails follows from them.
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
        return "forces are not numbers (NaN): the model gives no answer on these structures"
    if force.value > NOTHING:
        return None
    if slope is not None and slope.value > ALL:
        return (
            "forces are zero while the energy changes: the model gives no forces. Layers that were quantized or "
            "exported without their gradients do this, and no error is raised"
        )
    return "forces are zero and the energy does not change: the model does not look at the positions"


def _other_energy(rows: Sequence[Row]) -> list[str]:
    """About forces that do not belong to the energy."""
    tried = [find(rows, name) for name in ("finite_difference", "finite_difference_relative", "path_work_open")]
    if all(entry is None or entry.passed is not False for entry in tried):
        return []
    relative = tried[1]
    said = "the forces are not the slope of the energy that is told beside them"
    if relative is None or not relative.value > MOST:
        return [said]
    share = f"{100 * relative.value:.0f} % of it is missing or wrong"
    return [f"{said}: {share}. Layers without gradients do this in silence, and so do energies that are staircases"]


def _broken(rows: Sequence[Row]) -> list[str]:
    """About a run that did not last."""
    held = find(rows, "stability")
    if held is None or held.passed is not False:
        return []
    after = f"after {held.value:.0f} steps of {TIMESTEP} fs from {TEMPERATURE:.0f} K"
    return [f"the run fell apart {after}: a bond was off by more than 0.5 Å, or it grew hotter by 10,000 K"]
