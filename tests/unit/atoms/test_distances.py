"""Shortest distances and neighbour lengths against plain loops."""

from __future__ import annotations

import numpy as np

from gaq.atoms.distances import closest_pairs, neighbor_lengths
from gaq.atoms.structure import Structure


def test_closest_pairs_against_a_loop(rng):
    positions = rng.normal(size=(5, 7, 3))
    distance, pair = closest_pairs(positions)
    for frame, found, (i, j) in zip(positions, distance, pair, strict=True):
        table = {(a, b): np.linalg.norm(frame[a] - frame[b]) for a in range(7) for b in range(a + 1, 7)}
        assert (i, j) == min(table, key=table.get)
        assert found == table[(i, j)]


def test_one_atom_has_no_pair():
    distance, pair = closest_pairs(np.zeros((2, 1, 3)))
    assert np.isinf(distance).all()
    assert (pair == 0).all()


def test_lengths_in_a_cubic_box():
    one = Structure(np.array([18]), np.zeros((1, 3)), 4.0 * np.eye(3), np.ones(3, dtype=bool))
    pairs, lengths = neighbor_lengths(one, 4.1)
    assert len(pairs.sender) == 6
    np.testing.assert_allclose(lengths, 4.0)
