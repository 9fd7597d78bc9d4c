"""A run begins at the frame that was asked for, and knows what its atoms can do."""

from __future__ import annotations

from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase import Atoms, units
from ase.build import molecule
from ase.constraints import FixAtoms, FixBondLength, FixCartesian, FixedPlane, Hookean

from gaq.atoms.from_ase import from_ase
from gaq.errors import BadFile, BadStructure, UsageError
from gaq.simulate.start import freedom_of, read_start
from gaq.simulate.velocities import kinetic_temperature, masses_of, thermal_velocities


@pytest.fixture
def frames(tmp_path):
    found = [molecule("CH3CH2OH") for _ in range(3)]
    for number, atoms in enumerate(found):
        atoms.positions += number
    found[2].set_velocities(np.full((9, 3), 0.01) / units.fs)
    ase.io.write(tmp_path / "frames.xyz", found)
    return tmp_path / "frames.xyz"


def test_frames_are_counted_from_both_ends(frames):
    assert np.ptp(read_start(frames, 1).structure.positions[:, 0]) > 0
    one, last = read_start(frames, 1), read_start(frames, -1)
    assert np.allclose(last.structure.positions - one.structure.positions, 1)
    for frame in (3, -4):
        with pytest.raises(UsageError, match="has 3 frames"):
            read_start(frames, frame)


def test_momenta_come_along(frames):
    assert read_start(frames, 0).velocities is None or not np.any(read_start(frames, 0).velocities)
    velocities = read_start(frames, 2).velocities
    assert velocities is not None
    assert np.allclose(velocities, 0.01)


def test_an_npz_is_a_start(embedded):
    assert len(read_start(embedded, 2).structure) == 9
    assert read_start(embedded, -1).velocities is None


@pytest.fixture
def embedded():
    from gaq.data.read import embedded_file

    return Path(embedded_file())


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(BadFile):
        read_start(tmp_path / "none.xyz")


@pytest.mark.parametrize(
    ("atoms", "still", "langevin"),
    [
        (molecule("CH3CH2OH"), 21, 24),
        (molecule("CO2"), 4, 6),
        (molecule("O2"), 1, 3),
        (Atoms("O"), 0, 0),
        (Atoms("O4", positions=np.eye(4, 3), cell=[5, 5, 5], pbc=True), 9, 9),
    ],
)
def test_degrees_of_freedom(atoms, still, langevin):
    from gaq.atoms.from_ase import from_ase

    structure = from_ase(atoms)
    masses = masses_of(structure)
    drawn = thermal_velocities(structure, masses, 300.0, np.random.default_rng(0))
    assert freedom_of(structure, masses, drawn, None) == still
    assert freedom_of(structure, masses, drawn, "langevin") == langevin
    moving = drawn + np.array([0.01, 0, 0])
    assert freedom_of(structure, masses, moving, None) == still + 3


def written(path, **changes):
    atoms = molecule("CH3CH2OH")
    for name, values in changes.items():
        atoms.set_array(name, np.asarray(values))
    ase.io.write(path, atoms)
    return path


HEAVY = np.where(molecule("CH3CH2OH").numbers == 1, 2.014, molecule("CH3CH2OH").get_masses())


@pytest.mark.parametrize("column", ["masses", "mass"])
def test_masses_of_the_file_are_used(tmp_path, column):
    assert read_start(written(tmp_path / "d.xyz", **{column: HEAVY})).masses.tolist() == HEAVY.tolist()


def test_momenta_belong_to_the_masses_of_the_file(tmp_path):
    atoms = molecule("CH3CH2OH")
    atoms.set_masses(HEAVY)
    atoms.set_velocities(np.full((9, 3), 0.25 / units.fs))
    ase.io.write(tmp_path / "d.traj", atoms)
    assert np.allclose(read_start(tmp_path / "d.traj").velocities, 0.25, atol=1e-15)


@pytest.mark.parametrize("wrong", [np.zeros(9), np.full(9, -1.0), np.full(9, np.nan), np.full(9, 1e6), ["H"] * 9])
def test_masses_that_are_none_are_refused(tmp_path, wrong):
    with pytest.raises(BadStructure, match="mass"):
        read_start(written(tmp_path / "d.xyz", mass=wrong))


@pytest.mark.parametrize("ending", ["xyz", "traj", "json"])
def test_fixed_atoms_stay_fixed(tmp_path, ending):
    atoms = molecule("CH3CH2OH")
    atoms.set_constraint([FixAtoms([0, 2]), FixCartesian(5)])
    ase.io.write(tmp_path / f"f.{ending}", atoms)
    assert np.flatnonzero(read_start(tmp_path / f"f.{ending}").fixed).tolist() == [0, 2, 5]


@pytest.mark.parametrize(
    "constraint",
    [FixBondLength(0, 1), FixCartesian(0, (True, False, False)), FixedPlane(0, (0, 0, 1)), Hookean(0, 1, 5.0, 1.0)],
    ids=lambda constraint: type(constraint).__name__,
)
def test_other_constraints_are_refused(tmp_path, constraint):
    atoms = molecule("CH3CH2OH")
    atoms.set_constraint(constraint)
    ase.io.write(tmp_path / "f.traj", atoms)
    with pytest.raises(BadStructure, match=type(constraint).__name__.replace("FixBondLength", "FixBondLengths?")):
        read_start(tmp_path / "f.traj")


def test_nothing_that_moves_is_refused(tmp_path):
    atoms = molecule("CH3CH2OH")
    atoms.set_constraint(FixAtoms(range(9)))
    ase.io.write(tmp_path / "f.traj", atoms)
    with pytest.raises(BadStructure, match="all are fixed"):
        read_start(tmp_path / "f.traj")


def test_what_has_no_effect_is_told(tmp_path):
    atoms = molecule("CH3CH2OH", cell=[20, 20, 20])
    atoms.set_initial_charges(np.full(9, 0.1))
    atoms.set_initial_magnetic_moments(np.ones(9))
    atoms.set_array("velocities", np.ones((9, 3)))
    atoms.info["charge"] = -1
    ase.io.write(tmp_path / "c.xyz", atoms)
    notes = " ".join(read_start(tmp_path / "c.xyz").notes)
    for what in ("charges of atoms", "magnetic moments", "(charge)", "column velocities", "has a cell but no periodic"):
        assert what in notes
    assert read_start(written(tmp_path / "plain.xyz", initial_charges=np.zeros(9))).notes == ()


def test_beside_fixed_atoms_all_others_are_free():
    structure, fixed = from_ase(molecule("CH3CH2OH")), np.arange(9) == 0
    masses = masses_of(structure)
    drawn = thermal_velocities(structure, masses, 300.0, np.random.default_rng(0), fixed)
    assert not drawn[0].any()
    assert kinetic_temperature(structure, masses, drawn, 24) == pytest.approx(300.0)
    for thermostat in (None, "langevin", "csvr"):
        assert freedom_of(structure, masses, drawn, thermostat, fixed) == 24
