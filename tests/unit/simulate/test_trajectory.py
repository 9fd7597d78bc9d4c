"""A trajectory is read back by ASE with the same bits; taken up again, it is the one that was never left."""

from __future__ import annotations

from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase import units

from gaq.atoms.structure import Structure
from gaq.engine.motion import MotionState
from gaq.errors import UsageError
from gaq.simulate.integrate import run_nve
from gaq.simulate.trajectory import open_trajectory
from unit.measure import planted

ENDINGS = (".xyz", ".extxyz", ".traj")


def states(count: int) -> list[MotionState]:
    found: list[MotionState] = []
    run_nve(planted.PairEngine(), planted.ethanol(), count - 1, each_record=found.append)
    return found


def written(path: Path, given: list[MotionState], dt: float = 0.5) -> Path:
    trajectory = open_trajectory(path, dt)
    for state in given:
        trajectory.write(state)
    trajectory.close()
    return path


@pytest.mark.parametrize("ending", ENDINGS)
def test_ase_reads_the_same_bits(tmp_path, ending):
    given = states(6)
    frames = ase.io.read(written(tmp_path / f"t{ending}", given), ":")
    assert len(frames) == 6
    for frame, state in zip(frames, given, strict=True):
        assert (frame.positions == state.structure.positions).all()
        assert (frame.get_forces() == state.forces).all()
        assert frame.get_potential_energy() == state.energy
        assert np.abs(frame.get_velocities() * units.fs - state.velocities).max() < 1e-16
        assert (frame.info["time"], frame.info["step"]) == (state.step * 0.5, state.step)
        assert not frame.pbc.any()


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_box_is_written_with_its_lattice(tmp_path, ending):
    box = Structure(np.array([8, 1]), np.array([[0, 0, 0], [1.0, 0, 0]]), np.diag([4.0, 5, 6]), np.ones(3, bool))
    zeros = np.zeros((2, 3))
    frame = ase.io.read(written(tmp_path / f"t{ending}", [MotionState(box, zeros, np.ones(2), -1.0, zeros)]))
    assert (np.diag(frame.cell.array) == [4, 5, 6]).all()
    assert frame.pbc.all()


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("kept", [1, 2, 5, 11])
def test_what_goes_on_from_a_mark_has_the_bytes_of_what_never_stopped(tmp_path, ending, kept):
    """Also when more was written after the mark, and half a frame besides."""
    given = states(13)
    whole = written(tmp_path / f"whole{ending}", given)
    path = tmp_path / f"cut{ending}"
    first = open_trajectory(path, 0.5)
    for state in given[:kept]:
        first.write(state)
    mark = first.mark()
    first.write(given[0])
    first.close()
    with path.open("ab") as stream:
        stream.write(b"half a fr")
    again = open_trajectory(path, 0.5, mark)
    for state in given[kept:]:
        again.write(state)
    again.close()
    assert len(ase.io.read(path, ":")) == 13
    assert path.read_bytes() == whole.read_bytes()


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"dcd.*\.xyz"):
        open_trajectory(tmp_path / "t.dcd", 0.5)
