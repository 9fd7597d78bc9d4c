"""Molecules by name, by SMILES or from a file."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from ase.build import molecule
from ase.collections import g2, s22
from ase.io import write

from gaq.atoms.elements import formula
from gaq.data.common_names import G2_NAMES, SMILES
from gaq.data.molecules import find_molecule
from gaq.errors import BadFile, NotAvailable, UsageError


def formula_of(name: str) -> str:
    return formula(find_molecule(name).structure.species.tolist())


@pytest.mark.parametrize(
    ("name", "expected"),
    [("ethanol", "C2H6O"), ("CH3CH2OH", "C2H6O"), ("Acetic acid", "C2H4O2"), ("H2O", "H2O"), ("Water_dimer", "H4O2")],
)
def test_names_that_need_no_rdkit(name, expected, monkeypatch):
    monkeypatch.setitem(sys.modules, "rdkit", None)
    assert formula_of(name) == expected


def test_every_name_of_the_collections_and_the_tables_is_found(monkeypatch):
    assert set(G2_NAMES.values()) <= set(g2.names)
    assert not set(G2_NAMES) & set(SMILES)
    for name in (*g2.names, *s22.names, *G2_NAMES):
        assert len(find_molecule(name).structure) >= 1


def test_radicals_bring_their_multiplicity():
    assert [find_molecule(name).multiplicity for name in ("CH3", "O2", "H2O")] == [2, 3, 1]


@pytest.mark.parametrize(
    ("name", "expected", "charge", "multiplicity"),
    [
        ("glycine", "C2H5NO2", 0, 1),
        ("Lactic acid", "C3H6O3", 0, 1),
        ("CCO", "C2H6O", 0, 1),
        ("CC(=O)Nc1ccc(O)cc1", "C8H9NO2", 0, 1),
        ("F/C=C/F", "C2H2F2", 0, 1),
        ("[NH4+]", "H4N", 1, 1),
        ("CC(=O)[O-]", "C2H3O2", -1, 1),
        ("[CH2]C", "C2H5", 0, 2),
        ("smiles:CO", "CH4O", 0, 1),
    ],
)
def test_smiles(name, expected, charge, multiplicity):
    pytest.importorskip("rdkit")
    found = find_molecule(name)
    assert formula_of(name) == expected
    assert (found.charge, found.multiplicity) == (charge, multiplicity)
    positions = found.structure.positions
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=-1) + 9 * np.eye(len(positions))
    assert 0.6 < distances.min() < 1.6
    assert np.array_equal(positions, find_molecule(name).structure.positions), "the same structure every time"


@pytest.mark.parametrize("name", SMILES)
def test_every_smiles_of_the_table_is_one_molecule(name):
    chem = pytest.importorskip("rdkit.Chem")
    parsed = chem.MolFromSmiles(SMILES[name])
    assert parsed is not None
    assert len(chem.GetMolFrags(parsed)) == 1
    assert chem.GetFormalCharge(parsed) == 0


def test_a_name_wins_over_a_smiles_and_a_file_over_both(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert formula_of("CO") == "CO"
    write("CO", molecule("C6H6"), format="xyz")
    assert len(find_molecule("CO").structure) == 12


def test_without_rdkit_a_smiles_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "rdkit", None)
    for name in ("CCO", "glycine"):
        with pytest.raises(NotAvailable, match=r"SMILES need RDKit, which is not installed. Install it.*\[smiles\]"):
            find_molecule(name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("methanoll", r"no molecule is called 'methanoll'. Did you mean 'methanol'\?"),
        ("cubane", r"no molecule is called 'cubane'. Give its SMILES"),
        ("glicine", r"Did you mean 'glycine'\?"),
        ("C(C", r"'C\(C' is not a SMILES"),
        ("smiles:", "'' is not a SMILES"),
        ("C.C", "is 2 molecules"),
        ("c1cc", "is not a SMILES"),
    ],
)
def test_what_is_no_molecule_is_refused(name, text):
    pytest.importorskip("rdkit")
    with pytest.raises(UsageError, match=text):
        find_molecule(name)


def test_files(tmp_path):
    write(tmp_path / "a.xyz", molecule("C6H6"))
    assert len(find_molecule(str(tmp_path / "a.xyz")).structure) == 12
    with pytest.raises(BadFile, match="there is no file"):
        find_molecule(str(tmp_path / "none.xyz"))
    write(tmp_path / "box.xyz", molecule("H2O", vacuum=3, pbc=True))
    with pytest.raises(UsageError, match="is periodic"):
        find_molecule(str(tmp_path / "box.xyz"))
