"""A chiral molecule, molecules with a symmetry of their own, and networks that are compared on them."""

from __future__ import annotations

import numpy as np
from ase.build import molecule as built

from gaq.atoms.structure import Structure
from gaq.measure.groups import group_of, symmetrized
from gaq.measure.rotations import axis_rotation

# (R)-lactaldehyde, CC(O)C=O; from RDKit's ETKDG.
LACTALDEHYDE = Structure.molecule(
    np.array([6, 6, 8, 6, 8, 1, 1, 1, 1, 1, 1]),
    np.array(
        [
            (-1.2567, -0.2021, -0.2405),
            (0.2158, 0.1279, -0.3973),
            (0.3745, 1.5395, -0.3714),
            (1.0271, -0.5399, 0.7026),
            (1.8815, 0.0584, 1.3537),
            (-1.4311, -1.2822, -0.2756),
            (-1.6415, 0.1738, 0.7144),
            (-1.8451, 0.2756, -1.031),
            (0.587, -0.2441, -1.3574),
            (1.2385, 1.7123, 0.0551),
            (0.85, -1.6191, 0.8474),
        ]
    ),
)
MIRROR = np.diag([-1.0, 1.0, 1.0])
APART = np.array([0.0, 0.0, 5.0])  # Å, between the two molecules of a pair

# Generators of the point group of each molecule in ASE's axes.
C3 = axis_rotation(2, 2 * np.pi / 3)
GENERATORS = {
    "H2O": [MIRROR, np.diag([1.0, -1.0, 1.0])],
    "CH3CH2OH": [np.diag([1.0, 1.0, -1.0])],
    "C2H4": [MIRROR, np.diag([1.0, -1.0, 1.0]), np.diag([1.0, 1.0, -1.0])],
    "H3O": [C3, MIRROR],
    "C2H6": [C3, MIRROR, -np.eye(3)],
    "C6H6": [axis_rotation(2, np.pi / 3), MIRROR, np.diag([1.0, 1.0, -1.0])],
    "CH4": [np.roll(np.eye(3), 1, axis=0), np.diag([-1.0, -1.0, 1.0]), np.eye(3)[[1, 0, 2]]],
}
SHAPES = {"H3O": "NH3"}  # the hydronium ion with the geometry of ammonia
GROUPS = {"H2O": "C2v", "CH3CH2OH": "Cs", "C2H4": "D2h", "H3O": "C3v", "C2H6": "D3d", "C6H6": "D6h", "CH4": "Td"}


def symmetric(name: str) -> tuple[Structure, np.ndarray]:
    """Return a molecule with its point group exactly, and the operations."""
    atoms = built(SHAPES.get(name, name))
    species = np.where(atoms.numbers == 7, 8, atoms.numbers)
    operations = group_of(GENERATORS[name])
    return symmetrized(Structure.molecule(species, atoms.positions), operations), operations


def mirrored(structure: Structure) -> Structure:
    """Return the mirror image."""
    return structure.rotated(MIRROR)


def pair(one: Structure, other: Structure) -> Structure:
    """Return two molecules side by side."""
    return Structure.molecule(
        np.concatenate((one.species, other.species)), np.concatenate((one.positions, other.positions + APART))
    )
