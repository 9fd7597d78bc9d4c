"""Skewed cells are reduced to the same lattice, and checks of structures cost little whatever the cell."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from gaq.atoms.checks import check_structure
from gaq.atoms.distances import closest_within
from gaq.atoms.lattice import completed_cell, reduction
from gaq.atoms.neighbors import find_neighbors
from gaq.atoms.structure import Structure
from gaq.errors import BadStructure

TWO = np.array([[0.0, 0, 0], [1.5, 0, 0]])
SECONDS = 20.0  # of processor time; a fault takes minutes or all memory


def carbon(positions: np.ndarray, cell: np.ndarray, periodic: tuple[bool, ...] = (True, True, True)) -> Structure:
    kept = np.where(np.array(periodic)[:, None], cell, 0.0)
    return Structure(np.full(len(positions), 6), np.asarray(positions, dtype=float), kept, np.array(periodic))


def shortest(structure: Structure, limit: float, reach: int = 6) -> float:
    images = [range(-reach, reach + 1) if p else (0,) for p in structure.periodic]
    shifts = np.array(list(itertools.product(*images)))
    best = np.inf
    for i, j in itertools.product(range(len(structure)), repeat=2):
        between = structure.positions[j] + shifts @ structure.cell - structure.positions[i]
        lengths = np.linalg.norm(between, axis=1)
        lengths = lengths[shifts.any(axis=1)] if i == j else lengths
        best = min(best, lengths.min(initial=np.inf))
    return best if best < limit else np.inf


@pytest.mark.parametrize("seed", range(40))
def test_the_closest_pair_is_that_of_brute_force(seed):
    rng = np.random.default_rng(seed)
    cell = rng.uniform(1.5, 5) * (np.eye(3) + rng.uniform(-0.5, 0.5, (3, 3)))
    periodic = tuple(bool(p) for p in rng.random(3) < 0.7)
    structure = carbon(rng.random((6, 3)) @ cell, cell, periodic)
    limit = rng.uniform(0.2, 1.5)
    distance, pair = closest_within(structure, limit)
    assert distance == pytest.approx(shortest(structure, limit), abs=1e-9)
    assert pair[0] <= pair[1] < 6


CELLS = {
    "huge": 1e9 * np.eye(3),
    "huge along one axis": np.diag([1e9, 3.0, 3.0]),
    "needle": np.array([[11.0, 0, 0], [10.5, 1.9, 0], [10.7, 0.3, 2.4]]),
    "sheared far": np.array([[5.0, 0, 0], [5e2, 5, 0], [-3e2, 7e2, 5]]),
    "tiny": 0.3 * np.eye(3),
}


@pytest.mark.parametrize("name", CELLS)
def test_any_cell_is_checked_at_once(name):
    began = time.process_time()
    check_structure(carbon(TWO[:1] if name == "tiny" else TWO, CELLS[name]))
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize(
    "cell", [0.01 * np.eye(3), np.diag([5, 5, 1e-4]), np.array([[5.0, 0, 0], [5, 1e-5, 0], [0, 0, 5]])]
)
def test_lattice_vectors_shorter_than_any_distance_are_refused(cell):
    began = time.process_time()
    with pytest.raises(BadStructure, match="closer than 0.2 Å|no volume"):
        check_structure(carbon(TWO[:1], cell))
    assert time.process_time() - began < SECONDS


def test_many_atoms():
    axes = 1.5 * np.arange(50)
    grid = np.stack(np.meshgrid(axes, axes, axes), axis=-1).reshape(-1, 3)
    began = time.process_time()
    check_structure(carbon(grid, 75.0 * np.eye(3)))
    grid[70_000] = grid[9] + 0.05
    with pytest.raises(BadStructure, match="atoms 9 and 70000"):
        check_structure(carbon(grid, 75.0 * np.eye(3)))
    assert time.process_time() - began < SECONDS


def test_atoms_that_all_coincide():
    with pytest.raises(BadStructure, match=r"at 0\.0000 Å"):
        check_structure(carbon(np.zeros((20_000, 3)), 5 * np.eye(3)))


def test_neighbours_in_a_sheared_cell_are_those_of_the_same_lattice():
    cell, shear = np.diag([4.0, 4.5, 5.0]), np.array([[1, 0, 0], [9, 1, 0], [-7, 12, 1]])
    positions = np.array([[0.1, 0.2, 0.3], [1.9, 2.0, 2.4]])
    plain, sheared = carbon(positions, cell), carbon(positions, shear @ cell)
    found = [find_neighbors(s, 5.0) for s in (plain, sheared)]
    vectors = [
        np.sort(np.round(s.positions[n.sender] + n.shift @ s.cell - s.positions[n.receiver], 9), axis=0)
        for s, n in zip((plain, sheared), found, strict=True)
    ]
    assert len(found[0].receiver) == len(found[1].receiver) > 20
    assert np.allclose(*vectors, atol=1e-8)


def test_the_reduced_cell_is_made_of_integers():
    structure = carbon(TWO, CELLS["sheared far"])
    cell, steps = reduction(structure)
    assert np.allclose(steps @ structure.cell, cell, atol=1e-6)
    assert abs(round(np.linalg.det(steps))) == 1
    assert np.linalg.norm(cell, axis=1).max() < 10


@pytest.mark.parametrize("periodic", list(itertools.product([True, False], repeat=3)))
def test_a_cell_is_completed_at_right_angles(periodic):
    cell = carbon(TWO, CELLS["needle"], periodic).cell
    full = completed_cell(cell, np.array(periodic))
    assert abs(np.linalg.det(full)) > 1e-9
    assert np.array_equal(full[list(periodic)], cell[list(periodic)])
