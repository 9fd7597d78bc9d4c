"""The calculator gives ASE what the engine says, and users the errors that engines give."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from ase import Atoms

from gaq.atoms.from_ase import to_ase
from gaq.errors import BadFile, BadStructure, UnsupportedElement
from gaq.simulate.calculator import Calculator
from unit.measure import planted


def ethanol() -> Atoms:
    atoms = to_ase(planted.ethanol())
    atoms.calc = Calculator(planted.PairEngine())
    return atoms


def test_energy_and_forces_are_those_of_the_engine():
    atoms = ethanol()
    expected = planted.PairEngine().one(planted.ethanol())
    assert atoms.get_potential_energy() == atoms.get_potential_energy(force_consistent=True) == expected.energy
    assert (atoms.get_forces() == expected.forces).all()


def test_what_has_moved_is_computed_again():
    atoms = ethanol()
    before = atoms.get_potential_energy()
    atoms.positions[0, 0] += 0.1
    assert atoms.get_potential_energy() != before


def test_forces_that_are_handed_out_are_a_copy():
    atoms = ethanol()
    atoms.get_forces()[:] = 0
    assert np.abs(atoms.get_forces()).max() > 0


@pytest.mark.parametrize(
    ("atoms", "error", "text"),
    [
        (Atoms(), BadStructure, "no atoms"),
        (Atoms("CO", [[0, 0, 0], [0, 0, np.nan]]), BadStructure, "not finite"),
        (Atoms("CO", [[0, 0, 0], [0, 0, 0.01]]), BadStructure, "closer"),
        (Atoms("CN", [[0, 0, 0], [0, 0, 1.1]]), UnsupportedElement, "knows H, C, O"),
    ],
)
def test_bad_atoms_are_told(atoms, error, text):
    atoms.calc = Calculator(planted.PairEngine())
    with pytest.raises(error, match=text):
        atoms.get_potential_energy()


def test_a_path_that_is_no_model_is_told(tmp_path):
    with pytest.raises(BadFile):
        Calculator(tmp_path / "none.ckpt")


def test_importing_it_does_not_import_torch():
    modules = "gaq.simulate.calculator, gaq.measure, gaq.report.tables"
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
