"""i-PI gets what ASE gets, in atomic units, with the virial."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import molecule as g2_molecule
from ase.calculators.emt import EMT

from gaq.engine.ase import AseEngine
from gaq.errors import BadStructure, UnsupportedElement, UsageError
from gaq.simulate.ipi_pes import Driver
from gaq.units import BOHR, HARTREE
from tiny import molecule
from unit.measure import planted
from unit.simulate.hosted import ETHANOL, SYSTEMS, by_ase, differ, ethanol_at_rest, system, tiny_engine


@pytest.mark.parametrize("name", SYSTEMS)
def test_energy_forces_and_virial_are_those_of_ase(name):
    engine, structure = system(name)
    expected = by_ase(engine, structure)
    energy, forces, virial, text = Driver(structure, engine)(structure.cell.T / BOHR, structure.positions / BOHR)
    assert energy * HARTREE == pytest.approx(expected.get_potential_energy(), rel=1e-14)
    assert differ(forces * HARTREE / BOHR, expected.get_forces()) < 1e-13
    assert differ(1.0001 * forces * HARTREE / BOHR, expected.get_forces()) > 1e-13  # the comparison can fail
    assert text == ""
    if structure.periodic.any():
        stress = -virial * HARTREE / expected.cell.volume
        assert differ(stress, expected.get_stress(voigt=False)) < 1e-12
        assert differ(stress.T + 1e-4 * np.abs(stress).max(), expected.get_stress(voigt=False)) > 1e-12


def test_a_list_is_one_batch_with_the_same_bits():
    structure, engine = molecule("CH3NO2"), tiny_engine()
    driver = Driver(structure, engine)
    cells, positions = [np.eye(3)] * 3, [structure.positions + 0.01 * k * np.eye(7, 3) for k in range(3)]
    for one, together in zip(map(driver, cells, positions), driver(cells, positions), strict=True):
        assert one[0] == together[0]
        assert (one[1] == together[1]).all()


def test_the_template_comes_from_a_file(tmp_path):
    (tmp_path / "a.xyz").write_text("2\n\nO 0 0 0\nH 0 0 1\n")
    driver = Driver(str(tmp_path / "a.xyz"), tiny_engine(), threads="1")
    assert driver.template.species.tolist() == [8, 1]


def test_other_atoms_than_those_of_the_template():
    with pytest.raises(BadStructure, match="i-PI has 4 atoms and the template 9"):
        Driver(ethanol_at_rest(), ETHANOL)(np.eye(3), np.zeros((4, 3)))


def test_an_element_that_the_model_does_not_know():
    with pytest.raises(UnsupportedElement, match="nitrogen"):
        Driver(molecule("CH3NO2"), ETHANOL)


def test_an_engine_without_a_virial():
    with pytest.raises(UsageError, match="no virial"):
        Driver(molecule("H2O"), AseEngine(EMT()))


ATOMS = g2_molecule("CH3CH2OH")
PLAIN = "9\n@\n" + "".join(
    f"{s} {x} {y} {z}\n" for s, (x, y, z) in zip(ATOMS.symbols, ATOMS.positions.tolist(), strict=True)
)


class Pairs(planted.PairEngine):
    """Gives no virial that means anything, and sees four ångströms."""

    gives_virial = True


@pytest.mark.parametrize(
    ("comment", "edge", "periodic"),
    [
        ("# CELL(abcABC): 6 6 6 90 90 90 positions{angstrom} cell{angstrom}", 6.0, True),
        ('Lattice="6 0 0 0 6 0 0 0 6"', 6.0, True),
        ('pbc="F F F"', 6.0, False),
        ("ethanol", 50.0, False),
    ],
)
def test_periodicity_is_what_the_file_says(tmp_path, comment, edge, periodic):
    (tmp_path / "init.xyz").write_text(PLAIN.replace("@", comment))
    driver = Driver(tmp_path / "init.xyz", Pairs())
    seen = []
    driver.engine.one = lambda structure: seen.append(structure) or planted.PairEngine().one(structure)
    driver(np.eye(3) * edge / BOHR, ATOMS.positions / BOHR)
    assert seen[0].periodic.tolist() == [periodic] * 3
    assert np.allclose(seen[0].cell, np.eye(3) * edge * periodic)


def test_a_file_that_says_nothing_is_asked_where_it_matters(tmp_path):
    (tmp_path / "init.xyz").write_text(PLAIN.replace("@", "ethanol"))
    engine = Pairs()
    driver = Driver(tmp_path / "init.xyz", engine)
    with pytest.raises(BadStructure, match="does not say whether it is periodic"):
        driver(np.eye(3) * 6.0 / BOHR, driver.template.positions / BOHR)
    engine.cutoff = None  # one that may see anywhere
    with pytest.raises(BadStructure, match="does not say whether it is periodic"):
        driver(np.eye(3) * 50.0 / BOHR, driver.template.positions / BOHR)
