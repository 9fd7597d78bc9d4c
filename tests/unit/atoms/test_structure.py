"""A structure moves, turns and is renumbered as a copy; the first one stays as it was."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.measure.rotations import haar_rotations
from tiny import box, molecule


@pytest.fixture
def rotation(rng):
    return haar_rotations(1, rng)[0]


def test_a_molecule_has_no_cell():
    water = molecule("H2O")
    assert len(water) == 3
    assert not water.periodic.any()
    assert (water.cell == 0).all()
    assert water.positions.dtype == np.float64
    assert water.species.dtype == np.int64


def test_positions_and_cell_turn_together(rotation):
    structure = box()
    turned = structure.rotated(rotation)
    for old, new in ((structure.positions, turned.positions), (structure.cell, turned.cell)):
        assert np.allclose(new, (rotation @ old.T).T, atol=1e-14)
    fractions = np.linalg.solve(structure.cell.T, structure.positions.T)
    assert np.allclose(np.linalg.solve(turned.cell.T, turned.positions.T), fractions, atol=1e-13)


def test_permuted_takes_atom_k_from_order_k():
    structure = box()
    order = np.array([3, 0, 5, 1, 2, 4])
    renumbered = structure.permuted(order)
    assert (renumbered.species == structure.species[order]).all()
    assert (renumbered.positions[0] == structure.positions[3]).all()
    assert (renumbered.cell == structure.cell).all()


def test_the_first_stays_as_it_was(rotation):
    structure = box()
    before = structure.positions.copy(), structure.cell.copy()
    structure.rotated(rotation).positions[:] = 0
    structure.moved(structure.positions + 1).positions[:] = 0
    structure.permuted(np.arange(6)).positions[:] = 0
    assert (structure.positions == before[0]).all()
    assert (structure.cell == before[1]).all()
    with pytest.raises(AttributeError):
        structure.positions = before[0]
