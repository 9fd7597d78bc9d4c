"""Series and curves come back as they were written, and a broken file is a sentence, not a traceback."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gaq.errors import BadFile
from gaq.report.series import Series, read_curve, read_series, write_series


def lines(**changes):
    line = {"epoch": 0, "loss": 1.0, "energy_mae": 5.0, "force_mae": 20.0, "seconds": 1.0} | changes
    return json.dumps({key: value for key, value in line.items() if value is not None})


@pytest.mark.parametrize("unstable_at", [None, 0, 17])
def test_a_series_comes_back(tmp_path, rng, unstable_at):
    arrays = [rng.standard_normal(7) for _ in range(4)]
    write_series(tmp_path / "s.npz", Series("w4", *arrays, unstable_at))
    found = read_series(tmp_path / "s.npz")
    assert (found.name, found.unstable_at) == ("w4", unstable_at)
    for before, after in zip(arrays, (found.reference, found.predicted, found.time, found.total), strict=True):
        assert np.array_equal(before, after)


def test_a_curve_counts_epochs_made(tmp_path):
    (tmp_path / "c.jsonl").write_text(lines() + "\n" + lines(epoch=1, force_mae=10.0) + "\n")
    curve = read_curve(tmp_path / "c.jsonl", "w4", after=60)
    assert curve.epoch.tolist() == [61, 62]
    assert curve.force_mae.tolist() == [20.0, 10.0]


@pytest.mark.parametrize("text", ["not JSON", lines(force_mae=None), "[1, 2]"])
def test_a_broken_curve(tmp_path, text):
    (tmp_path / "c.jsonl").write_text(text + "\n")
    with pytest.raises(BadFile, match=r"c.jsonl is not a learning curve.*Train again"):
        read_curve(tmp_path / "c.jsonl", "w4")


def test_a_broken_series(tmp_path):
    (tmp_path / "s.npz").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(BadFile, match="is not a series of the demo"):
        read_series(tmp_path / "s.npz")
    np.savez(tmp_path / "t.npz", name="w4")
    with pytest.raises(BadFile, match="is not a series of the demo"):
        read_series(tmp_path / "t.npz")
