"""One door for every file."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import molecule
from ase.io import write

from gaq.data.read import data_name, embedded_file, read_dataset, read_structures
from gaq.errors import BadFile


def test_the_embedded_set():
    data = read_dataset("embedded")
    assert data.name == "ethanol-gfn2-xtb"
    assert (len(data), len(data.structures[0])) == (600, 9)
    assert embedded_file().stat().st_size < 500_000
    assert data.sha256 in embedded_file().with_name("README.md").read_text()


def test_the_embedded_forces_are_those_of_the_method():
    from tblite.ase import TBLite

    from gaq.atoms.from_ase import to_ase

    data = read_dataset("embedded").subset([0, 599])
    for structure, label in zip(data.structures, data.labels, strict=True):
        atoms = to_ase(structure)
        atoms.calc = TBLite(method="GFN2-xTB", accuracy=0.01, verbosity=0)
        assert atoms.get_potential_energy() == pytest.approx(label.energy, abs=1e-6)
        np.testing.assert_allclose(atoms.get_forces(), label.forces, atol=1e-5)


@pytest.mark.parametrize("name", ["rmd17_ethanol_test_01.npz", "rmd17_mine.npz", "mine.npz"])
def test_the_name_of_data_is_that_of_the_data_set(write_npz, rmd17_arrays, name):
    file = write_npz(name, rmd17_arrays)
    assert data_name(file) == read_dataset(file).name
    del rmd17_arrays["old_indices"]
    again = write_npz("a" + name, rmd17_arrays)
    assert data_name(again) == read_dataset(again).name


def test_the_name_of_data_of_any_format(tmp_path):
    write(tmp_path / "start.traj", molecule("H2O"))
    assert data_name(tmp_path / "start.traj") == "start"
    assert data_name("embedded") == read_dataset("embedded").name
    with pytest.raises(BadFile, match="there is no file"):
        data_name(tmp_path / "none.xyz")


def test_a_file_named_embedded_is_preferred(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "embedded").mkdir()
    with pytest.raises(BadFile, match="embedded is a folder"):
        read_dataset("embedded")


@pytest.mark.parametrize("reader", [read_dataset, read_structures])
def test_files_that_are_not_there(tmp_path, reader):
    with pytest.raises(BadFile, match=r"there is no file .*none\.xyz"):
        reader(tmp_path / "none.xyz")
    with pytest.raises(BadFile, match="is a folder"):
        reader(tmp_path)
    (tmp_path / "empty.npz").touch()
    with pytest.raises(BadFile, match=r"empty\.npz is empty"):
        reader(tmp_path / "empty.npz")


def test_an_archive_of_something_else(write_npz):
    with pytest.raises(BadFile, match=r"has the arrays a, b; expected nuclear_charges.*; or species"):
        read_dataset(write_npz("a.npz", {"a": np.zeros(2), "b": np.zeros(2)}))


@pytest.mark.parametrize("name", ["a.xyz", "a.pdb", "a.traj", "POSCAR", "a.cif"])
def test_structures_of_any_format(tmp_path, name):
    atoms = molecule("CH3CH2OH", vacuum=4.0)
    atoms.pbc = name in ("POSCAR", "a.cif")
    write(tmp_path / name, atoms)
    (structure,) = read_structures(tmp_path / name)
    assert sorted(structure.species.tolist()) == [1] * 6 + [6, 6, 8]


def test_structures_of_an_archive(ethanol):
    structures = read_structures(embedded_file(), limit=1)
    assert len(structures) == 1
    np.testing.assert_array_equal(structures[0].positions, ethanol.structures[0].positions)
