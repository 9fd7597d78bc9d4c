"""Energies of compositions: exact on clean data, and not moved by frames that are wrong."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.atoms.structure import Structure
from gaq.data.references import compositions, fit_compositions, is_isolated, shift_of_species
from tiny import molecules

ENERGIES = np.array([-13.6, -1029.0, -1484.0, -2041.0])


def mixed(seed: int, frames: int = 60) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    counts = draw.integers(0, 8, (frames, 4)).astype(float) + np.array([1, 0, 0, 0])
    return counts, counts @ ENERGIES + draw.normal(size=frames)


def test_clean_data_is_fitted_by_least_squares(seed):
    counts, energies = mixed(seed)
    found = fit_compositions(counts, energies)
    assert not found.outliers.any()
    np.testing.assert_allclose(found.energies, np.linalg.lstsq(counts, energies, rcond=None)[0])


@pytest.mark.parametrize("wrong", [{5: 300.0}, {5: 300.0, 9: -5000.0, 20: 27.2 * 100}])
def test_outliers_do_not_move_it(seed, wrong):
    counts, energies = mixed(seed)
    clean = fit_compositions(np.delete(counts, list(wrong), axis=0), np.delete(energies, list(wrong)))
    for frame, off in wrong.items():
        energies[frame] += off
    found = fit_compositions(counts, energies)
    assert set(np.flatnonzero(found.outliers)) == set(wrong)
    np.testing.assert_allclose(found.energies, clean.energies, rtol=1e-9)
    plain = np.linalg.lstsq(counts, energies, rcond=None)[0]
    assert np.abs(plain - ENERGIES).max() > 0.5, "the control: they move a plain fit"


def test_frames_of_no_weight_do_not_count(seed):
    counts, energies = mixed(seed)
    weights = np.ones(60)
    weights[:20] = 0
    energies[:20] += 5.0
    found = fit_compositions(counts, energies, weights)
    np.testing.assert_allclose(found.energies, fit_compositions(counts[20:], energies[20:]).energies)


def test_a_shift_leaves_a_mean_of_zero_and_knows_compositions(seed):
    draw = np.random.default_rng(seed)
    counts = np.repeat([[2.0, 0, 0, 1], [4, 1, 0, 1]], 50, axis=0)
    errors = counts @ [0.1, -0.3, 0.0, 0.2] + 0.001 * draw.normal(size=100)
    shift = shift_of_species(counts, errors)
    left = errors - counts @ shift
    assert abs(left.mean()) < 1e-9
    assert np.abs([left[:50].mean(), left[50:].mean()]).max() < 0.01
    uniform = errors - counts.sum(1) * errors.sum() / counts.sum()
    assert np.abs(uniform[:50].mean()) > 0.05, "the control: one constant per atom cannot do it"


def test_one_frame_that_is_wrong_does_not_move_the_zero():
    counts = np.tile([6.0, 2.0, 0.0, 1.0], (40, 1))
    errors = np.full(40, 0.09)
    errors[7] = 1000.0
    np.testing.assert_allclose(counts[0] @ shift_of_species(counts, errors), 0.09)


def test_isolated_atoms():
    atom = Structure.molecule(np.array([1]), np.zeros((1, 3)))
    assert is_isolated(atom, 5.0)
    cell = np.ones(3, dtype=bool)
    assert is_isolated(Structure(atom.species, atom.positions, 20 * np.eye(3), cell), 5.0)
    assert not is_isolated(Structure(atom.species, atom.positions, 3 * np.eye(3), cell), 5.0)
    assert not is_isolated(molecules()[0], 5.0)
    np.testing.assert_array_equal(compositions([molecules()[0], atom], (1, 6, 8)), [[6, 2, 1], [1, 0, 0]])
