"""Neighbour pairs are those of a brute force over images, in canonical order, whatever path finds them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gaq.atoms import neighbors
from gaq.atoms.neighbors import Neighbors, find_neighbors
from gaq.atoms.structure import Structure

CUTOFF = 5.0


def brute_force(structure: Structure, cutoff: float, reach: int = 4) -> list[tuple[int, ...]]:
    """Every pair (receiver, sender, shift) closer than the cutoff, over images up to `reach` cells away."""
    images = [range(-reach, reach + 1) if p else (0,) for p in structure.periodic]
    found = []
    for i, j in itertools.product(range(len(structure)), repeat=2):
        for shift in itertools.product(*images):
            if i == j and not any(shift):
                continue
            arm = structure.positions[j] + np.array(shift) @ structure.cell - structure.positions[i]
            if np.sqrt(arm @ arm) < cutoff:
                found.append((i, j, *shift))
    return found


def listed(pairs: Neighbors) -> list[tuple[int, ...]]:
    return [tuple(row) for row in np.column_stack([pairs.receiver, pairs.sender, pairs.shift]).tolist()]


TRICLINIC = np.array([[5.1, 0.0, 0.0], [1.9, 4.7, 0.0], [-1.3, 0.8, 5.6]])
CASES = {
    "molecule": (9, np.zeros((3, 3)), (False, False, False)),
    "cube": (7, np.eye(3) * 6.0, (True, True, True)),
    "triclinic": (6, TRICLINIC, (True, True, True)),
    "small-cell": (1, np.eye(3) * 2.3, (True, True, True)),
    "small-triclinic": (2, TRICLINIC * 0.55, (True, True, True)),
    "wire": (4, np.diag([0.0, 4.4, 0.0]), (False, True, False)),
    "slab": (5, TRICLINIC * np.array([[1.0], [1.0], [0.0]]), (True, True, False)),
    "slab-across": (5, TRICLINIC * np.array([[1.0], [0.0], [1.0]]), (True, False, True)),
}


@pytest.mark.parametrize("name", CASES)
def test_pairs_are_those_of_brute_force(name, rng):
    atoms, cell, periodic = CASES[name]
    # Also atoms outside the box: nobody has wrapped them.
    positions = rng.uniform(-4, 9, (atoms, 3))
    structure = Structure(np.full(atoms, 8), positions, cell, np.array(periodic))
    expected = brute_force(structure, CUTOFF, reach=6)
    assert len(expected) > 0
    found = find_neighbors(structure, CUTOFF)
    assert listed(found) == sorted(expected)
    assert found.receiver.dtype == found.sender.dtype == found.shift.dtype == np.int64


def test_an_atom_sees_its_images_and_not_itself():
    structure = Structure(np.array([8]), np.zeros((1, 3)), np.eye(3) * 3.0, np.ones(3, dtype=bool))
    found = find_neighbors(structure, 3.1)
    assert sorted(map(tuple, found.shift.tolist())) == sorted(
        tuple(sign * np.eye(3, dtype=int)[axis]) for axis in range(3) for sign in (1, -1)
    )


def test_the_box_of_a_direction_that_is_not_periodic_does_not_count():
    structure = Structure(
        np.array([8, 8]), np.array([[0.0, 0, 0], [0, 0, 1.0]]), np.eye(3) * 3, np.array([True, False, False])
    )
    flat = Structure(structure.species, structure.positions, np.diag([3.0, 0, 0]), structure.periodic)
    assert listed(find_neighbors(structure, CUTOFF)) == listed(find_neighbors(flat, CUTOFF))
    assert set(np.abs(find_neighbors(structure, CUTOFF).shift).max(axis=0)) == {1, 0}


@pytest.mark.parametrize("periodic", [False, True])
def test_nothing_and_nobody_near(periodic):
    for positions in (np.zeros((0, 3)), np.zeros((1, 3)), np.array([[0.0, 0, 0], [20.0, 0, 0]])):
        structure = Structure(np.full(len(positions), 6), positions, np.eye(3) * 60.0 * periodic, np.full(3, periodic))
        found = find_neighbors(structure, CUTOFF)
        assert found.receiver.shape == found.sender.shape == (0,)
        assert found.shift.shape == (0, 3)


def test_the_cutoff_itself_is_outside():
    structure = Structure.molecule([8, 8], [[0.0, 0, 0], [0, 3.0, 4.0]])
    assert listed(find_neighbors(structure, 5.0)) == []
    assert listed(find_neighbors(structure, np.nextafter(5.0, 6))) == [(0, 1, 0, 0, 0), (1, 0, 0, 0, 0)]


@pytest.mark.parametrize("place", [0.0, -1e3])
def test_large_molecules_take_another_path_to_the_same_pairs(place, rng, monkeypatch):
    """Above the limit ASE searches, which is given a cell of zeros."""
    structure = Structure.molecule(np.full(90, 6), place + rng.uniform(0, 14, (90, 3)))
    dense = find_neighbors(structure, CUTOFF)
    monkeypatch.setattr(neighbors, "DENSE_LIMIT", 20)
    searched = find_neighbors(structure, CUTOFF)
    assert listed(searched) == listed(dense)
    assert len(dense.receiver) > 500


def test_a_molecule_beyond_the_limit(rng):
    count = neighbors.DENSE_LIMIT + 50
    structure = Structure.molecule(np.full(count, 6), rng.uniform(0, 30, (count, 3)))
    distance = np.linalg.norm(structure.positions[None] - structure.positions[:, None], axis=-1)
    expected = np.argwhere((distance < CUTOFF) & ~np.eye(count, dtype=bool))
    found = find_neighbors(structure, CUTOFF)
    assert (np.column_stack([found.receiver, found.sender]) == expected).all()


def test_turning_a_box_leaves_the_pairs(rng):
    from gaq.measure.rotations import haar_rotations

    structure = Structure(np.full(6, 8), rng.uniform(0, 5, (6, 3)), TRICLINIC, np.ones(3, dtype=bool))
    before = listed(find_neighbors(structure, CUTOFF))
    for rotation in haar_rotations(3, rng):
        assert listed(find_neighbors(structure.rotated(rotation), CUTOFF)) == before
