"""Units: silent on real data of every kind, loud on the usual mistakes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gaq.atoms.structure import Labels, Structure
from gaq.data.plausible import UNITS, check_units, energy_and_work
from gaq.data.read import read_dataset
from gaq.errors import BadLabels
from gaq.units import HARTREE, KCAL_PER_MOL

BOHR = 0.529177210903  # Å


def scaled(data, energy: float, force: float):
    return [Labels(label.energy * energy, label.forces * force) for label in data.labels]


@pytest.fixture
def rigid(ethanol, rng):
    """Springs between all atoms, at the energy of an all-electron method; frames turned at random."""
    start = ethanol.structures[0]
    first, second = np.triu_indices(9, k=1)
    rest = np.linalg.norm(start.positions[first] - start.positions[second], axis=1)
    structures, labels = [], []
    for _ in range(30):
        positions = start.positions + 0.05 * rng.normal(size=(9, 3))
        between = positions[first] - positions[second]
        length = np.linalg.norm(between, axis=1)
        energy = -155.0 * HARTREE + 0.5 * 20 * ((length - rest) ** 2).sum()
        pull = -20 * ((length - rest) / length)[:, None] * between
        forces = np.zeros((9, 3))
        np.add.at(forces, first, pull)
        np.add.at(forces, second, -pull)
        rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        rotation *= np.sign(np.linalg.det(rotation))
        structures.append(Structure.molecule(start.species, positions @ rotation.T))
        labels.append(Labels(float(energy), forces @ rotation.T))
    return structures, labels


def test_the_work_between_frames_is_the_change_of_energy(rigid):
    change, work = energy_and_work(*rigid)
    assert np.corrcoef(change, work)[0, 1] > 0.95
    assert 0.8 < np.sqrt((change @ change) / (work @ work)) < 1.25


def test_good_labels_pass(rigid, ethanol):
    check_units(*rigid, "f")
    check_units(ethanol.structures, ethanol.labels, "f")
    check_units(ethanol.structures[:1], ethanol.labels[:1], "f")


@pytest.mark.parametrize("name", [name for name in UNITS if name != "eV"])
def test_everything_in_another_unit(rigid, name):
    structures, labels = rigid
    wrong = [Labels(label.energy / UNITS[name], label.forces / UNITS[name]) for label in labels]
    with pytest.raises(BadLabels, match=f"energies that fit {name}.*eV was expected"):
        check_units(structures, wrong, "f")


@pytest.mark.parametrize("factor", [1 / KCAL_PER_MOL, BOHR / HARTREE, 1 / HARTREE])
def test_forces_in_another_unit(rigid, factor):
    structures, labels = rigid
    wrong = [replace(label, forces=label.forces * factor) for label in labels]
    with pytest.raises(BadLabels, match="energies and forces in different units"):
        check_units(structures, wrong, "f")


def test_gradients_for_forces(rigid):
    structures, labels = rigid
    with pytest.raises(BadLabels, match="point uphill"):
        check_units(structures, [replace(label, forces=-label.forces) for label in labels], "f")


def test_forces_of_impossible_size(ethanol):
    with pytest.raises(BadLabels, match=r"forces of \d\d\.\d eV/Å .*in kcal/mol/Å the same numbers would be [01]\."):
        check_units(ethanol.structures, scaled(ethanol, 1 / KCAL_PER_MOL, 1 / KCAL_PER_MOL), "f")


def test_relaxed_structures_are_no_reason_for_alarm(ethanol):
    still = [Labels(label.energy, np.zeros((9, 3))) for label in ethanol.labels]
    check_units(ethanol.structures, still, "f")


def test_silent_on_all_public_data(data_folder):
    patterns = ("rmd17/*.npz", "qm7x/*.npz", "acac/*.xyz", "qm9/*.xyz")
    files = [file for pattern in patterns for file in data_folder.glob(pattern)]
    assert len(files) > 10
    for file in files:
        assert len(read_dataset(file, energies_only=True)) > 0
