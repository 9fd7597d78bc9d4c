"""When a simulation has left the molecule behind: a bond that is half an ångström off, or a temperature out
of this world.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from gaq.atoms.structure import Structure

BOND_TOLERANCE = 0.5  # Å
HEAT_TOLERANCE = 10_000.0  # K above the start
BONDED = 1.25  # times the sum of covalent radii


@dataclass(frozen=True, eq=False)
class Reference:
    """The bonds of the first structure, their lengths, and the temperature of the start."""

    pairs: np.ndarray  # [bond, 2]
    shifts: np.ndarray  # [bond, 3] lattice translation of the second atom, Å
    lengths: np.ndarray  # [bond] Å
    temperature: float  # K


def reference(structure: Structure, temperature: float) -> Reference:
    """Bonds are pairs nearer than 1.25 times the sum of their covalent radii, nearest image in a periodic
    box.
    """
    from ase.data import covalent_radii

    first, second = np.triu_indices(len(structure), k=1)
    shifts = _nearest_shifts(structure, first, second)
    lengths = _lengths(structure.positions, first, second, shifts)
    radii = covalent_radii[structure.species]
    bonded = lengths < BONDED * (radii[first] + radii[second])
    pairs = np.stack([first[bonded], second[bonded]], axis=1)
    return Reference(pairs, shifts[bonded], lengths[bonded], temperature)


def is_unstable(start: Reference, positions: np.ndarray, temperature: float) -> bool:
    """Whether a bond deviates by more than 0.5 Å, T exceeds T₀ + 10,000 K, or a number is not finite.

    Positions are continuous, not wrapped into the box. Fu et al., TMLR 2023, arXiv 2210.07237.
    """
    if not (np.isfinite(positions).all() and np.isfinite(temperature)):
        return True
    if temperature > start.temperature + HEAT_TOLERANCE:
        return True
    now = _lengths(positions, start.pairs[:, 0], start.pairs[:, 1], start.shifts)
    return bool(np.any(np.abs(now - start.lengths) > BOND_TOLERANCE))


def _lengths(positions: np.ndarray, first: np.ndarray, second: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    return np.linalg.norm(positions[second] + shifts - positions[first], axis=1)


def _nearest_shifts(structure: Structure, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """For each pair the lattice translation, of −1, 0, 1 cells beyond rounding, that brings the second
    nearest to the first.
    """
    if not structure.periodic.any():
        return np.zeros((len(first), 3))
    cell = np.where(structure.periodic[:, None], structure.cell, np.eye(3))
    apart = structure.positions[second] - structure.positions[first]
    nearest = -np.round(apart @ np.linalg.inv(cell)) * structure.periodic
    ranges = [(-1, 0, 1) if p else (0,) for p in structure.periodic]
    choices = np.array(list(itertools.product(*ranges)), dtype=np.float64)
    shifts = (nearest[:, None, :] + choices[None, :, :]) @ cell
    best = np.argmin(np.linalg.norm(apart[:, None, :] + shifts, axis=2), axis=1)
    return shifts[np.arange(len(first)), best]
