"""Labelled extended XYZ: names of labels, boxes, missing and broken labels."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.data.extxyz import ENERGY_KEYS, FORCE_KEYS, write_extxyz
from gaq.data.labels import has_forces
from gaq.data.read import read_dataset, read_structures
from gaq.errors import BadFile, BadLabels, BadStructure
from gaq.units import KCAL_PER_MOL


@pytest.mark.parametrize("energy_key", ENERGY_KEYS)
@pytest.mark.parametrize("force_key", FORCE_KEYS)
def test_every_name_is_found(write_xyz, ethanol, energy_key, force_key):
    data = read_dataset(write_xyz(energy_key, force_key, frames=3))
    assert data.labels[1].energy == pytest.approx(ethanol.labels[1].energy, abs=1e-9)
    np.testing.assert_allclose(data.labels[1].forces, ethanol.labels[1].forces, atol=1e-9)


def test_there_and_back(ethanol, tmp_path):
    path = tmp_path / "a.xyz"
    write_extxyz(path, ethanol.structures, ethanol.labels, "made by hand")
    data = read_dataset(path)
    np.testing.assert_allclose(data.structures[5].positions, ethanol.structures[5].positions, atol=1e-8)
    np.testing.assert_allclose(data.labels[5].forces, ethanol.labels[5].forces, atol=1e-8)
    assert data.labels[5].energy == ethanol.labels[5].energy
    assert 'config="made by hand"' in path.read_text().splitlines()[1]


def test_the_reference_is_preferred(write_xyz):
    path = write_xyz(frames=1)
    path.write_text(path.read_text().replace("energy=", "REF_energy=-300.0 energy="))
    assert read_dataset(path).labels[0].energy == -300.0


def test_energies_alone(write_xyz):
    path = write_xyz("U0", None)
    with pytest.raises(BadLabels, match="structure 0 has an energy and no forces. Looked for REF_forces"):
        read_dataset(path)
    data = read_dataset(path, energies_only=True)
    assert not has_forces(data.labels[0])
    assert np.isfinite(data.labels[0].energy)


def test_nan_is_an_error_even_where_forces_may_be_missing(write_xyz, ethanol):
    path = write_xyz("energy", None)
    number = f"{ethanol.labels[2].energy:.10f}"
    path.write_text(path.read_text().replace(number, "nan"))
    with pytest.raises(BadLabels, match="structure 2 has the energy nan"):
        read_dataset(path, energies_only=True)


def test_no_energy(write_xyz):
    path = write_xyz(None)
    with pytest.raises(BadLabels, match="structure 0 has no energy.*found forces"):
        read_dataset(path)
    assert len(read_structures(path)) == 60


def test_a_text_for_an_energy(write_xyz, ethanol):
    path = write_xyz("REF_energy", frames=2)
    path.write_text(path.read_text().replace(f"{ethanol.labels[1].energy:.10f}", "unknown"))
    with pytest.raises(BadLabels, match="structure 1 has the energy 'unknown'"):
        read_dataset(path)


def test_forces_of_the_wrong_shape(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text("1\nProperties=species:S:1:pos:R:3:REF_forces:R:2 energy=-1\nH 0 0 0 1 2\n")
    with pytest.raises(BadLabels, match=r"forces of shape \(1, 2\); expected \(1, 3\)"):
        read_dataset(path)


def test_forces_that_are_not_finite(write_xyz, ethanol):
    path = write_xyz()
    path.write_text(path.read_text().replace(f"{ethanol.labels[4].forces[3, 0]:.10f}", "nan"))
    with pytest.raises(BadLabels, match="structure 4 has forces that are not finite at atom 3"):
        read_dataset(path)


def test_a_single_atom_needs_no_forces(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text('1\nProperties=species:S:1:pos:R:3 energy=-13.5 pbc="F F F"\nH 0 0 0\n')
    assert read_dataset(path).labels[0].forces.tolist() == [[0, 0, 0]]


def test_a_periodic_box(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text(
        '2\nLattice="5 0 0 0 5 0 0 0 5" Properties=species:S:1:pos:R:3:forces:R:3 energy=-2 pbc="T T T"\n'
        "Ar 0 0 0 0 0 0.5\nAr 0 0 2.4 0 0 -0.5\n"
    )
    structure = read_dataset(path).structures[0]
    assert structure.periodic.all()
    np.testing.assert_array_equal(structure.cell, 5 * np.eye(3))
    path.write_text(path.read_text().replace("0 0 2.4", "0 0 4.9"))
    with pytest.raises(BadStructure, match=r"atoms 0 and 1 at 0\.1000 Å"):
        read_dataset(path)


def test_public_files(data_folder):
    acac = data_folder / "acac"
    assert len(read_dataset(acac / "train_300K.xyz")) == 500
    assert len(read_dataset(acac / "isolated_atoms.xyz")) == 3
    assert len(read_dataset(acac / "test_dihedral.xyz", energies_only=True)) == 45
    assert len(read_dataset(data_folder / "qm9" / "qm9_500.xyz", energies_only=True)) == 500
    water = read_dataset(data_folder / "water" / "water_192.xyz", limit=3)
    assert len(water.structures[0]) == 192
    assert water.structures[0].periodic.all()


@pytest.mark.parametrize("keep", [0.02, 0.5, 0.97])
def test_truncated(write_xyz, keep):
    path = write_xyz()
    text = path.read_text()
    path.write_text(text[: int(len(text) * keep)])
    with pytest.raises(BadFile, match=r"frames\.xyz cannot be read"):
        read_dataset(path)


@pytest.mark.parametrize("content", [b"not a structure at all\n", bytes(range(256)) * 8])
@pytest.mark.parametrize("name", ["a.xyz", "a.dat"])
def test_other_content(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadFile, match=r"a\.(xyz|dat) (cannot be read|is of no format)"):
        read_dataset(tmp_path / name)


def test_energies_and_forces_in_different_units(write_xyz):
    read_dataset(write_xyz())
    with pytest.raises(BadLabels, match="forces of .* eV/Å"):
        read_dataset(write_xyz(energy_unit=KCAL_PER_MOL, force_unit=KCAL_PER_MOL))
