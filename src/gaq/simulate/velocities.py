"""Masses, thermal velocities, and removal of rigid motions. Å, fs, amu, K."""

from __future__ import annotations

import numpy as np

from gaq.atoms.structure import Structure
from gaq.units import ACCELERATION, BOLTZMANN


def masses_of(structure: Structure) -> np.ndarray:
    """Return standard atomic masses [atom] in amu."""
    from ase.data import atomic_masses

    return np.asarray(atomic_masses[structure.species], dtype=np.float64)


def thermal_velocities(
    structure: Structure,
    masses: np.ndarray,
    temperature: float,
    rng: np.random.Generator,
    fixed: np.ndarray | None = None,
) -> np.ndarray:
    """Draw Maxwell-Boltzmann velocities [atom, 3] in Å/fs, scaled to exactly `temperature` in K.

    Net momentum is removed, and angular momentum too unless the structure is periodic. `fixed` atoms [atom] have
    no velocity; with them nothing is removed.
    """
    spread = np.sqrt(BOLTZMANN * temperature * ACCELERATION / masses)
    drawn = rng.standard_normal(structure.positions.shape) * spread[:, None]
    still = at_rest(structure, masses, drawn) if fixed is None else np.where(fixed[:, None], 0.0, drawn)
    found = kinetic_temperature(structure, masses, still, degrees_of_freedom(structure, fixed))
    return still * np.sqrt(temperature / found) if found > 0 else still


def at_rest(structure: Structure, masses: np.ndarray, velocities: np.ndarray) -> np.ndarray:
    """Return velocities without net momentum and, in open space, without angular momentum: v − v̄ − ω × x, I ω = L."""
    moving = velocities - masses @ velocities / masses.sum()
    if structure.periodic.any():
        return moving
    arms = _arms(structure, masses)
    inertia = np.einsum("a,aij->ij", masses, _inertia_terms(arms))
    momentum = angular_momentum(structure, masses, moving)
    # The pseudo-inverse ignores the axis of a linear molecule, which has no moment of inertia.
    spin = np.linalg.pinv(inertia, rcond=1e-10, hermitian=True) @ momentum
    return moving - np.cross(spin, arms)


def angular_momentum(structure: Structure, masses: np.ndarray, velocities: np.ndarray) -> np.ndarray:
    """Return Σ m (x − x̄) × v about the centre of mass [3], amu Å²/fs."""
    return masses @ np.cross(_arms(structure, masses), velocities)


def kinetic_energy(masses: np.ndarray, velocities: np.ndarray) -> float:
    """Return ½ Σ m v² in eV."""
    return float(0.5 * masses @ np.sum(velocities**2, axis=1) / ACCELERATION)


def kinetic_temperature(
    structure: Structure, masses: np.ndarray, velocities: np.ndarray, freedom: int | None = None
) -> float:
    """Return 2 E_kin / (degrees of freedom · k_B) in K; 0 if nothing moves. By default, rigid motions do not count."""
    if freedom is None:
        freedom = degrees_of_freedom(structure)
    return 2 * kinetic_energy(masses, velocities) / (freedom * BOLTZMANN) if freedom else 0.0


def degrees_of_freedom(structure: Structure, fixed: np.ndarray | None = None) -> int:
    """Return 3N minus the rigid motions: 3 in a periodic box, 6 in open space, 5 for a linear molecule.

    With `fixed` atoms [atom], three for each of the others.
    """
    if fixed is not None and fixed.any():
        return 3 * int(np.count_nonzero(~fixed))
    if structure.periodic.any():
        return 3 * len(structure) - 3
    arms = structure.positions - structure.positions.mean(axis=0)
    rigid = 3 + min(int(np.linalg.matrix_rank(arms, tol=1e-6)) + 1, 3) if len(structure) > 1 else 3
    return max(3 * len(structure) - rigid, 0)


def _arms(structure: Structure, masses: np.ndarray) -> np.ndarray:
    return structure.positions - masses @ structure.positions / masses.sum()


def _inertia_terms(arms: np.ndarray) -> np.ndarray:
    squares = np.sum(arms**2, axis=1)
    return squares[:, None, None] * np.eye(3) - arms[:, :, None] * arms[:, None, :]
