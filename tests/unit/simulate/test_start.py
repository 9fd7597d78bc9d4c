"""A run begins at the frame that was asked for, and knows what its atoms can do."""

from __future__ import annotations

from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase import Atoms, units
from ase.build import molecule

from gaq.errors import BadFile, UsageError
from gaq.simulate.start import freedom_of, read_start
from gaq.simulate.velocities import masses_of, thermal_velocities


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
