"""The calculator gives ASE what the engine says, and users the errors that engines give."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import PropertyNotImplementedError, all_changes
from ase.calculators.fd import calculate_numerical_stress

from built import native_library
from gaq.atoms.from_ase import to_ase
from gaq.engine.packing import packed_in_memory
from gaq.errors import BadFile, BadStructure, UnsupportedElement
from gaq.quant.install import preset
from gaq.simulate.calculator import Calculator
from tiny import box, config, network
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


@pytest.mark.parametrize("change", ["positions", "numbers", "cell", "pbc", "atoms"])
def test_every_change_that_matters_is_noticed(change):
    atoms = ethanol()
    atoms.set_cell([20, 20, 20])
    atoms.get_forces()
    assert atoms.calc.check_state(atoms) == []
    if change == "positions":
        atoms.positions[0, 0] = np.nextafter(atoms.positions[0, 0], np.inf)
    elif change == "numbers":
        atoms.numbers[0] = 8
    elif change == "cell":
        atoms.set_cell([20, 20, 21])
    elif change == "pbc":
        atoms.pbc = (True, False, False)
    else:
        del atoms[0]
    assert atoms.calc.check_state(atoms) == (list(all_changes) if change == "atoms" else [change])


def test_a_second_question_costs_nothing():
    atoms = ethanol()
    atoms.get_forces()
    atoms.calc.engine = None
    assert np.isfinite(atoms.get_potential_energy())
    atoms.set_initial_magnetic_moments([1.0] * len(atoms))
    assert np.isfinite(atoms.get_potential_energy())


def test_forces_that_are_handed_out_are_a_copy():
    atoms = ethanol()
    atoms.get_forces()[:] = 0
    assert np.abs(atoms.get_forces()).max() > 0


class Sprung(planted.PairEngine):
    """An engine that gives a virial: that of one spring between the first two atoms."""

    def evaluate(self, structures):
        return [replace(p, virial=np.diag([1.0, 2.0, 3.0]) + 0.5) for p in super().evaluate(structures)]


def test_the_stress_of_a_box_is_its_virial_per_volume():
    atoms = ethanol()
    atoms.set_cell([10, 10, 20])
    atoms.pbc = True
    atoms.calc = Calculator(Sprung())
    assert atoms.get_stress() * 2000 == pytest.approx([1.5, 2.5, 3.5, 0.5, 0.5, 0.5])
    assert atoms.get_stress(voigt=False)[0, 1] * 2000 == pytest.approx(0.5)


def test_without_a_box_or_a_virial_there_is_no_stress():
    atoms = ethanol()
    atoms.calc = Calculator(Sprung())
    with pytest.raises(PropertyNotImplementedError):
        atoms.get_stress()
    atoms.set_cell([10, 10, 20])
    atoms.pbc = True
    atoms.calc = Calculator(planted.PairEngine())
    with pytest.raises(PropertyNotImplementedError):
        atoms.get_stress()


def test_the_stress_is_the_slope_of_the_energy(tmp_path):
    native_library()
    atoms = to_ase(box())
    content = packed_in_memory(network(config()), preset("fp32"))
    (tmp_path / "tiny.gaq").write_bytes(content)
    atoms.calc = Calculator(tmp_path / "tiny.gaq")
    stress = atoms.get_stress(voigt=False)
    numeric = calculate_numerical_stress(atoms, eps=2e-3, voigt=False)
    assert np.abs(stress - numeric).max() < 0.02 * np.abs(stress).max()
    assert np.abs(stress).max() > 1e-3


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
