"""Predictions come back as they were kept, labels that models share are kept once, other files are refused."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from gaq.atoms.structure import Labels, Prediction
from gaq.errors import BadFile
from gaq.measure.predictions import ARRAYS, holds_predictions, predictions, read_predictions, write_predictions

LABELS = [Labels(-1.0, np.ones((2, 3))), Labels(-2.0, np.full((3, 3), 0.1))]


def said(shift: float):
    found = [Prediction(label.energy + shift, label.forces - shift) for label in LABELS]
    return predictions((f"m{shift}", "w4", "native", "d"), LABELS, found)


def test_they_come_back(tmp_path):
    kept = [said(0.5), said(0.25)]
    write_predictions(tmp_path / "p.npz", kept)
    found = read_predictions(tmp_path / "p.npz")
    assert [p.model for p in found] == ["m0.5", "m0.25"]
    for before, after in zip(kept, found, strict=True):
        for name in ARRAYS:
            assert np.array_equal(getattr(before, name), getattr(after, name))
    assert found[0].atoms.tolist() == [2, 3]
    assert np.allclose(found[0].forces - found[0].forces_found, 0.5)


def test_shared_labels_are_kept_once(tmp_path):
    write_predictions(tmp_path / "p.npz", [said(0.5), said(0.25)])
    with np.load(tmp_path / "p.npz") as archive:
        assert len([name for name in archive.files if name.startswith("array.")]) == 3 + 2 * 2


@pytest.mark.parametrize("content", ["cut", "other", "text"])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "p.npz"
    write_predictions(path, [said(0.5)])
    if content == "cut":
        path.write_bytes(path.read_bytes()[:-40])
    elif content == "other":
        np.savez(path, positions=np.ones(3))
    else:
        path.write_text("nonsense")
    assert not holds_predictions(path)
    with pytest.raises(BadFile, match="Expected a file of predictions, as `gaq evaluate` writes them"):
        read_predictions(path)


def test_arrays_of_other_lengths_are_refused(tmp_path):
    from dataclasses import replace

    write_predictions(tmp_path / "p.npz", [replace(said(0.5), forces=np.ones(2))])
    with pytest.raises(BadFile, match="lengths of its arrays differ"):
        read_predictions(tmp_path / "p.npz")


def claim(path, name: str, shape: str) -> None:
    """Replace the shape in the header of an array, all lengths kept."""
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    old = members[name]
    head = old[: old.index(b"\n") + 1]
    start, end = head.index(b"'shape':"), head.index(b"}")
    text = head[:start] + f"'shape': {shape}, ".encode() + b"}"
    members[name] = text.ljust(len(head) - 1)[: len(head) - 1] + b"\n" + old[len(head) :]
    assert len(members[name]) == len(old)
    assert end < len(head)
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)


@pytest.mark.parametrize("shape", ["(15032385536,)", "(99999999, 99999999)", "(-5,)", "(1000,)"])
def test_a_header_that_claims_more_than_there_is_is_refused(tmp_path, shape):
    path = tmp_path / "p.npz"
    write_predictions(path, [said(0.5)])
    claim(path, "array.1.npy", shape)
    with pytest.raises(BadFile, match="Expected a file of predictions, as `gaq evaluate` writes them"):
        read_predictions(path)


@pytest.mark.parametrize("shape", ["(15032385536,)", "(99999999, 99999999)"])
def test_a_kind_that_claims_too_much_is_no_kind(tmp_path, shape):
    path = tmp_path / "p.npz"
    write_predictions(path, [said(0.5)])
    claim(path, "kind.npy", shape)
    assert not holds_predictions(path)
