"""Radii of a repulsion in a file are used or refused."""

from __future__ import annotations

import pytest
import torch

from gaq.atoms.short_range import check_repulsion
from gaq.errors import BadFile
from gaq.model.repulsion import Repulsion

SPECIES = (1, 8)


def wall() -> Repulsion:
    found = Repulsion(SPECIES)
    found.build_(torch.tensor([[1.5, 0.9], [0.9, 2.4]]))
    return found


def test_a_wall_survives_its_file():
    again = Repulsion(SPECIES)
    again.load_(check_repulsion(wall().said(), SPECIES, 5.0, "file", "Again."))
    assert again.said() == wall().said() != {}
    assert check_repulsion(Repulsion(SPECIES).said(), SPECIES, 5.0, "file", "Again.") == {}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("kind", "morse"),
        ("inner", [0.1, 0.1, 0.1]),
        ("inner", [0.1, 0.2, 0.3, 0.1]),
        ("inner", [9.0] * 4),
        ("outer", [0.0] * 4),
        ("outer", [5.1] * 4),
        ("outer", [float("nan")] * 4),
        ("outer", [True] * 4),
        ("screening", [0.2] * 4),
        ("other", 1),
    ],
)
def test_radii_that_make_no_sense_are_refused(key, value):
    with pytest.raises(BadFile, match="file: "):
        check_repulsion(wall().said() | {key: value}, SPECIES, 5.0, "file", "Again.")
