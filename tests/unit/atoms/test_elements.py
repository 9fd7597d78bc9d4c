"""The table of elements against ASE's."""

from __future__ import annotations

import pytest

from gaq.atoms.elements import HEAVIEST, NAMES, SYMBOLS, formula, species_in_file
from gaq.errors import BadFile


def test_symbols_and_names_are_those_of_ase():
    from ase.data import atomic_names, chemical_symbols

    assert HEAVIEST == 118
    assert list(SYMBOLS) == chemical_symbols[:119]
    spelled_otherwise = {13, 16, 55, 110}  # IUPAC's aluminium, sulfur, caesium; a slip in ASE
    for number in range(1, len(atomic_names)):
        if number not in spelled_otherwise and atomic_names[number]:
            assert NAMES[number] == atomic_names[number].lower()


@pytest.mark.parametrize(
    ("species", "expected"),
    [([6, 1, 1, 1, 6, 1, 1, 8, 1], "C2H6O"), ([8, 1, 1], "H2O"), ([17, 11], "ClNa"), ([1, 6, 7], "CHN")],
)
def test_formula(species, expected):
    assert formula(species) == expected


@pytest.mark.parametrize("species", [[], [0], [119], [1, 1], [6, 1], ["H"], [1.0], [True], "HC", {"1": 1}])
def test_species_that_are_none_are_refused(species):
    with pytest.raises(BadFile, match="expected atomic numbers"):
        species_in_file(species, "file")


def test_species_pass():
    assert species_in_file([1, 6, 118], "file") == (1, 6, 118)
