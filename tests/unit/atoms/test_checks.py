"""Impossible structures are refused with words that say what is wrong and where."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.atoms.checks import COINCIDING, check_conformations, check_species, check_structure
from gaq.atoms.structure import Structure
from gaq.errors import BadStructure, UnsupportedElement

WATER = np.array([[0.0, 0.0, 0.119], [0.0, 0.763, -0.477], [0.0, -0.763, -0.477]])


def water() -> Structure:
    return Structure.molecule(np.array([8, 1, 1]), WATER)


def box(positions: np.ndarray, cell: np.ndarray) -> Structure:
    return Structure(np.full(len(positions), 6), positions, cell, np.ones(3, dtype=bool))


def test_good_structures_pass():
    check_structure(water())
    check_structure(Structure.molecule(np.array([2]), np.zeros((1, 3))))
    check_structure(box(np.zeros((1, 3)), 3.5 * np.eye(3)))
    check_conformations(np.array([8, 1, 1]), np.stack([WATER, WATER + 1]))


def test_empty():
    with pytest.raises(BadStructure, match=r"a\.xyz, structure 4 has no atoms"):
        check_structure(Structure.molecule(np.zeros(0), np.zeros((0, 3))), 4, "a.xyz")
    with pytest.raises(BadStructure, match="no atoms"):
        check_conformations(np.zeros(0, dtype=int), np.zeros((2, 0, 3)))


def test_wrong_shape():
    with pytest.raises(
        BadStructure,
        match=r"positions of shape \(2, 3\) and type float64; expected numbers in Å of shape \(3, 3\), for 3 atoms",
    ):
        check_structure(Structure.molecule(np.array([8, 1, 1]), WATER[:2]))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_positions_that_are_not_finite(value):
    broken = WATER.copy()
    broken[2, 1] = value
    with pytest.raises(BadStructure, match=r"Structure 7 has positions that are not finite \(.*\) at atom 2"):
        check_structure(water().moved(broken), 7)
    with pytest.raises(BadStructure, match="f, structure 1 has positions that are not finite"):
        check_conformations(np.array([8, 1, 1]), np.stack([WATER, broken]), "f")


def test_positions_farther_than_numbers_can_tell():
    check_structure(water().moved(WATER + np.array([[0.0], [0.0], [9e14]])))
    with pytest.raises(BadStructure, match=r"Structure 0 has atom 2 at -1e\+17 Å; expected less than 1e\+15 Å"):
        check_structure(water().moved(WATER - np.array([[0.0], [0.0], [1e17]])))


@pytest.mark.parametrize("number", [0, -1, 119])
def test_numbers_of_no_element(number):
    with pytest.raises(BadStructure, match=rf"atomic number {number} at atoms 1 and 2; expected 1 to 118"):
        check_structure(Structure.molecule(np.array([8, number, number]), WATER))
    with pytest.raises(BadStructure, match=f"atomic number {number}"):
        check_conformations(np.array([8, number, 1]), WATER[None])


@pytest.mark.parametrize(("gap", "refused"), [(0.0, True), (0.9 * COINCIDING, True), (1.1 * COINCIDING, False)])
def test_coinciding_atoms(gap, refused):
    near = WATER.copy()
    near[2] = near[0] + [gap, 0, 0]
    if not refused:
        check_structure(water().moved(near))
        check_conformations(np.array([8, 1, 1]), near[None])
        return
    with pytest.raises(BadStructure, match=rf"Structure 0 has atoms 0 and 2 at {gap:.4f} Å"):
        check_structure(water().moved(near))
    with pytest.raises(BadStructure, match="structure 1 has atoms 0 and 2"):
        check_conformations(np.array([8, 1, 1]), np.stack([WATER, near]), "f")


@pytest.mark.parametrize("gap", [0.0, 0.05])
def test_coinciding_atoms_across_the_boundary(gap):
    positions = np.array([[0.01, 2.0, 2.0], [5.01 - gap, 2.0, 2.0], [2.5, 2.0, 2.0]])
    cell = np.array([[5.0, 0, 0], [1.0, 5.0, 0], [0, 0.5, 5.0]])
    with pytest.raises(BadStructure, match="atoms 0 and 1"):
        check_structure(box(positions, cell))
    check_structure(Structure.molecule(np.full(3, 6), positions))


def test_coinciding_atoms_of_a_large_molecule(rng):
    grid = np.stack(np.meshgrid(*3 * [np.arange(8.0)]), axis=-1).reshape(-1, 3)
    check_structure(Structure.molecule(np.full(len(grid), 18), grid))
    grid[400] = grid[37] + 0.1
    with pytest.raises(BadStructure, match="atoms 37 and 400"):
        check_structure(Structure.molecule(np.full(len(grid), 18), grid))


@pytest.mark.parametrize("cell", [np.zeros((3, 3)), np.diag([5.0, 5.0, 0.0]), np.ones((3, 3))])
def test_a_cell_without_volume(cell):
    with pytest.raises(BadStructure, match="span no volume"):
        check_structure(box(np.zeros((1, 3)), cell))


def test_a_cell_that_is_not_finite():
    with pytest.raises(BadStructure, match="nine finite numbers"):
        check_structure(box(np.zeros((1, 3)), np.diag([5.0, np.nan, 5.0])))


def test_unknown_element_in_the_words_of_the_product():
    species = np.array([6, 1, 1, 7, 1, 1, 1, 7])
    structure = Structure.molecule(species, np.arange(24.0).reshape(8, 3))
    with pytest.raises(UnsupportedElement) as raised:
        check_species(structure, {1, 6, 8}, "ethanol-w4a8.gaq")
    assert str(raised.value) == (
        "ethanol-w4a8.gaq knows H, C, O. Structure 0 has N at atoms 3 and 7. "
        "Train with nitrogen data or choose another model."
    )


def test_several_unknown_elements_and_a_model_that_does_not_say():
    structure = Structure.molecule(np.array([9, 17, 1]), np.eye(3))
    with pytest.raises(UnsupportedElement, match=r"Structure 5 has F at atom 0; Cl at atom 1.*fluorine and chlorine"):
        check_species(structure, {1}, "m", index=5)
    check_species(structure, set(), "m")
    check_species(structure, {1, 9, 17}, "m")
