"""Errors of known predictions have known values and honest spreads."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gaq.atoms.structure import Labels
from gaq.data.dataset import Dataset
from gaq.errors import BadLabels
from gaq.measure.accuracy import accuracy, fidelity
from unit.measure.planted import PairEngine, ethanols


def dataset(energy_errors: np.ndarray, force_errors: np.ndarray) -> Dataset:
    """Labels that the pair engine misses by these errors: [frame] eV and [frame, 9, 3] eV/Å."""
    structures = ethanols(len(energy_errors))
    found = PairEngine().evaluate(structures)
    labels = tuple(
        Labels(p.energy - e, p.forces - f) for p, e, f in zip(found, energy_errors, force_errors, strict=True)
    )
    return Dataset("known", structures, labels, "")


def values(rows):
    return {r.metric: r.value for r in rows}


def test_known_errors():
    forces = np.zeros((2, 9, 3))
    forces[0] = 0.003
    forces[1] = -0.001
    found = values(accuracy(PairEngine(), dataset(np.array([0.004, -0.002]), forces)))
    assert found["energy_mae"] == pytest.approx(3.0)
    assert found["energy_rmse"] == pytest.approx(math.sqrt(10))
    assert found["energy_mae_per_atom"] == pytest.approx(3.0 / 9)
    assert found["energy_rmse_per_atom"] == pytest.approx(math.sqrt(10) / 9)
    assert found["energy_mae_shifted"] == pytest.approx(3.0)
    assert found["force_mae"] == pytest.approx(2.0)
    assert found["force_rmse"] == pytest.approx(math.sqrt(5))


def test_a_constant_error_is_all_shift():
    found = values(accuracy(PairEngine(), dataset(np.full(3, 0.5), np.zeros((3, 9, 3)))))
    assert found["energy_mae"] == pytest.approx(500.0)
    assert found["energy_mae_shifted"] == pytest.approx(0.0, abs=1e-9)


def test_rows_say_how_many_samples_they_are_made_of():
    rows = {r.metric: r for r in accuracy(PairEngine(), dataset(np.zeros(3), np.zeros((3, 9, 3))))}
    assert rows["energy_mae"].n == 3
    assert rows["force_mae"].n == 81
    assert rows["force_mae"].unit == "meV/Å"


def test_the_standard_error_is_that_of_repeated_samples(rng):
    """The stated error of a force MAE over 50 frames equals the scatter of that MAE over many such
    samples.
    """
    means, errors = [], []
    for _ in range(200):
        scale = rng.gamma(2.0, 0.01, size=50)[:, None, None]  # frames differ, atoms of a frame are alike
        forces = scale * rng.standard_normal((50, 9, 3))
        sums = np.abs(forces).sum(axis=(1, 2)) * 1000
        from gaq.measure.statistics import mean_by_frames

        mean, error = mean_by_frames(sums, np.full(50, 27.0))
        means.append(mean)
        errors.append(error)
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.2)


def test_one_frame_has_no_standard_error():
    rows = accuracy(PairEngine(), dataset(np.array([0.001]), np.zeros((1, 9, 3))))
    assert all(r.std_error is None for r in rows)


def test_fidelity_compares_with_the_parent_and_not_with_the_labels():
    from unit.measure.planted import TooStrong

    data = dataset(np.full(3, 5.0), np.full((3, 9, 3), 5.0))  # labels far from either
    found = values(fidelity(TooStrong(), PairEngine(), data))
    forces = np.array([p.forces for p in PairEngine().evaluate(data.structures)])
    assert found["energy_fidelity"] == 0.0
    assert found["force_fidelity"] == pytest.approx(0.02 * 1000 * math.sqrt(np.mean(forces**2)))


def test_no_frames_is_an_error():
    with pytest.raises(BadLabels, match="no frames"):
        accuracy(PairEngine(), Dataset("empty", (), (), ""))
