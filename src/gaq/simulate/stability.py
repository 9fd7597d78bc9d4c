"""Detect broken simulations: a bond off by half an ångström, or an impossible temperature."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gaq.atoms.distances import neighbor_lengths
from gaq.atoms.structure import Structure

BOND_TOLERANCE = 0.5  # Å
HEAT_TOLERANCE = 10_000.0  # K above the start
BONDED = 1.25  # times the sum of covalent radii


@dataclass(frozen=True, eq=False)
class StabilityReference:
    """The bonds of the first structure, their lengths, and the initial temperature."""

    pairs: np.ndarray  # [bond, 2]
    shifts: np.ndarray  # [bond, 3] lattice translation of the second atom, Å
    lengths: np.ndarray  # [bond] Å
    temperature: float  # K

    def without_bonds(self) -> StabilityReference:
        """Return a reference for reactions, where only the temperature counts."""
        return replace(self, pairs=self.pairs[:0], shifts=self.shifts[:0], lengths=self.lengths[:0])


def reference(structure: Structure, temperature: float) -> StabilityReference:
    """Return the reference; bonds are pairs closer than 1.25 times the sum of covalent radii, nearest image if
    periodic.
    """
    from ase.data import covalent_radii

    radii = covalent_radii[structure.species]
    pairs, lengths = neighbor_lengths(structure, 2 * BONDED * float(radii.max()))
    first, second = pairs.receiver, pairs.sender
    bonded = (first < second) & (lengths < BONDED * (radii[first] + radii[second]))
    shifts = pairs.shift[bonded] @ structure.cell
    return StabilityReference(np.stack([first[bonded], second[bonded]], axis=1), shifts, lengths[bonded], temperature)


def is_unstable(start: StabilityReference, positions: np.ndarray, temperature: float) -> bool:
    """Return whether a bond deviates by more than 0.5 Å, T exceeds T₀ + 10,000 K, or a number is not finite.

    Positions are continuous, not wrapped into the box. Fu et al., TMLR 2023, arXiv 2210.07237.
    """
    if not (np.isfinite(positions).all() and np.isfinite(temperature)):
        return True
    return temperature > start.temperature + HEAT_TOLERANCE or bool(np.any(_off(start, positions) > BOND_TOLERANCE))


@dataclass(frozen=True)
class Fault:
    """What is out of bounds, in words, and whether it is a bond."""

    sentence: str
    bond: bool


def complaint(start: StabilityReference, structure: Structure, temperature: float) -> Fault | None:
    """Return the finding of `is_unstable` in words; None if there is none."""
    if not is_unstable(start, structure.positions, temperature):
        return None
    off = _off(start, structure.positions)
    if len(off) and np.isfinite(off).all() and off.max() > BOND_TOLERANCE:
        from ase.data import chemical_symbols

        worst = int(off.argmax())
        first, second = start.pairs[worst]
        names = "-".join(chemical_symbols[structure.species[atom]] for atom in (first, second))
        return Fault(
            f"the bond {names} of atoms {first} and {second}, {start.lengths[worst]:.2f} Å at the start, is off by "
            f"{off[worst]:.2f} Å",
            bond=True,
        )
    return Fault(f"the temperature is {temperature:.0f} K; the run began at {start.temperature:.0f} K", bond=False)


def _off(start: StabilityReference, positions: np.ndarray) -> np.ndarray:
    now = _lengths(positions, start.pairs[:, 0], start.pairs[:, 1], start.shifts)
    return np.abs(now - start.lengths)


def _lengths(positions: np.ndarray, first: np.ndarray, second: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    return np.linalg.norm(positions[second] + shifts - positions[first], axis=1)
