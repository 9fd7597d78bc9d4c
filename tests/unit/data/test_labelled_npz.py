"""Our own archive: what is written comes back, the same frames give the same bytes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gaq.data.labelled_npz import write_labelled_npz
from gaq.data.read import read_dataset
from gaq.errors import BadFile, BadLabels, UsageError


def test_there_and_back(ethanol, tmp_path):
    path = tmp_path / "a.npz"
    write_labelled_npz(path, ethanol.structures, ethanol.labels, "by hand")
    data = read_dataset(path)
    assert data.name == "a"
    for one, other in zip(ethanol.structures, data.structures, strict=True):
        np.testing.assert_array_equal(one.positions, other.positions)
    for one, other in zip(ethanol.labels, data.labels, strict=True):
        assert one.energy == other.energy
        np.testing.assert_array_equal(one.forces, other.forces)
    with np.load(path) as archive:
        assert str(archive["origin"]) == "by hand"


def test_equal_bytes(ethanol, tmp_path):
    for name in ("a.npz", "b.npz"):
        write_labelled_npz(tmp_path / name, ethanol.structures, ethanol.labels, "by hand")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_other_units_are_refused(ethanol, tmp_path, write_npz):
    write_labelled_npz(tmp_path / "a.npz", ethanol.structures, ethanol.labels, "")
    with np.load(tmp_path / "a.npz") as archive:
        arrays = {key: archive[key] for key in archive.files}
    with pytest.raises(BadLabels, match="has the units 'Hartree'; expected 'eV, eV/Å'"):
        read_dataset(write_npz("b.npz", arrays | {"units": np.array("Hartree")}))
    del arrays["units"]
    with pytest.raises(BadFile, match="expected .*units"):
        read_dataset(write_npz("b.npz", arrays))


def test_one_molecule_only(ethanol, tmp_path):
    first, second = ethanol.structures[:2]
    boxed = replace(second, cell=10 * np.eye(3), periodic=np.ones(3, dtype=bool))
    shuffled = second.permuted(np.arange(9)[::-1])
    for other in (boxed, shuffled):
        with pytest.raises(UsageError, match="one molecule in open space"):
            write_labelled_npz(tmp_path / "a.npz", (first, other), ethanol.labels[:2], "")
