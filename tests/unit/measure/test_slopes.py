"""The stated error of a slope is the scatter of slopes, whether noise forgets at once, after a while, or never."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gaq.measure.slopes import slope_with_error

RECORDS, RUNS, LENGTH = 2000, 400, 2.0  # ps


def independent(rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal(RECORDS)


def vibrating(rng: np.random.Generator) -> np.ndarray:
    """A memory of some records, as vibrations have."""
    return np.convolve(rng.standard_normal(RECORDS + 39), np.ones(40) / 40, mode="valid")


def walking(rng: np.random.Generator) -> np.ndarray:
    return np.cumsum(rng.standard_normal(RECORDS))


def walking_and_vibrating(rng: np.random.Generator) -> np.ndarray:
    return walking(rng) + 20 * independent(rng)


@pytest.mark.parametrize("noise", [independent, vibrating, walking, walking_and_vibrating])
def test_the_stated_error_is_that_of_many_runs(rng, noise: Callable):
    found = np.array([slope_with_error(np.linspace(0, LENGTH, RECORDS), noise(rng)) for _ in range(RUNS)])
    slopes, errors = found.T
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(np.std(slopes), rel=0.4)
    assert abs(np.mean(slopes)) < 0.2 * np.std(slopes)


def test_errors_of_independent_blocks_would_be_too_small_for_a_walk(rng):
    """The control: what a few blocks, which are not asked whether they are alike, say of a walk."""
    found = [slope_with_error(np.linspace(0, LENGTH, RECORDS), walking(rng), blocks=19) for _ in range(RUNS)]
    slopes, errors = np.array(found).T
    assert np.sqrt(np.mean(errors**2)) < 0.4 * np.std(slopes)


def test_a_slope_is_found_through_noise(rng):
    time = np.linspace(0, LENGTH, RECORDS)
    slope, error = slope_with_error(time, 3 * time + 0.01 * independent(rng))
    assert abs(slope - 3) < 4 * error < 0.01
