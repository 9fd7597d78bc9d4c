"""Structures to try a force field on, and those that a packed model carries along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from gaq.atoms.structure import Prediction, Structure
from gaq.errors import UsageError
from gaq.measure.subjects import LARGEST_GOLDEN, golden_subjects, own_subjects
from tiny import box, molecule


@dataclass
class Wild:
    """Forces that only molecules of at least `sane` atoms are spared."""

    sane: int
    model: str = "wild.ckpt"
    recipe: str = "fp32"
    name: str = "torch"
    cutoff: float | None = 5.0
    species: frozenset[int] = frozenset({1, 6, 8})

    def evaluate(self, structures: Sequence[Structure]) -> list[Prediction]:
        return [Prediction(0.0, np.full((len(s), 3), 1.0 if len(s) >= self.sane else np.nan)) for s in structures]


def test_without_frames_the_first_molecule_with_sensible_forces_is_taken():
    usual, later = golden_subjects(Wild(0)), golden_subjects(Wild(10))
    assert len(usual.structures) == len(later.structures) == 3
    assert len(usual.structures[0]) < 10 <= len(later.structures[0])
    assert not np.array_equal(usual.structures[0].positions, usual.structures[1].positions)
    assert usual.name.endswith("(ASE, rattled)")


def test_a_model_without_sensible_forces_wants_frames():
    with pytest.raises(UsageError, match=r"wild.ckpt has sensible forces on no small molecule; give `frames`"):
        golden_subjects(Wild(1000))


def test_given_frames_are_spread_over_those_of_the_first_molecule():
    ethanol, water = [molecule("CH3CH2OH", k) for k in range(7)], molecule("H2O")
    found = golden_subjects(Wild(0), [ethanol[0], water, *ethanol[1:]])
    assert found.name == "given frames"
    for structure, k in zip(found.structures, (0, 3, 6), strict=True):
        np.testing.assert_array_equal(structure.positions, ethanol[k].positions)


def test_too_few_given_frames_are_rattled():
    found = golden_subjects(Wild(0), [molecule("H2O")])
    assert len(found.structures) == 3
    assert all(np.abs(s.positions - molecule("H2O").positions).max() < 0.3 for s in found.structures)


def test_a_box_is_taken_out_of_its_cell():
    assert not any(s.periodic.any() for s in golden_subjects(Wild(0), [box()]).structures)


def test_too_many_atoms_are_refused():
    large = Structure.molecule(np.ones(LARGEST_GOLDEN + 1), np.arange(3.0 * (LARGEST_GOLDEN + 1)).reshape(-1, 3))
    with pytest.raises(UsageError, match="at most 200 atoms, the first frame given has 201"):
        golden_subjects(Wild(0), [large])


class Strained(Wild):
    """Forces that grow as the molecule is distorted, and golden frames of its own."""

    golden: tuple[Structure, ...] = ()

    def golden_structures(self) -> list[Structure]:
        return list(self.golden)

    def evaluate(self, structures: Sequence[Structure]) -> list[Prediction]:
        if all(len(s) == self.sane for s in structures):
            return [Prediction(0.0, np.full((len(s), 3), 1.0)) for s in structures]
        return [Prediction(0.0, np.zeros((len(s), 3))) for s in structures]


def test_golden_frames_come_first():
    engine = Strained(9)
    engine.golden = tuple(molecule("CH3CH2OH", k) for k in range(3))
    found = own_subjects(engine, 2)
    assert found.name == "golden frames of C2H6O"
    assert [s is g for s, g in zip(found.structures, engine.golden, strict=False)] == [True, True]


def test_golden_frames_whose_atoms_are_alone_are_passed_over():
    engine = Strained(9)
    engine.golden = (molecule("H2O"),) * 3  # which feel nothing here
    assert own_subjects(engine, 4).name.endswith("(ASE, rattled)")


def test_a_model_is_tried_on_what_it_has_sensible_forces_for_and_a_calculator_on_anything():
    usual, later = own_subjects(Wild(0), 4), own_subjects(Wild(10), 4)
    assert len(usual.structures[0]) < 10 <= len(later.structures[0])
    assert own_subjects(Wild(1000), 4).name == usual.name  # a table says best what is wrong with it
    stranger = Wild(10, species=frozenset())
    assert own_subjects(stranger, 4).name == usual.name
    with pytest.raises(UsageError, match="no small molecule consists of the elements"):
        own_subjects(Wild(0, species=frozenset({94})), 4)
