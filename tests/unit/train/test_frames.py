"""Batches hold the frames that were asked for, and the energies of free atoms are found again."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gaq.atoms.structure import Labels, Structure
from gaq.data.dataset import Dataset
from gaq.train.frames import prepare, reference_energies
from tiny import REFERENCES, dataset, molecules


def test_a_batch_is_the_frames_asked_for():
    data = dataset(4)
    batch, target = prepare(data, 5.0).batch([3, 0])
    assert batch.species.tolist() == [*data.structures[3].species, *data.structures[0].species]
    assert target.energies.tolist() == [data.labels[3].energy, data.labels[0].energy]
    assert (target.forces.numpy() == np.concatenate((data.labels[3].forces, data.labels[0].forces))).all()
    assert target.energies.dtype == target.forces.dtype == torch.float64


def test_batches_go_through_all_frames_once():
    frames = prepare(dataset(5), 5.0)
    seen = [target.energies.tolist() for _, target in frames.batches(2)]
    assert [len(s) for s in seen] == [2, 2, 1]
    assert [e for energies in seen for e in energies] == [label.energy for label in dataset(5).labels]


def test_targets_change_device():
    _, target = prepare(dataset(2), 5.0).batch([0, 1])
    moved = target.to("meta")
    assert moved.energies.device.type == moved.forces.device.type == "meta"


def test_energies_of_free_atoms_are_found_from_different_molecules():
    structures = tuple(molecules())
    labels = tuple(Labels(sum(REFERENCES[int(z)] for z in s.species), 2.0 * np.ones((len(s), 3))) for s in structures)
    found, scale = reference_energies(Dataset("mixed", structures, labels, ""))
    assert found.keys() == REFERENCES.keys()
    assert found == pytest.approx(REFERENCES, rel=1e-9)
    assert scale == pytest.approx(2.0)


def test_one_molecule_shares_its_mean_energy_out():
    """Nothing tells the elements apart; the smallest norm that gives the mean energy is taken."""
    water = Structure.molecule([8, 1, 1], [[0, 0, 0], [0, 0, 1.0], [0, 1.0, 0]])
    labels = (Labels(-9.0, np.zeros((3, 3))), Labels(-11.0, np.zeros((3, 3))))
    found, scale = reference_energies(Dataset("water", (water, water), labels, ""))
    assert found[8] + 2 * found[1] == pytest.approx(-10.0)
    assert found == pytest.approx({8: -2.0, 1: -4.0})
    assert scale == 0
