"""Noise is normal, independent, and a function of where it is asked for."""

from __future__ import annotations

import numpy as np

from gaq.simulate.noise import LANGEVIN_STREAM, RESCALE_STREAM, normals


def test_its_moments_are_those_of_a_normal_distribution():
    drawn = normals(3, LANGEVIN_STREAM, 7, 100_000).ravel()
    error = 1 / np.sqrt(len(drawn))
    assert abs(drawn.mean()) < 4 * error
    assert abs(drawn.var() - 1) < 4 * np.sqrt(2) * error
    assert abs((drawn**3).mean()) < 4 * np.sqrt(15) * error
    assert abs((drawn**4).mean() - 3) < 4 * np.sqrt(96) * error
    assert 4 < np.abs(drawn).max() < 7


def test_the_curves_are_those_of_a_library():
    """The same Box and Muller with NumPy's logarithm, sine and cosine: equal to round-off."""
    words = np.random.Philox(counter=[0, 7, 0, 0], key=[3, 1]).random_raw(40).reshape(10, 2, 2) >> np.uint64(11)
    lengths = np.sqrt(-2 * np.log((words[..., 0] + 0.5) * 2.0**-53))
    angles = 2 * np.pi * words[..., 1] * 2.0**-53
    expected = np.stack((lengths * np.cos(angles), lengths * np.sin(angles)), axis=-1).reshape(10, 4)
    assert np.abs(normals(3, 1, 7, 10) - expected).max() < 1e-14


def test_every_seed_stream_step_and_block_has_its_own():
    one = normals(1, LANGEVIN_STREAM, 5, 50)
    others = (
        normals(2, LANGEVIN_STREAM, 5, 50),
        normals(1, RESCALE_STREAM, 5, 50),
        normals(1, LANGEVIN_STREAM, 6, 50),
        np.roll(one, 1, axis=0),
    )
    assert (normals(1, LANGEVIN_STREAM, 5, 60)[:50] == one).all()
    for other in others:
        assert (other != one).all()
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 4 / np.sqrt(one.size)
