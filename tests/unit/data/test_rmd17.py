"""Official rMD17 files: units, names, and every way in which they can be broken."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.data.read import read_dataset
from gaq.data.rmd17 import MOST_TRAINING_FRAMES, check_training_size, read_rmd17
from gaq.errors import BadFile, BadLabels, BadStructure, UsageError
from gaq.units import HARTREE, KCAL_PER_MOL


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("rmd17_ethanol_train_01.npz", "rmd17/ethanol/train_01"),
        ("rmd17_ethanol_test_05.npz", "rmd17/ethanol/test_05"),
        ("rmd17_ethanol.npz", "rmd17/ethanol"),
        ("mine.npz", "rmd17/mine"),
    ],
)
def test_values_in_ev_and_the_name(ethanol, rmd17_arrays, write_npz, file, name):
    data = read_dataset(write_npz(file, rmd17_arrays))
    assert data.name == name
    assert len(data) == len(ethanol)
    assert data.labels[3].energy == pytest.approx(ethanol.labels[3].energy, abs=1e-9)
    np.testing.assert_allclose(data.labels[3].forces, ethanol.labels[3].forces, atol=1e-12)
    np.testing.assert_array_equal(data.structures[3].positions, ethanol.structures[3].positions)


def test_a_file_without_the_marks_of_rmd17_keeps_its_name(rmd17_arrays, write_npz):
    del rmd17_arrays["old_indices"]
    assert read_dataset(write_npz("mine.npz", rmd17_arrays)).name == "mine"


def test_limit(rmd17_arrays, write_npz):
    path = write_npz("a.npz", rmd17_arrays)
    assert len(read_dataset(path, limit=7)) == 7
    assert read_dataset(path, limit=7).sha256 == read_dataset(path).sha256
    with pytest.raises(UsageError, match="`limit` 0"):
        read_dataset(path, limit=0)


def test_the_official_azobenzene(data_folder):
    data = read_dataset(data_folder / "rmd17" / "rmd17_azobenzene_train_01.npz")
    energies = np.array([label.energy for label in data.labels])
    forces = np.stack([label.forces for label in data.labels])
    assert (len(data), len(data.structures[0])) == (1000, 24)
    assert energies.std() == pytest.approx(0.289, abs=0.001)
    assert np.sqrt((forces**2).mean()) == pytest.approx(1.295, abs=0.001)


@pytest.mark.parametrize("key", ["nuclear_charges", "coords", "energies", "forces"])
def test_a_missing_array(rmd17_arrays, write_npz, key):
    del rmd17_arrays[key]
    with pytest.raises(BadFile, match=rf"has the arrays .*old_indices.*expected .*{key}"):
        read_dataset(write_npz("a.npz", rmd17_arrays))
    with pytest.raises(BadFile, match=f"{key} is missing"):
        read_rmd17(write_npz("a.npz", rmd17_arrays))


@pytest.mark.parametrize(
    ("key", "change", "words"),
    [
        ("nuclear_charges", lambda a: a[:-1], r"nuclear_charges has shape \(8,\).*60 frames of 9 atoms"),
        ("coords", lambda a: a[:, :, :2], r"coords has shape \(60, 9, 2\); expected \(frames, atoms, 3\)"),
        ("energies", lambda a: a[:-1], r"energies has shape \(59,\)"),
        ("forces", lambda a: a[:, :-1], r"forces has shape \(60, 8, 3\)"),
        ("energies", lambda a: a.astype(str), "energies holds .*expected numbers"),
    ],
)
def test_wrong_shapes(rmd17_arrays, write_npz, key, change, words):
    rmd17_arrays[key] = change(rmd17_arrays[key])
    with pytest.raises(BadFile, match=words):
        read_dataset(write_npz("a.npz", rmd17_arrays))


def test_no_frames(rmd17_arrays, write_npz):
    for key in ("coords", "energies", "forces"):
        rmd17_arrays[key] = rmd17_arrays[key][:0]
    with pytest.raises(BadFile, match="holds no frames"):
        read_dataset(write_npz("a.npz", rmd17_arrays))


@pytest.mark.parametrize(
    ("key", "error", "words"),
    [
        ("coords", BadStructure, "structure 5 has positions that are not finite"),
        ("energies", BadLabels, "structure 5 has the energy nan"),
        ("forces", BadLabels, "structure 5 has forces that are not finite at atom 2"),
    ],
)
def test_values_that_are_not_finite(rmd17_arrays, write_npz, key, error, words):
    rmd17_arrays[key][(5, 2, 1)[: rmd17_arrays[key].ndim]] = np.nan
    with pytest.raises(error, match=words):
        read_dataset(write_npz("a.npz", rmd17_arrays))


def test_coinciding_atoms(rmd17_arrays, write_npz):
    rmd17_arrays["coords"][4, 3] = rmd17_arrays["coords"][4, 1]
    with pytest.raises(BadStructure, match="structure 4 has atoms 1 and 3"):
        read_dataset(write_npz("a.npz", rmd17_arrays))


def test_objects_are_not_executed(rmd17_arrays, write_npz):
    rmd17_arrays["energies"] = np.array([{"a": 1}] * 60, dtype=object)
    with pytest.raises(BadFile, match="cannot be read as a NumPy archive"):
        read_dataset(write_npz("a.npz", rmd17_arrays))


@pytest.mark.parametrize(("unit", "name"), [(1.0, "eV"), (HARTREE, "Hartree"), (KCAL_PER_MOL / 4.184, "kJ/mol")])
def test_official_energies_in_another_unit(data_folder, write_npz, unit, name):
    with np.load(data_folder / "rmd17" / "rmd17_ethanol_test_01.npz") as archive:
        arrays = {key: archive[key] for key in archive.files}
    for key in ("energies", "forces"):
        arrays[key] = arrays[key] * KCAL_PER_MOL / unit
    with pytest.raises(BadLabels, match=rf"fit {name}.*kcal/mol was expected"):
        read_dataset(write_npz("a.npz", arrays))


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
def test_truncated(rmd17_arrays, write_npz, keep):
    path = write_npz("a.npz", rmd17_arrays)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(BadFile, match=r"a\.npz cannot be read as a NumPy archive.*truncated"):
        read_dataset(path)


def test_damaged_in_the_middle(rmd17_arrays, write_npz):
    path = write_npz("a.npz", rmd17_arrays)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(BadFile, match="cannot be read"):
        read_dataset(path)


def test_the_warning_of_the_authors():
    check_training_size("rmd17/ethanol", MOST_TRAINING_FRAMES)
    check_training_size("water", 5000)
    with pytest.raises(UsageError, match="DO NOT train a model on more than 1000 samples"):
        check_training_size("rmd17/ethanol", MOST_TRAINING_FRAMES + 1)
