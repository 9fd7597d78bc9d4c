"""Molecules by name or from a file."""

from __future__ import annotations

import pytest
from ase.build import molecule
from ase.collections import g2
from ase.io import write

from gaq.atoms.elements import formula
from gaq.data.molecules import EVERYDAY_NAMES, find_molecule
from gaq.errors import BadFile, UsageError


@pytest.mark.parametrize(
    ("name", "expected"),
    [("ethanol", "C2H6O"), ("CH3CH2OH", "C2H6O"), ("Acetic acid", "C2H4O2"), ("H2O", "H2O")],
)
def test_names(name, expected):
    assert formula(find_molecule(name).species.tolist()) == expected


def test_every_everyday_name_is_in_the_set():
    assert set(EVERYDAY_NAMES.values()) <= set(g2.names)


def test_a_file(tmp_path):
    write(tmp_path / "a.xyz", molecule("C6H6"))
    assert len(find_molecule(str(tmp_path / "a.xyz"))) == 12


def test_refused(tmp_path):
    with pytest.raises(UsageError, match=r"no molecule is called 'methanoll'. Did you mean 'methanol'\?"):
        find_molecule("methanoll")
    with pytest.raises(BadFile, match="there is no file"):
        find_molecule(str(tmp_path / "none.xyz"))
    write(tmp_path / "box.xyz", molecule("H2O", vacuum=3, pbc=True))
    with pytest.raises(UsageError, match="is periodic"):
        find_molecule(str(tmp_path / "box.xyz"))
