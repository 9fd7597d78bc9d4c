"""An answer is passed on unless one of its numbers cannot be used; the sentence names the number and the atom."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gaq.atoms.answers import MOST_ENERGY, MOST_FORCE, check_prediction
from gaq.atoms.structure import Prediction, Structure
from gaq.errors import Diverged, NotFinite

WATER = Structure.molecule([8, 1, 1], [[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])
REFERENCES = {1: -13.6, 8: -2041.0}
ZERO = -2041.0 - 2 * 13.6
GOOD = Prediction(ZERO - 10.0, np.ones((3, 3)), np.eye(3), np.array([-2051.0, -13.6, -13.6]))
EXTREMES = [np.nan, np.inf, -np.inf, 1e33, -1e13]


def at(array: np.ndarray, place: tuple[int, ...], value: float) -> np.ndarray:
    changed = array.copy()
    changed[place] = value
    return changed


def test_a_good_answer_passes():
    check_prediction(WATER, GOOD, "m", references=REFERENCES)
    check_prediction(WATER, replace(GOOD, virial=None, atomic_energies=None), "m", references=REFERENCES)


@pytest.mark.parametrize("value", EXTREMES)
@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda x: replace(GOOD, energy=x), "the energy is"),
        (lambda x: replace(GOOD, forces=at(GOOD.forces, (2, 1), x)), "atom 2 has a force"),
        (lambda x: replace(GOOD, virial=at(GOOD.virial, (0, 1), x)), "the virial is"),
        (lambda x: replace(GOOD, atomic_energies=at(GOOD.atomic_energies, (1,), x)), "atom 1 has an energy"),
    ],
)
def test_one_number_that_cannot_be_used_is_named(value, change, named):
    with pytest.raises(NotFinite, match=rf"m\.gaq, structure 4: {named}.*far from the training data"):
        check_prediction(WATER, change(value), "m.gaq", 4, references=REFERENCES)


def test_limits_are_where_they_are_said_to_be():
    below, above = (replace(GOOD, forces=np.full((3, 3), x * MOST_FORCE)) for x in (0.999, 1.001))
    check_prediction(WATER, below, "m", references=REFERENCES)
    with pytest.raises(NotFinite, match="at most 100000 eV/Å"):
        check_prediction(WATER, above, "m", references=REFERENCES)
    plain = replace(GOOD, atomic_energies=None)
    check_prediction(WATER, replace(plain, energy=ZERO + 2.99 * MOST_ENERGY), "m", references=REFERENCES)
    with pytest.raises(NotFinite, match="per atom"):
        check_prediction(WATER, replace(plain, energy=ZERO + 3.01 * MOST_ENERGY), "m", references=REFERENCES)


def test_without_references_any_finite_energy_will_do():
    """The zero of a stranger's energies is not known: total energies of heavy atoms are large."""
    check_prediction(WATER, replace(GOOD, energy=-1e9, atomic_energies=None), "MACE")
    with pytest.raises(NotFinite):
        check_prediction(WATER, replace(GOOD, energy=np.nan, atomic_energies=None), "MACE")


def test_the_blame_is_asked_for_only_when_there_is_a_fault():
    asked = []

    def blame() -> str:
        asked.append(1)
        return "It is the file."

    check_prediction(WATER, GOOD, "m", references=REFERENCES, blame=blame)
    assert not asked
    with pytest.raises(NotFinite, match=r"It is the file\.$"):
        check_prediction(WATER, replace(GOOD, energy=np.nan), "m", references=REFERENCES, blame=blame)


def test_it_is_a_kind_of_divergence():
    """Code that handles a diverged model also handles one that gives no numbers."""
    assert issubclass(NotFinite, Diverged)
    assert NotFinite("").exit_code == 1
