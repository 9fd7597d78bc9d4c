"""Labelled extended XYZ: names of labels, boxes, missing and broken labels."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.atoms.structure import Labels, Structure, Weights
from gaq.data.extxyz import write_extxyz
from gaq.data.labels import has_energy, has_forces
from gaq.data.read import read_dataset, read_structures
from gaq.errors import BadFile, BadLabels, BadStructure
from gaq.units import KCAL_PER_MOL


@pytest.mark.parametrize(
    ("energy_key", "force_key"),
    [
        *[(energy, force) for energy in ("energy", "Energy", "total_energy", "U0") for force in ("forces", "force")],
        *[("REF_energy", "REF_forces"), ("ref_energy", "REF_force"), ("dft_energy", "dft_forces")],
    ],
)
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
    path = write_xyz("REF_energy", "REF_forces", frames=2)
    path.write_text(path.read_text().replace(f"{ethanol.labels[1].energy:.10f}", "unknown"))
    with pytest.raises(BadLabels, match="structure 1 has the energy 'unknown'"):
        read_dataset(path)


def test_forces_of_the_wrong_shape(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text("1\nProperties=species:S:1:pos:R:3:forces:R:2 energy=-1\nH 0 0 0 1 2\n")
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
    with pytest.raises(BadFile, match=r"frames\.xyz(, line \d+ has| cannot be read)"):
        read_dataset(path)


@pytest.mark.parametrize("content", [b"not a structure at all\n", bytes(range(256)) * 8])
@pytest.mark.parametrize("name", ["a.xyz", "a.dat"])
def test_other_content(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadFile, match=r"a\.(xyz|dat) (cannot be read|has a format that neither)"):
        read_dataset(tmp_path / name)


def test_energies_and_forces_in_different_units(write_xyz):
    read_dataset(write_xyz())
    with pytest.raises(BadLabels, match="forces of .* eV/Å"):
        read_dataset(write_xyz(energy_unit=KCAL_PER_MOL, force_unit=KCAL_PER_MOL))


CLUSTER = (
    '3\nProperties=species:S:1:pos:R:3:forces:R:3 {info} pbc="F F F"\n'
    "O 0 0 0 0 0 0.1\nH 0.96 0 0 0 0 0\nH -0.24 0.93 0 0 0 -0.1\n"
)


def test_weights_multiply(tmp_path):
    """MACE's convention: config_weight times the weight of each label."""
    path = tmp_path / "a.xyz"
    info = "energy=-1 config_weight=0.5 config_energy_weight=0.2 config_forces_weight=3 config_stress_weight=0"
    path.write_text(CLUSTER.format(info=info) + CLUSTER.format(info="energy=-1"))
    first, second = read_dataset(path).labels
    assert (first.weights.energy, first.weights.forces, first.weights.stress) == (0.1, 1.5, 0.0)
    assert second.weights == Weights()


@pytest.mark.parametrize("weight", ["-1", "nan", "inf", "much", "1,2"])
def test_a_weight_that_is_none(tmp_path, weight):
    path = tmp_path / "a.xyz"
    path.write_text(CLUSTER.format(info=f"energy=-1 config_forces_weight={weight}"))
    with pytest.raises(BadLabels, match="has the config_forces_weight .* expected one number, 0 or more"):
        read_dataset(path)


def test_forces_without_an_energy(tmp_path):
    """Read where other frames have energies, or where the energy has no weight; refused in a file without any."""
    path = tmp_path / "a.xyz"
    path.write_text(CLUSTER.format(info="energy=-1") + CLUSTER.format(info="config_type=cluster"))
    first, second = read_dataset(path).labels
    assert has_energy(first)
    assert not has_energy(second)
    assert has_forces(second)
    path.write_text(CLUSTER.format(info="config_energy_weight=0"))
    assert not has_energy(read_dataset(path).labels[0])
    path.write_text(CLUSTER.format(info="e=-1"))
    with pytest.raises(BadLabels, match="has no energy"):
        read_dataset(path)


def test_an_energy_without_forces_must_say_so(tmp_path):
    path = tmp_path / "a.xyz"
    alone = '2\nProperties=species:S:1:pos:R:3 energy=-1{info} pbc="F F F"\nH 0 0 0\nH 0 0 0.8\n'
    path.write_text(CLUSTER.format(info="energy=-1") + alone.format(info=""))
    with pytest.raises(BadLabels, match="structure 1 has an energy and no forces.*config_forces_weight=0"):
        read_dataset(path)
    path.write_text(CLUSTER.format(info="energy=-1") + alone.format(info=" config_forces_weight=0"))
    labels = read_dataset(path).labels
    assert [has_forces(label) for label in labels] == [True, False]
    assert all(has_energy(label) for label in labels)


def test_a_single_atom_in_a_box(tmp_path):
    """By translation, the force on one atom is zero in any box."""
    path = tmp_path / "a.xyz"
    path.write_text('1\nLattice="20 0 0 0 20 0 0 0 20" Properties=species:S:1:pos:R:3 energy=-13.6\nH 0 0 0\n')
    data = read_dataset(path)
    assert data.labels[0].forces.tolist() == [[0, 0, 0]]
    assert data.structures[0].periodic.all()
    assert "1 frames give a lattice without pbc" in " ".join(data.remarks)


def test_what_is_written_is_read_back(tmp_path):
    cell = 6.0 * np.eye(3)
    box = Structure(np.array([18, 18]), np.array([[0.0, 0, 0], [0, 0, 3]]), cell, np.ones(3, dtype=bool))
    virial = np.array([[1.0, 0.2, 0.3], [0.2, -2.0, 0.1], [0.3, 0.1, 0.5]])
    label = Labels(-1.5, np.zeros((2, 3)), virial, Weights(0.5, 2.0, 0.25))
    write_extxyz(tmp_path / "a.xyz", (box,), (label,), "by hand")
    found = read_dataset(tmp_path / "a.xyz").labels[0]
    np.testing.assert_allclose(found.virial, virial, atol=1e-6)
    assert found.weights == label.weights
