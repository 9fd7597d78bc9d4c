"""What is measured of reflections: a planted force field that tells left from right, and one that does not."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import molecule as built

from gaq.atoms.structure import Prediction, Structure
from gaq.errors import BadStructure
from gaq.measure.groups import enantiomers, group_of, inversion, orders_of, own_symmetry, symmetrized
from gaq.measure.ledger import find
from gaq.measure.rotations import axis_rotation

MIRROR = np.diag([1.0, 1.0, -1.0])
C3 = axis_rotation(2, 2 * np.pi / 3)
CHIRAL = Structure.molecule([6, 1, 7, 8, 8], [[0, 0, 0], [0, 0, 1.1], [1.4, 0, -0.5], [-0.7, 1.2, -0.5], [-0.6, -1, 1]])


class Handed:
    """E = Σ r_ij² / 2 + `hand` · (x₁ − x₀)·(x₂ − x₀)×(x₃ − x₀): the last term is a pseudoscalar."""

    name, model, recipe = "planted", "planted", "fp32"

    def __init__(self, hand: float) -> None:
        self.hand = hand

    def evaluate(self, structures) -> list[Prediction]:
        return [self._one(s.positions) for s in structures]

    def _one(self, x: np.ndarray) -> Prediction:
        arms = x[:, None] - x[None]
        a, b, c = (x[k] - x[0] for k in (1, 2, 3))
        slopes = np.zeros_like(x)
        slopes[1:4] = np.cross(b, c), np.cross(c, a), np.cross(a, b)
        slopes[0] = -slopes[1:4].sum(axis=0)
        energy = (arms**2).sum() / 4 + self.hand * float(a @ np.cross(b, c))
        return Prediction(energy, -arms.sum(axis=1) - self.hand * slopes)


def symmetric(name: str, generators) -> tuple[Structure, np.ndarray]:
    atoms = built(name)
    operations = group_of(generators)
    return symmetrized(Structure.molecule(atoms.numbers, atoms.positions), operations), operations


def test_the_mirror_image_of_a_chiral_molecule():
    rows = enantiomers(Handed(0.1), CHIRAL, 8)
    triple = np.linalg.det(CHIRAL.positions[1:4] - CHIRAL.positions[0])
    assert find(rows, "enantiomer_energy").value == pytest.approx(abs(2 * 0.1 * triple) * 1e3, rel=1e-9)
    assert find(rows, "enantiomer_noise").value < 1e-9
    assert find(enantiomers(Handed(0.0), CHIRAL, 8), "enantiomer_energy").value < 1e-9


def test_inversion_is_seen():
    assert find(inversion(Handed(0.1), [CHIRAL]), "lee_inversion").value > 10
    assert find(inversion(Handed(0.0), [CHIRAL]), "lee_inversion").value == 0


def test_a_molecule_that_is_its_own_image():
    """The term of the planted field that tells left from right is of three of the five atoms."""
    structure, operations = symmetric("CH3Cl", [C3, np.diag([-1.0, 1.0, 1.0])])
    assert len(operations) == 6
    for hand, broken in ((0.0, False), (0.1, True)):
        rows = own_symmetry(Handed(hand), structure, operations)
        assert (find(rows, "own_reflections").value > 1) == broken
        assert {row.metric: row.n for row in rows} == {"own_rotations": 2, "own_reflections": 3}


def test_without_reflections_there_is_no_row_of_them():
    structure, operations = symmetric("NH3", [C3])
    assert [row.metric for row in own_symmetry(Handed(0.0), structure, operations)] == ["own_rotations"]


@pytest.mark.parametrize(
    ("generators", "size"),
    [
        ([MIRROR], 2),
        ([C3], 3),
        ([C3, MIRROR], 6),
        ([axis_rotation(2, np.pi / 3), MIRROR, np.diag([-1.0, 1.0, 1.0])], 24),
        ([np.roll(np.eye(3), 1, axis=0), np.diag([-1.0, -1.0, 1.0]), np.eye(3)[[1, 0, 2]]], 24),
    ],
)
def test_groups_have_their_sizes(generators, size):
    assert len(group_of(generators)) == size


def test_endless_groups_are_refused():
    with pytest.raises(ValueError, match="more than 120"):
        group_of([axis_rotation(2, 1.0)])


def test_symmetrized_positions_are_exactly_symmetric():
    structure, operations = symmetric("C6H6", [axis_rotation(2, np.pi / 3), MIRROR])
    for matrix, order in zip(operations, orders_of(structure, operations), strict=True):
        assert np.abs(structure.positions[order] - structure.positions @ matrix.T).max() < 1e-14


def test_a_molecule_without_the_symmetry_is_refused():
    with pytest.raises(BadStructure, match="there is no other of its element"):
        orders_of(CHIRAL, group_of([MIRROR]))
