"""Archives of many molecules, padded with zeros."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.data.read import read_dataset
from gaq.errors import BadFile, BadLabels, BadStructure


@pytest.fixture
def arrays(ethanol):
    count, size = 20, 12
    padded = {
        "z": np.zeros((count, size), int),
        "R": np.zeros((count, size, 3)),
        "F": np.zeros((count, size, 3)),
    }
    for i in range(count):
        padded["z"][i, :9] = ethanol.structures[i].species
        padded["R"][i, :9] = ethanol.structures[i].positions
        padded["F"][i, :9] = ethanol.labels[i].forces
    padded["E"] = np.array([[label.energy] for label in ethanol.labels[:count]])
    return padded


def test_padding_is_taken_off(arrays, ethanol, write_npz):
    data = read_dataset(write_npz("many.npz", arrays))
    assert (data.name, len(data), len(data.structures[0])) == ("many", 20, 9)
    assert data.labels[2].energy == ethanol.labels[2].energy
    np.testing.assert_array_equal(data.labels[2].forces, ethanol.labels[2].forces)
    assert len(read_dataset(write_npz("many.npz", arrays), limit=3)) == 3


def test_the_public_sample(data_folder):
    data = read_dataset(data_folder / "qm7x" / "qm7x_250.npz")
    assert len(data) == 2500
    sizes = {len(s) for s in data.structures}
    assert (min(sizes), max(sizes)) == (4, 23)
    assert data.labels[0].energy == pytest.approx(-8891.92929)


def test_the_older_kind_is_explained(arrays, write_npz):
    arrays["z"] = arrays["z"][0]
    with pytest.raises(BadFile, match=r"z has shape \(12,\).*older MD17 kind"):
        read_dataset(write_npz("a.npz", arrays))


def test_a_frame_of_padding_alone(arrays, write_npz):
    arrays["z"][6] = 0
    with pytest.raises(BadStructure, match="structure 6 has no atoms"):
        read_dataset(write_npz("a.npz", arrays))


def test_not_finite(arrays, write_npz):
    arrays["F"][3, 1] = np.inf
    with pytest.raises(BadLabels, match="structure 3 has forces that are not finite at atom 1"):
        read_dataset(write_npz("a.npz", arrays))


def test_negative_numbers(arrays, write_npz):
    arrays["z"][2, 4] = -6
    with pytest.raises(BadStructure, match="atomic number -6 at atom 4"):
        read_dataset(write_npz("a.npz", arrays))
