"""ase.Atoms to Structure and back."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from gaq.atoms.from_ase import from_ase, to_ase
from gaq.errors import BadStructure


def test_there_and_back():
    atoms = Atoms("HOH", positions=np.eye(3), cell=[[6, 0, 0], [1, 6, 0], [0, 0, 6]], pbc=[True, True, False])
    structure = from_ase(atoms)
    assert structure.species.tolist() == [1, 8, 1]
    assert structure.positions.dtype == np.float64
    assert structure.periodic.tolist() == [True, True, False]
    assert structure.cell[2].tolist() == [0, 0, 0]
    again = from_ase(to_ase(structure))
    np.testing.assert_array_equal(again.positions, structure.positions)
    np.testing.assert_array_equal(again.cell, structure.cell)


def test_the_box_of_a_molecule_is_dropped():
    atoms = Atoms("He", cell=[50, 50, 50], pbc=False)
    assert not from_ase(atoms).cell.any()


def test_nothing_is_shared():
    atoms = molecule("H2O")
    structure = from_ase(atoms)
    atoms.positions += 1
    back = to_ase(structure)
    back.positions += 1
    np.testing.assert_array_equal(structure.positions, molecule("H2O").positions)


@pytest.mark.parametrize(
    ("atoms", "words"),
    [
        (Atoms(), "no atoms"),
        (Atoms("HH", positions=[[0, 0, 0], [0, 0, np.nan]]), "not finite"),
        (Atoms("HH", positions=[[0, 0, 0], [0, 0, 0.1]]), "atoms 0 and 1"),
        (Atoms("XH", positions=np.eye(3)[:2]), "atomic number 0"),
        (Atoms("H", pbc=True), "no volume"),
    ],
)
def test_bad_atoms_are_refused(atoms, words):
    with pytest.raises(BadStructure, match=rf"a\.xyz, structure 2 .*{words}"):
        from_ase(atoms, 2, "a.xyz")
