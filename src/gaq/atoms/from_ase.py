"""ase.Atoms ⇄ Structure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gaq.atoms.checks import check_structure
from gaq.atoms.structure import Structure

if TYPE_CHECKING:
    from ase import Atoms


def from_ase(atoms: Atoms, index: int = 0, where: str = "") -> Structure:
    """Return the atoms as a Structure, checked; `index` and `where` name the structure in errors. Raises
    BadStructure.
    """
    structure = as_structure(atoms)
    check_structure(structure, index, where)
    return structure


def as_structure(atoms: Atoms) -> Structure:
    """Return the atoms as a Structure, for an engine, which checks by itself; lengths in Å, lattice vectors as rows.

    Lattice vectors of directions that are not periodic are dropped: they carry no physics, and a molecule
    in a large empty box is a molecule.
    """
    periodic = np.array(atoms.pbc, dtype=bool)
    return Structure(
        np.array(atoms.numbers, dtype=np.int64),
        np.array(atoms.positions, dtype=np.float64),
        np.where(periodic[:, None], np.array(atoms.cell, dtype=np.float64), 0.0),
        periodic,
    )


def to_ase(structure: Structure) -> Atoms:
    """Return the same atoms for ASE, without a calculator; nothing is shared with the Structure."""
    from ase import Atoms

    return Atoms(
        numbers=structure.species.copy(),
        positions=structure.positions.copy(),
        cell=structure.cell.copy(),
        pbc=structure.periodic.copy(),
    )
