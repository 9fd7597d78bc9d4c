"""A trajectory is read back by ASE with the same bits."""

from __future__ import annotations

import ase.io
import numpy as np
import pytest

from gaq.atoms.structure import Structure
from gaq.errors import BadFile
from gaq.simulate.integrate import State, run_nve
from gaq.simulate.trajectory import write_trajectory
from unit.measure import planted


def test_ase_reads_the_same_bits(tmp_path):
    states: list[State] = []
    run_nve(planted.PairEngine(), planted.ethanol(), 5, each_record=states.append)
    write_trajectory(tmp_path / "t.xyz", states, dt=0.5)
    frames = ase.io.read(tmp_path / "t.xyz", ":")
    assert len(frames) == 6
    for frame, state in zip(frames, states, strict=True):
        assert (frame.positions == state.structure.positions).all()
        assert (frame.get_forces() == state.forces).all()
        assert frame.get_potential_energy() == state.energy
        assert (frame.arrays["velocities"] == state.velocities).all()
        assert frame.info["time"] == state.step * 0.5
        assert not frame.pbc.any()


def test_a_box_is_written_with_its_lattice(tmp_path):
    box = Structure(np.array([8, 1]), np.array([[0, 0, 0], [1.0, 0, 0]]), np.diag([4.0, 5, 6]), np.ones(3, bool))
    zeros = np.zeros((2, 3))
    write_trajectory(tmp_path / "t.xyz", [State(box, zeros, np.ones(2), -1.0, zeros)], dt=1.0)
    frame = ase.io.read(tmp_path / "t.xyz")
    assert (np.diag(frame.cell.array) == [4, 5, 6]).all()
    assert frame.pbc.all()


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(BadFile):
        write_trajectory(tmp_path / "no" / "t.xyz", [], dt=1.0)
