"""What lies outside of the training data is named; what lies inside is not."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gaq.atoms.domain import Domain, check_domain, outside
from gaq.atoms.neighbors import find_neighbors
from gaq.atoms.structure import Structure
from gaq.errors import BadFile

SPECIES = (1, 8)
DOMAIN = Domain(
    frames=10,
    closest=np.array([[1.4, 0.9], [0.9, 5.0]]),
    neighbors=np.array([[2, 2], [2, 2]]),
    features=np.array([[3.0, 0.1, 4.0], [5.0, 0.1, 6.0]]),
)
WATER = Structure.molecule([8, 1, 1], [[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])


def said(structure: Structure = WATER, norms: object = (5, 3, 3)) -> str:
    pairs = find_neighbors(structure, 5.0)
    return outside(DOMAIN, SPECIES, structure, pairs, np.array(norms, dtype=float), 5.0)


def test_what_is_inside_is_not_named():
    assert said() == ""
    assert said(norms=(8.9, 5.9, 3)) == ""


def test_a_pair_that_is_too_close_is_named():
    squeezed = WATER.moved(WATER.positions * np.array([[1, 1, 1], [0.5, 1, 1], [1, 1, 1]]))
    assert "atoms 0 and 1 (Z = 8 and 1) are 0.480 Å apart" in said(squeezed)
    assert "at 0.900 Å at the least" in said(squeezed)


def test_a_pair_of_species_that_the_data_do_not_have_is_named():
    peroxide = Structure.molecule([8, 8, 1], [[0, 0, 0], [1.5, 0, 0], [-0.2, 0.95, 0]])
    assert "atoms 0 and 1 (Z = 8 and 8) are 1.500 Å apart" in said(peroxide)


def test_atoms_with_too_few_or_too_many_neighbours_are_named():
    alone = Structure.molecule([8], [[0, 0, 0]])
    assert "atom 0 (Z = 8) has 0 neighbours within 5 Å; in the training data such atoms have 2" in said(alone, [5])
    crowd = Structure.molecule([8, 1, 1, 1], [*WATER.positions, [0, 0, 2.0]])
    assert "(and 3 more)" in said(crowd, [5, 3, 3, 3])


@pytest.mark.parametrize("norm", [9.1, np.inf, np.nan])
def test_features_that_are_too_large_are_named(norm):
    assert "the last features of atom 0 (Z = 8)" in said(norms=(norm, 3, 3))


def test_a_domain_survives_its_file():
    again = check_domain(json.loads(json.dumps(DOMAIN.to_json())), SPECIES, 5.0, "file", "Again.")
    assert again is not None
    assert again.to_json() == DOMAIN.to_json()
    assert check_domain({}, SPECIES, 5.0, "file", "Again.") is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("frames", 0),
        ("frames", True),
        ("closest", [1.0, 2.0, 3.0]),
        ("closest", [1.0, 2.0, 3.0, 1.0]),
        ("closest", [1.0, 2.0, 2.0, 9.0]),
        ("closest", [-1.0, 2.0, 2.0, 1.0]),
        ("neighbors", [2, 1, 0, 0]),
        ("neighbors", [0.5, 1, 0, 0]),
        ("features", "many"),
        ("features", [1.0] * 5 + [1e300]),
        ("other", 1),
    ],
)
def test_a_domain_that_makes_no_sense_is_refused(key, value):
    with pytest.raises(BadFile, match="file: "):
        check_domain(DOMAIN.to_json() | {key: value}, SPECIES, 5.0, "file", "Again.")


def test_two_domains_are_joined():
    other = Domain(5, np.full((2, 2), 1.0), np.array([[1, 4], [3, 3]]), np.array([[1.0, 0.2, 9.0], [1.0, 0.2, 1.0]]))
    joined = DOMAIN.joined(other)
    assert joined.frames == 10
    assert joined.closest.tolist() == [[1.0, 0.9], [0.9, 1.0]]
    assert joined.neighbors.tolist() == [[1, 4], [2, 3]]
    assert joined.features[:, 2].tolist() == [9.0, 6.0]
