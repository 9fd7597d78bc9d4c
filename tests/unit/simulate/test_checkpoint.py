"""A checkpoint gives back every bit, and refuses what is not one or belongs to another run."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.errors import BadFile, UsageError
from gaq.simulate.checkpoint import Checkpoint, check_same, load, save
from gaq.simulate.integrate import start
from unit.measure import planted


def test_every_bit_comes_back(tmp_path):
    state = start(planted.PairEngine(), planted.ethanol(), 300.0)
    marks = {"bytes": 2**40, "frames": 3, "table": 48}
    save(tmp_path / "run.state", Checkpoint(state, planted.ethanol().positions, marks, {"bytes": 1}, {"dt": 0.1}))
    found = load(tmp_path / "run.state")
    assert (found.trajectory, found.log, found.told) == (marks, {"bytes": 1}, {"dt": 0.1})
    for one, two in (
        (found.state.structure.positions, state.structure.positions),
        (found.state.structure.species, state.structure.species),
        (found.state.velocities, state.velocities),
        (found.state.forces, state.forces),
        (found.state.masses, state.masses),
        (found.first, planted.ethanol().positions),
    ):
        assert np.array_equal(one, two)
    assert (found.state.energy, found.state.step, found.state.heat) == (state.energy, 0, 0.0)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"text"])
def test_what_is_no_checkpoint_is_refused(tmp_path, content):
    (tmp_path / "run.state").write_bytes(content)
    with pytest.raises(BadFile, match=r"run\.state"):
        load(tmp_path / "run.state")


def test_arrays_of_something_else_are_refused(tmp_path):
    with (tmp_path / "run.state").open("wb") as stream:
        np.savez(stream, positions=np.zeros(3))
    with pytest.raises(BadFile, match="not the checkpoint"):
        load(tmp_path / "run.state")


def test_what_was_told_must_be_the_same(tmp_path):
    told = {"dt": 0.5, "seed": 1}
    check_same(tmp_path / "s", told, dict(told))
    with pytest.raises(UsageError, match=r"dt was 0\.5 and is 0\.25; seed was 1 and is 2"):
        check_same(tmp_path / "s", told, {"dt": 0.25, "seed": 2})
